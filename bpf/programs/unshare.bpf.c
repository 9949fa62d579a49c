/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * unshare; after it, and after setns, what the thread is in from now on. The pid namespace is that of children only.
 */
#include "../lib/call_function.h"
#include "../lib/cred.h"
#include "../lib/process.h"

static __always_inline void unshare_output(struct task_struct *task, struct pt_regs *regs,
					   bool compat, long ret)
{
	struct {
		struct vdt_header header;
		struct vdt_unshare unshare;
	} record = {};
	struct event_numbers numbers = {.value[VDT_UNSHARE_FLAGS] = syscall_arg(regs, compat, 0)};

	if (is_filtered(VDT_UNSHARE, task, &numbers))
		return;
	count(seen[VDT_UNSHARE]);
	header_fill(&record.header, VDT_UNSHARE, compat ? VDT_F_COMPAT : 0);
	record.header.size = sizeof(record);
	record.unshare.retval = ret;
	record.unshare.flags = numbers.value[VDT_UNSHARE_FLAGS];
	ring_output(VDT_UNSHARE, &record, sizeof(record));
}

static __always_inline void namespaces_output(struct task_struct *task, bool compat)
{
	struct {
		struct vdt_header header;
		struct vdt_namespaces now;
	} record = {};
	struct task_namespaces in = task_namespaces(task);

	count(seen[VDT_NAMESPACES]);
	header_fill(&record.header, VDT_NAMESPACES, compat ? VDT_F_COMPAT : 0);
	record.header.size = sizeof(record);
	cred_collect(task, &record.now.cred);
	record.now.netns = in.net;
	record.now.net_cookie = in.net_cookie;
	record.now.mntns = in.mnt;
	record.now.userns = in.user;
	ring_output(VDT_NAMESPACES, &record, sizeof(record));
}

static __always_inline int call_returned(struct pt_regs *regs, long ret)
{
	struct task_struct *task = current_task();
	bool compat = syscall_is_compat();
	u32 call = syscall_call(regs, compat);

	if (is_restarted(ret) || !call)
		return 0;
	if (call == VDT_CALL_UNSHARE && is_wanted(VDT_UNSHARE))
		unshare_output(task, regs, compat, ret);
	if (ret == 0 && is_wanted(VDT_NAMESPACES))
		namespaces_output(task, compat);
	return 0;
}

/* Called by dispatch_sys_exit. */
SEC("tp_btf/sys_exit")
int BPF_PROG(handle_unshare, struct pt_regs *regs, long ret)
{
	return call_returned(regs, ret);
}

SEC("fexit/" CALL_FUNCTION("unshare"))
int BPF_PROG(unshare_returned, struct pt_regs *regs, long ret)
{
	return call_returned(regs, ret);
}
