/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* prctl, and the name that it gives a thread. */
#include "../lib/call_function.h"
#include "../lib/discard.h"

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

/* The name is all of the record's variable part. */
static __always_inline bool name_discarded(struct scratch *s)
{
	struct text_place name =
		text_since(s, sizeof(struct vdt_header) + sizeof(struct vdt_prctl));

	return name.begin < name.end && text_discarded(s->slot, name.begin, name.end - name.begin,
						       TYPE_AND_KIND(VDT_PRCTL, VDT_DISCARD_NAME));
}

static __always_inline void prctl_output(struct task_struct *task, struct pt_regs *regs,
					 bool compat, long ret)
{
	struct event_numbers numbers = {.value[VDT_PRCTL_OPTION] =
						(u32)syscall_arg(regs, compat, 0)};
	struct vdt_prctl *out;
	struct scratch *s;

	if (is_filtered(VDT_PRCTL, task, &numbers))
		return;
	s = record_begin(VDT_PRCTL, compat ? VDT_F_COMPAT : 0, sizeof(*out));
	if (!s)
		return;
	out = record_fixed(s);
	out->retval = ret;
	out->option = numbers.value[VDT_PRCTL_OPTION];
	if (out->option == PR_SET_NAME && ret == 0)
		name_collect(s, task, (void *)syscall_arg(regs, compat, 1), out);
	if (has_discarders(VDT_PRCTL, 1 << VDT_DISCARD_NAME) && name_discarded(s))
		record_discard(s, VDT_PRCTL);
	else
		record_commit(s, VDT_PRCTL);
}

/* The process tree has the name also where no rule is about the call. */
static __always_inline void comm_output(struct task_struct *task)
{
	struct {
		struct vdt_header header;
		struct vdt_comm now;
	} record = {};

	count(seen[VDT_COMM]);
	header_fill(&record.header, VDT_COMM, 0);
	record.header.size = sizeof(record);
	BPF_CORE_READ_STR_INTO(&record.now.comm, task, comm);
	ring_output(VDT_COMM, &record, sizeof(record));
}

static __always_inline int call_returned(struct pt_regs *regs, long ret)
{
	struct task_struct *task = current_task();
	bool compat = syscall_is_compat();

	if (is_restarted(ret))
		return 0;
	if (is_wanted(VDT_PRCTL))
		prctl_output(task, regs, compat, ret);
	if (ret == 0 && (u32)syscall_arg(regs, compat, 0) == PR_SET_NAME && is_wanted(VDT_COMM))
		comm_output(task);
	return 0;
}

/* Called by dispatch_sys_exit. */
SEC("tp_btf/sys_exit")
int BPF_PROG(handle_prctl, struct pt_regs *regs, long ret)
{
	return call_returned(regs, ret);
}

SEC("fexit/" CALL_FUNCTION("prctl"))
int BPF_PROG(prctl_returned, struct pt_regs *regs, long ret)
{
	return call_returned(regs, ret);
}
