/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#define LOADS_TASKS
#include "../lib/cgroup.h"
#include "../lib/process.h"

SEC("tp_btf/sched_process_fork")
int BPF_PROG(handle_fork, struct task_struct *parent, struct task_struct *child)
{
	struct scratch *s;
	struct vdt_fork *out;

	if (LOAD(child, pid) != LOAD(child, tgid))
		return 0; /* a thread */
	s = record_begin(VDT_FORK, 0, sizeof(*out));
	if (!s)
		return 0;
	out = record_fixed(s);
	process_collect(child, &out->process);
	if (out->process.cgroup_id != ((struct vdt_header *)s->record)->cgroup_id)
		item_task_cgroup(s, child); /* CLONE_INTO_CGROUP */
	record_commit(s, VDT_FORK);
	return 0;
}
