/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* link, linkat. Called by dispatch_sys_exit. */
#include "../lib/file_call.h"

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_link, struct pt_regs *regs, long ret)
{
	bool compat = syscall_is_compat();
	u64 a = syscall_arg(regs, compat, 0), b = syscall_arg(regs, compat, 1);
	u64 c = syscall_arg(regs, compat, 2), d = syscall_arg(regs, compat, 3);
	u32 call = syscall_call(regs, compat);
	bool at = call == VDT_CALL_LINKAT;
	u32 flags = at ? syscall_arg(regs, compat, 4) : 0;
	struct file_argument file = at ? by_name_at(a, b, flags) : by_name(a);
	struct file_argument destination = at ? by_entry_at(c, d) : by_entry(b);

	/* Unlike most calls, these follow a link only when they are told to. */
	file.link = flags & AT_SYMLINK_FOLLOW ? 0 : VDT_FILE_LINK;
	if (!is_restarted(ret) && call)
		two_files_output(VDT_LINK, regs, compat, ret, &file, &destination);
	return 0;
}
