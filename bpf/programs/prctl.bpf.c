/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* prctl. Called by dispatch_sys_exit. */
#include "../lib/record.h"
#include "../lib/syscall.h"

#define PR_SET_NAME 15

/* The name that was set is the task's own; whether it was cut only the caller's memory tells. */
static __always_inline void name_collect(struct scratch *s, struct task_struct *task,
					 const void *passed, struct vdt_prctl *out)
{
	char text[VDT_COMM_LEN + 1];

	if (bpf_probe_read_user_str(text, sizeof(text), passed) == sizeof(text))
		out->flags |= VDT_PRCTL_NAME_TRUNCATED;
	item_kernel_string(s, VDT_ITEM_NAME, &task->comm, VDT_COMM_LEN);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_prctl, struct pt_regs *regs, long ret)
{
	struct task_struct *task = current_task();
	bool compat = syscall_is_compat();
	struct vdt_prctl *out;
	struct scratch *s;

	if (is_restarted(ret))
		return 0;
	s = record_begin(VDT_PRCTL, compat ? VDT_F_COMPAT : 0, task, sizeof(*out));
	if (!s)
		return 0;
	out = record_fixed(s);
	out->retval = ret;
	out->option = syscall_arg(regs, compat, 0);
	if (out->option == PR_SET_NAME && ret == 0)
		name_collect(s, task, (void *)syscall_arg(regs, compat, 1), out);
	record_commit(s, VDT_PRCTL);
	return 0;
}
