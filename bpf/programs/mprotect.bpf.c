/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* mprotect, pkey_mprotect: what the memory was is only to be seen before the call. Called by both dispatchers. */
#include "../lib/record.h"
#include "../lib/syscall.h"
#include "../lib/vma.h"

struct mapping {
	u64 start, end, flags;
};

/* By thread, from the call's beginning to its end. A thread that dies in between leaves its entry: the oldest goes. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, struct mapping);
} mappings SEC(".maps");

SEC("tp_btf/sys_enter")
int BPF_PROG(handle_mprotect_enter, struct pt_regs *regs, long id)
{
	struct task_struct *task = current_task();
	u64 key = bpf_get_current_pid_tgid();
	struct mapping mapping = {};
	struct vm_area_struct *vma =
		vma_find(BPF_CORE_READ(task, mm), syscall_arg(regs, syscall_is_compat(), 0));

	if (vma) {
		mapping.start = BPF_CORE_READ(vma, vm_start);
		mapping.end = BPF_CORE_READ(vma, vm_end);
		mapping.flags = BPF_CORE_READ(vma, vm_flags);
	}
	bpf_map_update_elem(&mappings, &key, &mapping, BPF_ANY);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_mprotect, struct pt_regs *regs, long ret)
{
	struct {
		struct vdt_header header;
		struct vdt_mprotect mprotect;
	} record = {};
	struct task_struct *task = current_task();
	u64 key = bpf_get_current_pid_tgid();
	bool compat = syscall_is_compat();
	struct event_numbers numbers = {};
	struct mapping *mapping;

	record.mprotect.retval = ret;
	record.mprotect.protection = syscall_arg(regs, compat, 2);
	mapping = bpf_map_lookup_elem(&mappings, &key);
	if (mapping) {
		record.mprotect.vm_start = mapping->start;
		record.mprotect.vm_end = mapping->end;
		record.mprotect.vm_flags = mapping->flags;
		bpf_map_delete_elem(&mappings, &key);
	}
	numbers.value[VDT_MPROTECT_BEFORE] = record.mprotect.vm_flags;
	numbers.value[VDT_MPROTECT_REQUESTED] = record.mprotect.protection;
	if (is_filtered(VDT_MPROTECT, task, &numbers))
		return 0;
	count(seen[VDT_MPROTECT]);
	header_fill(&record.header, VDT_MPROTECT, compat ? VDT_F_COMPAT : 0);
	record.header.size = sizeof(record);
	ring_output(VDT_MPROTECT, &record, sizeof(record));
	return 0;
}
