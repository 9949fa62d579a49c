/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* unlink, rmdir, and unlinkat, which is either. Called by dispatch_sys_exit. */
#include "../lib/file_call.h"

#define AT_REMOVEDIR 0x200

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_remove, struct pt_regs *regs, long ret)
{
	bool compat = syscall_is_compat();
	u64 a = syscall_arg(regs, compat, 0), b = syscall_arg(regs, compat, 1);
	u32 call = syscall_call(regs, compat);
	bool at = call == VDT_CALL_UNLINKAT;
	struct file_argument file = at ? by_entry_at(a, b) : by_entry(a);
	u32 flags = at ? syscall_arg(regs, compat, 2) : 0;
	bool is_rmdir = call == VDT_CALL_RMDIR || flags & AT_REMOVEDIR;
	u16 type = is_rmdir ? VDT_RMDIR : VDT_UNLINK;
	struct task_struct *task = current_task();
	struct scratch *s;

	if (is_restarted(ret) || !call || !is_wanted(type))
		return 0;
	s = file_call_begin(type, task, compat, ret, &file);
	if (!s)
		return 0;
	((struct vdt_file_call *)record_fixed(s))->flags = flags;
	file_call_commit(s, task, regs, &file, type);
	return 0;
}
