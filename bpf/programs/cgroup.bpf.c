/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A process was moved to another cgroup of the default hierarchy. */
#include "../lib/cgroup.h"

SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(handle_cgroup, struct cgroup *to, const char *path, struct task_struct *task)
{
	struct vdt_cgroup *out;
	struct scratch *s;

	/* Single threads of a threaded cgroup, and the hierarchies of cgroup v1. */
	if (task->pid != task->tgid || BPF_CORE_READ(task, cgroups, dfl_cgrp) != to)
		return 0;
	s = record_begin_of(VDT_CGROUP, 0, task, sizeof(*out));
	if (!s)
		return 0;
	out = record_fixed(s);
	out->cgroup_id = BPF_CORE_READ(to, kn, id);
	item_cgroup(s, to);
	record_commit(s, VDT_CGROUP);
	return 0;
}
