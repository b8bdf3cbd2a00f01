/* SPDX-License-Identifier: GPL-2.0-only */
/* kvm.h: the hooks in kvm.ko. */
#ifndef ECSH_KVM_H
#define ECSH_KVM_H

int ecsh_kvm_init(void);
void ecsh_kvm_exit(void);

#endif /* ECSH_KVM_H */
