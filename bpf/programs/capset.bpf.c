/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* capset, when it succeeded: a thread can change only its own capabilities. */
#include "../lib/cred.h"
#include "../lib/filter.h"
#include "../lib/record.h"
#include "../lib/syscall.h"

static __always_inline int capset_output(const struct cred *cred)
{
	struct {
		struct vdt_header header;
		struct vdt_setcred creds;
	} record = {};
	struct task_struct *task = current_task();

	count(seen[VDT_CAPSET]);
	header_fill(&record.header, VDT_CAPSET, syscall_is_compat() ? VDT_F_COMPAT : 0);
	record.header.size = sizeof(record);
	cred_collect_of(task, cred ?: LOAD(task, cred), &record.creds.cred);
	ring_output(VDT_CAPSET, &record, sizeof(record));
	return 0;
}

/* Called by dispatch_sys_exit. */
SEC("tp_btf/sys_exit")
int BPF_PROG(handle_capset, struct pt_regs *regs, long ret)
{
	return ret == 0 ? capset_output(NULL) : 0;
}

/* What follows is commit_creds(), which cannot fail. */
SEC("fexit/security_capset")
int BPF_PROG(handle_security_capset, struct cred *new, const struct cred *old,
	     const kernel_cap_t *effective, const kernel_cap_t *inheritable,
	     const kernel_cap_t *permitted, int ret)
{
	return ret == 0 && is_wanted(VDT_CAPSET) ? capset_output(new) : 0;
}
