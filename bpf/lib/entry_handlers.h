/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What runs at the beginning of system calls that some type needs. */
#ifndef VEDETTE_BPF_ENTRY_HANDLERS_H
#define VEDETTE_BPF_ENTRY_HANDLERS_H

#include "syscall.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, VDT_CALL_MAX);
	__type(key, u32);
	__type(value, u32);
} entry_handlers __weak SEC(".maps");

#endif
