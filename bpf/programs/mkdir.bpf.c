/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* mkdir, mkdirat. Called by dispatch_sys_exit. */
#include "../lib/file_call.h"

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_mkdir, struct pt_regs *regs, long ret)
{
	bool compat = syscall_is_compat();
	u64 a = syscall_arg(regs, compat, 0), b = syscall_arg(regs, compat, 1);
	u64 c = syscall_arg(regs, compat, 2);
	u32 call = syscall_call(regs, compat);
	bool at = call == VDT_CALL_MKDIRAT;
	struct file_argument file = at ? by_entry_at(a, b) : by_entry(a);
	struct task_struct *task = current_task();
	struct scratch *s;

	if (is_restarted(ret) || !call)
		return 0;
	s = file_call_begin(VDT_MKDIR, task, compat, ret, &file);
	if (!s)
		return 0;
	((struct vdt_file_call *)record_fixed(s))->mode = at ? c : b;
	file_call_commit(s, task, regs, &file, VDT_MKDIR);
	return 0;
}
