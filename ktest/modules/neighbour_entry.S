/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * neighbour_entry.S: called first by a traced function, of which no argument may be
 * touched.
 */
#include "compat/linkage.h"

SYM_FUNC_START(neighbour_entry)
	ANNOTATE_NOENDBR
	lock incq neighbour_hits(%rip)
	RET
SYM_FUNC_END(neighbour_entry)
