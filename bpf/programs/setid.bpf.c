/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The set*uid and set*gid families, when they succeeded. Called by dispatch_sys_exit. */
#include "../lib/cred.h"
#include "../lib/record.h"
#include "../lib/syscall.h"

static __always_inline void setid_output(u16 type, bool compat)
{
	struct {
		struct vdt_header header;
		struct vdt_setcred creds;
	} record = {};
	struct task_struct *task = current_task();

	count(seen[type]);
	header_fill(&record.header, type, compat ? VDT_F_COMPAT : 0, task);
	record.header.size = sizeof(record);
	cred_collect(task, &record.creds.cred);
	ring_output(type, &record, sizeof(record));
}

/* setfsuid() and setfsgid() return the old id, never an error; with -1 they only ask for it. */
static __always_inline bool changed(u32 call, u32 id, long ret)
{
	if (call == VDT_CALL_SETFSUID || call == VDT_CALL_SETFSGID)
		return id != (u32)-1;
	return ret == 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_setuid, struct pt_regs *regs, long ret)
{
	bool compat = syscall_is_compat();

	if (changed(syscall_call(regs, compat), syscall_arg(regs, compat, 0), ret))
		setid_output(VDT_SETUID, compat);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_setgid, struct pt_regs *regs, long ret)
{
	bool compat = syscall_is_compat();

	if (changed(syscall_call(regs, compat), syscall_arg(regs, compat, 0), ret))
		setid_output(VDT_SETGID, compat);
	return 0;
}
