/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* rename, renameat, renameat2. Called by dispatch_sys_exit. */
#include "../lib/file_call.h"

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_rename, struct pt_regs *regs, long ret)
{
	bool compat = syscall_is_compat();
	u64 a = syscall_arg(regs, compat, 0), b = syscall_arg(regs, compat, 1);
	u64 c = syscall_arg(regs, compat, 2), d = syscall_arg(regs, compat, 3);
	u32 call = syscall_call(regs, compat);
	bool at = call == VDT_CALL_RENAMEAT;
	struct file_argument file = at ? by_entry_at(a, b) : by_entry(a);
	struct file_argument destination = at ? by_entry_at(c, d) : by_entry(b);

	if (!is_restarted(ret) && call)
		two_files_output(VDT_RENAME, regs, compat, ret, &file, &destination);
	return 0;
}
