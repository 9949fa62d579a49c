/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The setxattr and removexattr families. Called by dispatch_sys_exit. */
#include "../lib/file_call.h"

struct xattr_call {
	struct file_argument file;
	u64 attribute;
	u32 call; /* 0: just now nobody wants it any more */
};

/* xattrat: (dirfd, path, at_flags, name ...); the others: (path or descriptor, name ...). */
static __always_inline struct xattr_call xattr_arguments(struct pt_regs *regs, bool compat,
							 u32 by_fd, u32 at)
{
	u64 a = syscall_arg(regs, compat, 0), b = syscall_arg(regs, compat, 1);
	u64 c = syscall_arg(regs, compat, 2), d = syscall_arg(regs, compat, 3);
	u32 call = syscall_call(regs, compat);
	struct xattr_call out = {.file = by_name(a), .attribute = b, .call = call};

	if (call == by_fd)
		out.file = by_descriptor(a);
	if (call == at) {
		out.file = by_name_at(a, b, c);
		out.attribute = d;
	}
	return out;
}

static __always_inline void xattr_output(u16 type, struct pt_regs *regs, struct xattr_call *call,
					 bool compat, long ret)
{
	struct task_struct *task = current_task();
	struct scratch *s;

	if (is_restarted(ret) || !call->call)
		return;
	s = file_call_begin(type, task, compat, ret, &call->file);
	if (!s)
		return;
	if (item_user_string(s, VDT_ITEM_NAME, (void *)call->attribute, VDT_NAME_MAX))
		count(miss[VDT_MISS_SYSCALL]);
	file_call_commit(s, task, regs, &call->file, type);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_setxattr, struct pt_regs *regs, long ret)
{
	bool compat = syscall_is_compat();
	struct xattr_call call =
		xattr_arguments(regs, compat, VDT_CALL_FSETXATTR, VDT_CALL_SETXATTRAT);

	xattr_output(VDT_SETXATTR, regs, &call, compat, ret);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_removexattr, struct pt_regs *regs, long ret)
{
	bool compat = syscall_is_compat();
	struct xattr_call call =
		xattr_arguments(regs, compat, VDT_CALL_FREMOVEXATTR, VDT_CALL_REMOVEXATTRAT);

	xattr_output(VDT_REMOVEXATTR, regs, &call, compat, ret);
	return 0;
}
