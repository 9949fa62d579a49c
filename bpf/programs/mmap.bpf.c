/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* mmap, also the 32-bit forms. Called by dispatch_sys_exit. */
#include "../lib/discard.h"
#include "../lib/syscall.h"

#define MAP_ANONYMOUS 0x20
#define MMAP2_SHIFT 12 /* mmap2 counts in pages of 4096 bytes, always */

struct mmap_call {
	u64 address, length, offset;
	u32 protection, flags;
	s32 fd;
};

/* The first 32-bit form has its arguments in memory. */
static __always_inline void old_call(const void *from, struct mmap_call *out)
{
	struct {
		u32 address, length, protection, flags, fd, offset;
	} args = {};

	if (bpf_probe_read_user(&args, sizeof(args), from))
		count(miss[VDT_MISS_SYSCALL]);
	out->address = args.address;
	out->length = args.length;
	out->offset = args.offset;
	out->protection = args.protection;
	out->flags = args.flags;
	out->fd = args.fd;
}

static __always_inline void mmap_call(struct pt_regs *regs, bool compat, struct mmap_call *out)
{
	if (syscall_call(regs, compat) == VDT_CALL_OLD_MMAP) {
		old_call((void *)syscall_arg(regs, compat, 0), out);
		return;
	}
	out->address = syscall_arg(regs, compat, 0);
	out->length = syscall_arg(regs, compat, 1);
	out->protection = syscall_arg(regs, compat, 2);
	out->flags = syscall_arg(regs, compat, 3);
	out->fd = syscall_arg(regs, compat, 4);
	out->offset = syscall_arg(regs, compat, 5);
	if (compat)
		out->offset <<= MMAP2_SHIFT;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_mmap, struct pt_regs *regs, long ret)
{
	struct task_struct *task = current_task();
	bool compat = syscall_is_compat();
	struct event_numbers numbers = {};
	struct mmap_call call = {};
	struct file *file = NULL;
	struct vdt_mmap *out;
	struct scratch *s;

	mmap_call(regs, compat, &call);
	numbers.value[VDT_MMAP_PROTECTION] = call.protection;
	numbers.value[VDT_MMAP_FLAGS] = call.flags;
	if (!(call.flags & MAP_ANONYMOUS))
		file = current_file(call.fd);
	if (is_filtered(VDT_MMAP, task, &numbers) ||
	    ((file || call.flags & MAP_ANONYMOUS) &&
	     file_is_filtered(VDT_MMAP, task, file, &numbers)))
		return 0;
	s = record_begin(VDT_MMAP, compat ? VDT_F_COMPAT : 0, sizeof(*out));
	if (!s)
		return 0;
	out = record_fixed(s);
	out->retval = ret;
	out->address = call.address;
	out->length = call.length;
	out->offset = call.offset;
	out->protection = call.protection;
	out->flags = call.flags;
	if (!file || useful_file_collect(s, VDT_MMAP, task, false, file, &numbers, &out->file))
		record_commit(s, VDT_MMAP);
	return 0;
}
