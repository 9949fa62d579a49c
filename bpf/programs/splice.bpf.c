/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * splice: what it did to the flags of the pipe it fills. A slot of a pipe that was full before keeps its flags; a kernel
 * that does not clear them lets a later write to the pipe change the page cache of the file (CVE-2022-0847).
 */
#include "../lib/file_call.h"

#define S_IFMT 0170000
#define S_IFIFO 0010000

/* Flags of the slot that a call in progress is going to fill, by task. A call that is cut off leaves its entry. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, u64);
	__type(value, u32);
} splice_entries SEC(".maps");

static __always_inline struct pipe_inode_info *pipe_of_file(struct file *file)
{
	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFIFO)
		return NULL;
	return BPF_CORE_READ(file, private_data);
}

/* `before`: of the head, 0 for the next slot to be filled, 1 for the last one that was. */
static __always_inline u32 slot_flags(struct pipe_inode_info *pipe, u32 before)
{
	u32 slot = BPF_CORE_READ(pipe, head) - before;
	void *slots = BPF_CORE_READ(pipe, bufs);
	struct pipe_buffer *buffer;

	slot &= BPF_CORE_READ(pipe, ring_size) - 1; /* a power of two */
	buffer = slots + (u64)slot * bpf_core_type_size(struct pipe_buffer);
	return BPF_CORE_READ(buffer, flags);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(handle_splice_entry, struct pt_regs *regs, long id)
{
	struct task_struct *task = current_task();
	s32 out = syscall_arg(regs, syscall_is_compat(), 2);
	struct pipe_inode_info *pipe = pipe_of_file(current_file(out));
	u64 key = (u64)task;
	u32 flags = pipe ? slot_flags(pipe, 0) : 0;

	bpf_map_update_elem(&splice_entries, &key, &flags, BPF_ANY);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_splice, struct pt_regs *regs, long ret)
{
	bool compat = syscall_is_compat();
	s32 from = syscall_arg(regs, compat, 0), to = syscall_arg(regs, compat, 2);
	struct task_struct *task = current_task();
	struct file *source = current_file(from);
	struct file *target = current_file(to);
	struct pipe_inode_info *pipe = pipe_of_file(target);
	u64 key = (u64)task;
	u32 *entry = bpf_map_lookup_elem(&splice_entries, &key);
	struct event_numbers numbers = {};
	struct vdt_splice *out;
	struct scratch *s;

	if (is_restarted(ret))
		return 0;
	if (entry)
		numbers.value[VDT_SPLICE_ENTRY] = *entry;
	bpf_map_delete_elem(&splice_entries, &key);
	if (pipe)
		numbers.value[VDT_SPLICE_EXIT] = slot_flags(pipe, 1);
	/* Of two pipes, the one that is read. */
	if (pipe_of_file(source) && !pipe)
		source = target;
	if (is_filtered(VDT_SPLICE, task, &numbers) ||
	    (source && file_is_filtered(VDT_SPLICE, task, source, &numbers)))
		return 0;
	s = record_begin(VDT_SPLICE, compat ? VDT_F_COMPAT : 0, sizeof(*out));
	if (!s)
		return 0;
	out = record_fixed(s);
	out->retval = ret;
	out->entry_flags = numbers.value[VDT_SPLICE_ENTRY];
	out->exit_flags = numbers.value[VDT_SPLICE_EXIT];
	if (!source)
		out->file.flags = VDT_FILE_NO_INODE;
	if (!source ||
	    useful_file_collect(s, VDT_SPLICE, task, false, source, &numbers, &out->file))
		record_commit(s, VDT_SPLICE);
	return 0;
}
