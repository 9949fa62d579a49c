/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The files that the system call in progress was found to be about, as the kernel's security hooks were told. The call's
 * end takes them instead of the names that were passed.
 */
#ifndef VEDETTE_BPF_SEEN_H
#define VEDETTE_BPF_SEEN_H

#include "kept.h"
#include "syscall.h"

/* Key: the task, and one more for a call's second file. What io_uring leaves has another system call's number. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 256);
	__type(key, u64);
	__type(value, struct kept_file);
} seen_files __weak SEC(".maps");

static __always_inline void see_file(u16 type, const struct place *at, struct inode *inode,
				     u32 second)
{
	struct task_struct *task = current_task();
	u64 key = (u64)task + second;
	struct kept_file *kept;
	struct pt_regs *regs;
	struct scratch *s;

	/* Nobody would take it away. */
	if (!is_wanted(type))
		return;
	/* 5.15. Before, the call's end has the name. */
	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return;
	regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	s = scratch_claim();
	if (!s)
		return;
	kept = kept_build(s, task, at, inode);
	if (kept) {
		kept->nr = syscall_number(regs);
		bpf_map_update_elem(&seen_files, &key, kept, BPF_ANY);
	}
	scratch_release(s);
}

/* True: `out` and the items are those of the file that was seen. */
static __always_inline bool seen_collect(struct scratch *s, struct task_struct *task, u32 nr,
					 u32 second, struct vdt_file *out, u16 path_kind,
					 u16 filesystem_kind)
{
	u64 key = (u64)task + second;
	struct kept_file *kept = bpf_map_lookup_elem(&seen_files, &key);
	bool found = kept && kept->nr == nr;

	if (found) {
		kept_collect(s, kept, out, path_kind, filesystem_kind);
		((struct vdt_header *)s->record)->flags |= VDT_F_TRAMPOLINE;
	}
	if (kept)
		bpf_map_delete_elem(&seen_files, &key);
	return found;
}

#endif
