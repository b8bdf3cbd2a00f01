// SPDX-License-Identifier: GPL-2.0-only
/* test_abi_cxx.cc: the shared headers as C++17. */
#include "abi_cases.h"
