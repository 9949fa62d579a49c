/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* capset, when it succeeded: a thread can change only its own capabilities. Called by dispatch_sys_exit. */
#include "../lib/cred.h"
#include "../lib/record.h"
#include "../lib/syscall.h"

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_capset, struct pt_regs *regs, long ret)
{
	struct {
		struct vdt_header header;
		struct vdt_setcred creds;
	} record = {};
	struct task_struct *task = current_task();

	if (ret != 0)
		return 0;
	count(seen[VDT_CAPSET]);
	header_fill(&record.header, VDT_CAPSET, syscall_is_compat() ? VDT_F_COMPAT : 0, task);
	record.header.size = sizeof(record);
	cred_collect(task, &record.creds.cred);
	ring_output(VDT_CAPSET, &record, sizeof(record));
	return 0;
}
