/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* chmod, fchmod, fchmodat, fchmodat2. */
#include "../lib/call_function.h"
#include "../lib/file_call.h"

static __always_inline int call_returned(struct pt_regs *regs, long ret)
{
	bool compat = syscall_is_compat();
	u32 call = syscall_call(regs, compat);
	u64 a = syscall_arg(regs, compat, 0), b = syscall_arg(regs, compat, 1);
	u64 c = syscall_arg(regs, compat, 2), d = syscall_arg(regs, compat, 3);
	struct task_struct *task = current_task();
	struct file_argument file = by_name(a);
	struct scratch *s;
	u32 mode = b;

	switch (call) {
	case VDT_CALL_FCHMOD:
		file = by_descriptor(a);
		break;
	case VDT_CALL_FCHMODAT: /* three arguments; flags are the C library's */
		file = by_name_at(a, b, 0);
		mode = c;
		break;
	case VDT_CALL_FCHMODAT2:
		file = by_name_at(a, b, d);
		mode = c;
		break;
	}
	if (is_restarted(ret) || !call)
		return 0;
	s = file_call_begin(VDT_CHMOD, task, compat, ret, &file);
	if (!s)
		return 0;
	((struct vdt_file_call *)record_fixed(s))->mode = mode;
	file_call_commit(s, task, regs, &file, VDT_CHMOD);
	return 0;
}

/* Called by dispatch_sys_exit. */
SEC("tp_btf/sys_exit")
int BPF_PROG(handle_chmod, struct pt_regs *regs, long ret)
{
	return call_returned(regs, ret);
}

SEC("fexit/" CALL_FUNCTION("chmod"))
int BPF_PROG(chmod_returned, struct pt_regs *regs, long ret)
{
	return call_returned(regs, ret);
}
