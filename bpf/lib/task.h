/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Who a task is. */
#ifndef VEDETTE_BPF_TASK_H
#define VEDETTE_BPF_TASK_H

#include "prelude.h"

#define PF_KTHREAD 0x00200000
#define PF_IO_WORKER 0x00000010 /* 5.12 on; before, io_uring's workers were kernel threads */

static __always_inline struct task_struct *current_task(void)
{
	if (TASKS_KNOWN)
		return bpf_get_current_task_btf();
	return (struct task_struct *)bpf_get_current_task();
}

/* A field of the current task, in programs for tracing: a number costs the verifier nothing, a pointer see TASKS_KNOWN. */
#define CURRENT_READ(field)                                                                        \
	(CURRENT_TASK_KNOWN ? bpf_get_current_task_btf()->field                                    \
			    : BPF_CORE_READ(current_task(), field))

/* `known`: see FIELD(). */
static __always_inline void task_image_by(bool known, struct task_struct *task,
					  struct vdt_image_id *image)
{
	image->pid = FIELD(known, task, tgid);
	image->start_ns = FIELD(known, task, group_leader, start_boottime);
	image->exec_id = FIELD(known, task, self_exec_id);
}

static __always_inline void task_image(struct task_struct *task, struct vdt_image_id *image)
{
	task_image_by(TASKS_KNOWN, task, image);
}

static __always_inline u64 task_cgroup_id(struct task_struct *task)
{
	return LOAD(task, cgroups, dfl_cgrp, kn, id);
}

/* The image of the current task, as above: a process's first thread began when the process did. */
static __always_inline void current_image(struct vdt_image_id *image)
{
	struct task_struct *task;

	if (!CURRENT_TASK_KNOWN) {
		task_image_by(false, current_task(), image);
		return;
	}
	task = bpf_get_current_task_btf();
	image->pid = task->tgid;
	image->exec_id = task->self_exec_id;
	image->start_ns = task->pid == task->tgid
				  ? task->start_boottime
				  : BPF_CORE_READ(current_task(), group_leader, start_boottime);
}

#endif
