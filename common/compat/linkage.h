/* SPDX-License-Identifier: GPL-2.0-only */
/* linkage.h: for assembly. */
#ifndef ECS_COMPAT_LINKAGE_H
#define ECS_COMPAT_LINKAGE_H

#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/nospec-branch.h>

/*
 * v5.18, c8c301abeae5 "x86/ibt: Add ANNOTATE_NOENDBR": for a function that is reached by
 * calls and returns only. Up to v6.14 SYM_FUNC_START() begins with ENDBR all the same.
 */
#ifndef ECS_HAVE_NOENDBR
#define ANNOTATE_NOENDBR
#endif

/* v5.18, 156ff4a544ae "x86/ibt: Base IBT bits" */
#ifndef ENDBR
#define ENDBR
#endif

/* v5.17, f94909ceb1ed "x86: Prepare asm files for straight-line-speculation" */
#ifndef RET
#define RET ret
#endif

#endif /* ECS_COMPAT_LINKAGE_H */
