/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* ptrace. Called by dispatch_sys_exit. */
#include "../lib/pid.h"
#include "../lib/record.h"
#include "../lib/syscall.h"

#define PTRACE_TRACEME 0

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_ptrace, struct pt_regs *regs, long ret)
{
	struct {
		struct vdt_header header;
		struct vdt_ptrace ptrace;
	} record = {};
	struct vdt_ptrace *out = &record.ptrace;
	struct task_struct *task = current_task();
	bool compat = syscall_is_compat();

	if (is_restarted(ret) || is_filtered(VDT_PTRACE, task, &NO_NUMBERS))
		return 0;
	count(seen[VDT_PTRACE]);
	header_fill(&record.header, VDT_PTRACE, compat ? VDT_F_COMPAT : 0);
	record.header.size = sizeof(record);
	out->retval = ret;
	out->request = syscall_arg(regs, compat, 0);
	out->address = syscall_arg(regs, compat, 2);
	if (out->request == PTRACE_TRACEME)
		target_of_task(task, task, &out->target);
	else
		target_find(task, (s32)syscall_arg(regs, compat, 1), &out->target);
	ring_output(VDT_PTRACE, &record, sizeof(record));
	return 0;
}
