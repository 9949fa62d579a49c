/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The way out of the kernel: two rings, a budget for each cgroup when the common one fills, and an account of what did
 * not get through.
 */
#ifndef VEDETTE_BPF_RING_H
#define VEDETTE_BPF_RING_H

#include "control.h"
#include "counters.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096); /* the loader sets it */
} ring __weak SEC(".maps");

/* VDT_RESERVED_TYPES. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096); /* the loader sets it */
} reserved_ring __weak SEC(".maps");

static __always_inline bool is_reserved(u16 type)
{
	return VDT_RESERVED_TYPES >> type & 1;
}

/*
 * ring.bpf.c; global functions, so that each is verified once a program.
 *
 * Half of the ring is first come, first served. Of the other half a cgroup gets its share and no more, so that whoever
 * floods the ring loses its own events and not its neighbours'.
 */
extern int within_budget(u64 cgroup_id, u64 bytes);
/* Whether a record of `type` wakes the reader: BPF_RB_*. */
extern int wake_flags(u32 type);
/* Counts an event of `type` that is lost, and where. */
extern int lose(u32 type, u32 reason, u64 cgroup_id);

static __always_inline void ring_output(u16 type, void *record, u64 size)
{
	u64 cgroup_id = ((struct vdt_header *)record)->cgroup_id;
	long err;

	if (!is_reserved(type) && !within_budget(cgroup_id, size)) {
		lose(type, VDT_LOSS_BUDGET, cgroup_id);
		return;
	}
	/* Here, not before: what the verifier of 6.1 and older knows of a size is lost on the stack. */
	if (!__builtin_constant_p(size)) {
		barrier_var(size);
		if (size > VDT_RECORD_MAX)
			size = VDT_RECORD_MAX;
	}
	if (is_reserved(type))
		err = bpf_ringbuf_output(&reserved_ring, record, size, wake_flags(type));
	else
		err = bpf_ringbuf_output(&ring, record, size, wake_flags(type));
	if (err)
		lose(type, VDT_LOSS_RING_FULL, cgroup_id);
	else
		count(sent[type]);
}

#endif
