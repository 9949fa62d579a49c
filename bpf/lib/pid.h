/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Process numbers: what a process is called in its namespace, and which process a number means to a caller. The
 * second is the walk that the kernel's own idr_find() makes, since no helper for it exists before 6.2.
 */
#ifndef VEDETTE_BPF_PID_H
#define VEDETTE_BPF_PID_H

#include "task.h"

/* Levels of a tree of pids: 22 bits (PID_MAX_LIMIT), at least 4 a level. */
#define PID_TREE_DEPTH 6

/* The innermost of the numbers of `pid`: one entry a nesting level, the innermost last (MAX_PID_NS_LEVEL 32). */
static __always_inline struct upid *pid_own_number(struct pid *pid)
{
	u32 level = BPF_CORE_READ(pid, level);

	return (void *)pid + bpf_core_field_offset(struct pid, numbers) +
	       (level & 63) * bpf_core_type_size(struct upid);
}

static __always_inline struct pid_namespace *task_pid_namespace(struct task_struct *task)
{
	struct upid *own = pid_own_number(BPF_CORE_READ(task, thread_pid));

	return BPF_CORE_READ(own, ns);
}

/* What a pid is called in a namespace; 0: it is not in there. */
static __always_inline s32 pid_number_in(struct pid *pid, struct pid_namespace *ns)
{
	u32 level = BPF_CORE_READ(ns, level);
	struct upid *upid = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
			    (level & 63) * bpf_core_type_size(struct upid);

	if (level > BPF_CORE_READ(pid, level) || BPF_CORE_READ(upid, ns) != ns)
		return 0;
	return BPF_CORE_READ(upid, nr);
}

/* xa_is_node(): an entry that points to the next level is marked in its lowest bits. */
static __always_inline bool is_tree_node(u64 entry)
{
	return (entry & 3) == 2 && entry > 4096;
}

static __always_inline struct pid *pid_find(struct pid_namespace *ns, u32 nr)
{
	u64 entry = (u64)BPF_CORE_READ(ns, idr.idr_rt.xa_head);
	/* XA_CHUNK_SIZE: 64, or 16 with CONFIG_BASE_SMALL. */
	u32 slots = bpf_core_field_size(struct xa_node, slots) / sizeof(void *);

	for (int i = 0; i < PID_TREE_DEPTH && is_tree_node(entry); i++) {
		struct xa_node *node = (void *)(entry & ~3ull);
		u32 index = nr >> (BPF_CORE_READ(node, shift) & 31);

		/* The root covers all numbers there are: a larger one is not in it. */
		if (i == 0 && index >= slots)
			return NULL;
		entry = 0;
		bpf_probe_read_kernel(&entry, sizeof(entry),
				      (void *)node + bpf_core_field_offset(struct xa_node, slots) +
					      (index & (slots - 1)) * sizeof(void *));
	}
	return entry & 3 ? NULL : (struct pid *)entry;
}

/* A task whose thread id this is; NULL: it is gone. */
static __always_inline struct task_struct *pid_task(struct pid *pid)
{
	struct hlist_node *first = BPF_CORE_READ(pid, tasks[PIDTYPE_PID].first);

	return first ? (void *)first - bpf_core_field_offset(struct task_struct, pid_links) : NULL;
}

/* Fills `out` with the process that `nr` means to `caller`; returns one of its tasks, or NULL. */
static __always_inline struct task_struct *target_find(struct task_struct *caller, s32 nr,
						       struct vdt_target *out)
{
	struct pid_namespace *ns = task_pid_namespace(caller);
	struct pid *pid = nr > 0 ? pid_find(ns, nr) : NULL;
	struct task_struct *task = pid ? pid_task(pid) : NULL;

	out->pid = nr;
	out->pidns = BPF_CORE_READ(ns, ns.inum);
	if (task)
		task_image_by(false, task, &out->image);
	return task;
}

/* Fills `out` with a process that is at hand. */
static __always_inline void target_of_task(struct task_struct *caller, struct task_struct *task,
					   struct vdt_target *out)
{
	struct pid_namespace *ns = task_pid_namespace(caller);
	struct pid *pid = BPF_CORE_READ(task, signal, pids[PIDTYPE_TGID]);

	task_image(task, &out->image);
	out->pid = pid_number_in(pid, ns);
	out->pidns = BPF_CORE_READ(ns, ns.inum);
}

#endif
