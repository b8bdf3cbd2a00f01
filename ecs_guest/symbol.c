// SPDX-License-Identifier: GPL-2.0-only
/*
 * symbol.c: compat/symbol.c for this module.
 *
 * An object of its own: each module is built by a make of its own, at the same time, and
 * the object beside compat/symbol.c is the host's.
 */
#include "compat/symbol.c"
