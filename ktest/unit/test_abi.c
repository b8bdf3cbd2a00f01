// SPDX-License-Identifier: GPL-2.0-only
/* test_abi.c: the shared headers as C11. */
#include "abi_cases.h"
