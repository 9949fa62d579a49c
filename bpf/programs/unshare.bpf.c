/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* unshare. Called by dispatch_sys_exit. */
#include "../lib/record.h"
#include "../lib/syscall.h"

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_unshare, struct pt_regs *regs, long ret)
{
	struct {
		struct vdt_header header;
		struct vdt_unshare unshare;
	} record = {};
	struct task_struct *task = current_task();
	bool compat = syscall_is_compat();
	struct event_numbers numbers = {.value[VDT_UNSHARE_FLAGS] = syscall_arg(regs, compat, 0)};

	if (is_restarted(ret) || is_filtered(VDT_UNSHARE, task, &numbers))
		return 0;
	count(seen[VDT_UNSHARE]);
	header_fill(&record.header, VDT_UNSHARE, compat ? VDT_F_COMPAT : 0, task);
	record.header.size = sizeof(record);
	record.unshare.retval = ret;
	record.unshare.flags = numbers.value[VDT_UNSHARE_FLAGS];
	ring_output(VDT_UNSHARE, &record, sizeof(record));
	return 0;
}
