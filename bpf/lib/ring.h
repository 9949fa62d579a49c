/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The way out of the kernel: two rings, a budget for each cgroup when the common one fills, and an account of what did
 * not get through.
 */
#ifndef VEDETTE_BPF_RING_H
#define VEDETTE_BPF_RING_H

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

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* the loader makes it the number of CPUs */
	__type(key, u32);
	__type(value, struct vdt_gaps);
} gaps __weak SEC(".maps");

/* Bytes that a cgroup has put into the common ring in a window. */
struct budget {
	u64 window;
	u64 bytes;
};

/* Used only while the ring is half full, so the oldest entries are of cgroups that are quiet now. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, u64);
	__type(value, struct budget);
} budgets __weak SEC(".maps");

#define BUDGET_WINDOW_SHIFT 26 /* 67 ms */
#define BUDGET_SHARE 16	       /* of the ring, for one cgroup in a window */

static __always_inline bool is_reserved(u16 type)
{
	return VDT_RESERVED_TYPES >> type & 1;
}

/*
 * Half of the ring is first come, first served. Of the other half a cgroup gets its share and no more, so that whoever
 * floods the ring loses its own events and not its neighbours'.
 */
static __always_inline bool within_budget(u64 cgroup_id, u64 bytes)
{
	u64 size = bpf_ringbuf_query(&ring, BPF_RB_RING_SIZE);
	u64 window = bpf_ktime_get_boot_ns() >> BUDGET_WINDOW_SHIFT;
	struct budget fresh = {.window = window, .bytes = bytes};
	struct budget *budget;

	if (bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) < size / 2)
		return true;
	budget = bpf_map_lookup_elem(&budgets, &cgroup_id);
	if (!budget || budget->window != window) {
		bpf_map_update_elem(&budgets, &cgroup_id, &fresh, BPF_ANY);
		return true;
	}
	if (budget->bytes + bytes > size / BUDGET_SHARE)
		return false;
	/* Adding a constant 0 would be compiled to an atomic read, which kernels before 5.12 do not take. */
	if (bytes)
		__sync_fetch_and_add(&budget->bytes, bytes);
	return true;
}

/* Finds the slot of a loss or takes one; the counters are exact, this is the detail. */
static __always_inline void gap_add(u16 type, u16 reason, u64 cgroup_id)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct vdt_gaps *here = bpf_map_lookup_elem(&gaps, &cpu);
	u64 now = bpf_ktime_get_boot_ns();
	u32 at = (u32)cgroup_id * 31 + type * 7 + reason;

	if (!here)
		return;
	for (u32 i = 0; i < 4; i++) {
		struct vdt_gap *slot = &here->slot[(at + i) & (VDT_GAP_SLOTS - 1)];

		if (slot->count && slot->last_ns + VDT_GAP_STALE_NS > now &&
		    (slot->cgroup_id != cgroup_id || slot->type != type || slot->reason != reason))
			continue;
		if (slot->cgroup_id != cgroup_id || slot->type != type || slot->reason != reason) {
			slot->count = 0;
			slot->cgroup_id = cgroup_id;
			slot->type = type;
			slot->reason = reason;
		}
		slot->last_ns = now;
		__sync_fetch_and_add(&slot->count, 1);
		return;
	}
}

static __always_inline void lose(u16 type, u16 reason, u64 cgroup_id)
{
	count(lost[type][reason]);
	gap_add(type, reason, cgroup_id);
}

/*
 * A ring wakes its reader when the reader had caught up, and only then: a quiet reader gets each record at once, a busy
 * one no needless wake-up. That is what flags 0 means.
 */
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
		err = bpf_ringbuf_output(&reserved_ring, record, size, 0);
	else
		err = bpf_ringbuf_output(&ring, record, size, 0);
	if (err)
		lose(type, VDT_LOSS_RING_FULL, cgroup_id);
	else
		count(sent[type]);
}

#endif
