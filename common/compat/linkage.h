/* SPDX-License-Identifier: GPL-2.0-only */
/* linkage.h: for assembly. */
#ifndef ECS_COMPAT_LINKAGE_H
#define ECS_COMPAT_LINKAGE_H

#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/nospec-branch.h>

/* v5.17, f94909ceb1ed "x86: Prepare asm files for straight-line-speculation" */
#ifndef RET
#define RET ret
#endif

#endif /* ECS_COMPAT_LINKAGE_H */
