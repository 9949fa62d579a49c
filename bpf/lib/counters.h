/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What happened to every record: seen = sent + lost, always. One element a CPU in a plain array, so that user
 * space can map it and needs neither a system call nor a capability to read; the adds are atomic because a
 * preempted program shares its CPU with another one.
 */
#ifndef VEDETTE_BPF_COUNTERS_H
#define VEDETTE_BPF_COUNTERS_H

#include "prelude.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* the loader makes it the number of CPUs */
	__type(key, u32);
	__type(value, struct vdt_counters);
} counters __weak SEC(".maps");

static __always_inline struct vdt_counters *counters_here(void)
{
	u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&counters, &cpu);
}

#define count(field)                                                                               \
	do {                                                                                       \
		struct vdt_counters *here = counters_here();                                       \
		if (here)                                                                          \
			__sync_fetch_and_add(&here->field, 1);                                     \
	} while (0)

#endif
