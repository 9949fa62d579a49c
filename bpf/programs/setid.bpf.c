/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The set*uid and set*gid families, when they succeeded: at the call's end, or with trampolines when the kernel has
 * decided on the new credentials, which all forms of these calls come to, 16-bit ids included.
 */
#include "../lib/cred.h"
#include "../lib/filter.h"
#include "../lib/record.h"
#include "../lib/syscall.h"

static __always_inline int setid_output(u16 type, const struct cred *cred)
{
	struct {
		struct vdt_header header;
		struct vdt_setcred creds;
	} record = {};
	struct task_struct *task = current_task();

	count(seen[type]);
	header_fill(&record.header, type, syscall_is_compat() ? VDT_F_COMPAT : 0);
	record.header.size = sizeof(record);
	cred_collect_of(task, cred ?: LOAD(task, cred), &record.creds.cred);
	ring_output(type, &record, sizeof(record));
	return 0;
}

/* setfsuid() and setfsgid() return the old id, never an error; with -1 they only ask for it. */
static __always_inline bool changed(struct pt_regs *regs, long ret)
{
	bool compat = syscall_is_compat();
	u32 call = syscall_call(regs, compat);

	if (call == VDT_CALL_SETFSUID || call == VDT_CALL_SETFSGID)
		return (u32)syscall_arg(regs, compat, 0) != (u32)-1;
	return ret == 0;
}

/* Called by dispatch_sys_exit. */
SEC("tp_btf/sys_exit")
int BPF_PROG(handle_setuid, struct pt_regs *regs, long ret)
{
	return changed(regs, ret) ? setid_output(VDT_SETUID, NULL) : 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_setgid, struct pt_regs *regs, long ret)
{
	return changed(regs, ret) ? setid_output(VDT_SETGID, NULL) : 0;
}

/* What follows is commit_creds(), which cannot fail. */
SEC("fexit/security_task_fix_setuid")
int BPF_PROG(handle_fix_setuid, struct cred *new, const struct cred *old, int flags, int ret)
{
	return ret == 0 && is_wanted(VDT_SETUID) ? setid_output(VDT_SETUID, new) : 0;
}

SEC("fexit/security_task_fix_setgid")
int BPF_PROG(handle_fix_setgid, struct cred *new, const struct cred *old, int flags, int ret)
{
	return ret == 0 && is_wanted(VDT_SETGID) ? setid_output(VDT_SETGID, new) : 0;
}
