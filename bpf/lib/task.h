/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Who a task is. */
#ifndef VEDETTE_BPF_TASK_H
#define VEDETTE_BPF_TASK_H

#include "prelude.h"

#define PF_KTHREAD 0x00200000
#define PF_IO_WORKER 0x00000010 /* 5.12 on; before, io_uring's workers were kernel threads */

static __always_inline struct task_struct *current_task(void)
{
	return (struct task_struct *)bpf_get_current_task();
}

/*
 * A field of the current task. Since 5.11 the verifier can know whose it is, and it is a load; else, and from a pointer
 * that was read, it is a call that copies memory, which costs fifty times as much.
 */
#define CURRENT_READ(field)                                                                        \
	(bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)               \
		 ? bpf_get_current_task_btf()->field                                               \
		 : BPF_CORE_READ(current_task(), field))

static __always_inline void task_image(struct task_struct *task, struct vdt_image_id *image)
{
	image->pid = BPF_CORE_READ(task, tgid);
	image->start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	image->exec_id = BPF_CORE_READ(task, self_exec_id);
}

static __always_inline u64 task_cgroup_id(struct task_struct *task)
{
	return BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
}

#endif
