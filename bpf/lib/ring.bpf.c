/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Who may use a ring that fills, and the account of what did not get through. */
#include "ring.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* the loader makes it the number of CPUs */
	__type(key, u32);
	__type(value, struct vdt_gaps);
} gaps SEC(".maps");

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
} budgets SEC(".maps");

#define BUDGET_WINDOW_SHIFT 26 /* 67 ms */
#define BUDGET_SHARE 16	       /* of the ring, for one cgroup in a window */

__noinline int within_budget(u64 cgroup_id, u64 bytes)
{
	u64 size = bpf_ringbuf_query(&ring, BPF_RB_RING_SIZE);
	struct budget fresh = {.bytes = bytes};
	struct budget *budget;
	u64 window;

	if (bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) < size / 2)
		return 1;
	window = bpf_ktime_get_boot_ns() >> BUDGET_WINDOW_SHIFT;
	fresh.window = window;
	budget = bpf_map_lookup_elem(&budgets, &cgroup_id);
	if (!budget || budget->window != window) {
		bpf_map_update_elem(&budgets, &cgroup_id, &fresh, BPF_ANY);
		return 1;
	}
	if (budget->bytes + bytes > size / BUDGET_SHARE)
		return 0;
	/* Adding a constant 0 would be compiled to an atomic read, which kernels before 5.12 do not take. */
	if (bytes)
		__sync_fetch_and_add(&budget->bytes, bytes);
	return 1;
}

#define WAITING_BYTES (256 << 10) /* of records that can wait; more wake the reader */

/*
 * A record that can wait is read with the next one that cannot, or when the reader looks by itself. Of the others the
 * first one wakes a reader that sleeps. The kernel's own way (flags 0) is for the moment in which it falls asleep.
 */
__noinline int wake_flags(u32 type)
{
	const struct vdt_type_filter *filter = filter_of(type);

	if (!filter)
		return 0;
	if (filter->wanted & VDT_CAN_WAIT) {
		u64 waiting = bpf_ringbuf_query(&reserved_ring, BPF_RB_AVAIL_DATA);

		if (waiting < WAITING_BYTES &&
		    waiting < bpf_ringbuf_query(&reserved_ring, BPF_RB_RING_SIZE) / 4)
			return BPF_RB_NO_WAKEUP;
	}
	switch (*(volatile u32 *)&control.reader) {
	case VDT_READER_SLEEPS:
		return BPF_RB_FORCE_WAKEUP;
	case VDT_READER_RESTS:
		return BPF_RB_NO_WAKEUP;
	}
	return 0;
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

__noinline int lose(u32 type, u32 reason, u64 cgroup_id)
{
	if (type >= VDT_TYPE_MAX || reason >= VDT_LOSS_MAX)
		return 0;
	count(lost[type][reason]);
	gap_add(type, reason, cgroup_id);
	return 0;
}
