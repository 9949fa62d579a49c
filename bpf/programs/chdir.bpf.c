/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* chdir, fchdir: after a success the directory is the task's own. Called by dispatch_sys_exit. */
#include "../lib/file_call.h"

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_chdir, struct pt_regs *regs, long ret)
{
	bool compat = syscall_is_compat();
	u64 a = syscall_arg(regs, compat, 0);
	u32 call = syscall_call(regs, compat);
	bool by_fd = call == VDT_CALL_FCHDIR;
	struct file_argument file = by_fd ? by_descriptor(a) : by_name(a);
	struct file_argument here = by_descriptor(AT_FDCWD);
	struct task_struct *task = current_task();
	struct scratch *s;

	if (is_restarted(ret) || !call)
		return 0;
	s = file_call_begin(VDT_CHDIR, task, compat, ret, &file);
	if (!s)
		return 0;
	if (ret == 0 && !by_fd)
		item_argument(s, VDT_ITEM_SYSCALL_PATH, file.name);
	file_call_commit(s, task, regs, ret == 0 ? &here : &file, VDT_CHDIR);
	return 0;
}
