/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the kernel is told for the linked object: GPL-only helpers are used. */
#include "../lib/prelude.h"

char license_text[] SEC("license") = "Dual BSD/GPL";
