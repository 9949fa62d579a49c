/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#include "control.h"

/* The only one of its kind, so it is all of the map .bss, which user space maps and writes. */
struct vdt_control control;
