/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The path of a cgroup in the default (v2) hierarchy, from that hierarchy's root. */
#ifndef VEDETTE_BPF_CGROUP_H
#define VEDETTE_BPF_CGROUP_H

#include "path.h"

static __always_inline void item_cgroup(struct scratch *s, struct cgroup *cgroup)
{
	s->walk.node = (u64)BPF_CORE_READ(cgroup, kn);
	walk_cgroup(s->slot);
	if (s->walk.end == WALK_FAULT || item_walked(s, VDT_ITEM_CGROUP))
		count(miss[VDT_MISS_CGROUP]);
}

static __always_inline void item_task_cgroup(struct scratch *s, struct task_struct *task)
{
	item_cgroup(s, LOAD(task, cgroups, dfl_cgrp));
}

#endif
