/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Everything a record says of a process that appears. */
#ifndef VEDETTE_BPF_PROCESS_H
#define VEDETTE_BPF_PROCESS_H

#include "cred.h"
#include "pid.h"
#include "record.h"

struct task_namespaces {
	u32 net, net_cookie, mnt, user; /* inode numbers, but for the cookie */
};

static __always_inline struct task_namespaces task_namespaces(struct task_struct *task)
{
	struct nsproxy *namespaces = LOAD(task, nsproxy);

	return (struct task_namespaces){
		.net = LOAD(namespaces, net_ns, ns.inum),
		.net_cookie = compat_net_cookie(LOAD(namespaces, net_ns)),
		.mnt = LOAD(namespaces, mnt_ns, ns.inum),
		.user = LOAD(task, cred, user_ns, ns.inum),
	};
}

static __always_inline void process_pids(struct task_struct *task, struct vdt_process *out)
{
	struct signal_struct *signal = LOAD(task, signal);
	/* Read, since the verifier lets nobody reckon with an address whose object it knows. */
	struct pid *pid = BPF_CORE_READ(signal, pids[PIDTYPE_TGID]);
	struct pid *sid = LOAD(signal, pids[PIDTYPE_SID]);
	struct upid *own = pid_own_number(pid);
	struct pid_namespace *ns = BPF_CORE_READ(own, ns);

	out->ns_pid = BPF_CORE_READ(own, nr);
	out->pidns = BPF_CORE_READ(ns, ns.inum);
	out->sid = LOAD(sid, numbers[0].nr);
}

static __always_inline void process_collect(struct task_struct *task, struct vdt_process *out)
{
	struct task_struct *parent = LOAD(task, real_parent);
	struct task_namespaces in = task_namespaces(task);
	struct tty_struct *tty = LOAD(task, signal, tty);

	task_image(task, &out->image);
	task_image(parent, &out->parent);
	cred_collect(task, &out->cred);
	out->cgroup_id = task_cgroup_id(task);
	out->netns = in.net;
	out->net_cookie = in.net_cookie;
	out->mntns = in.mnt;
	out->userns = in.user;
	process_pids(task, out);
	BPF_CORE_READ_STR_INTO(&out->comm, task, comm);
	if (tty)
		BPF_CORE_READ_STR_INTO(&out->tty, tty, name);
	if (LOAD(task, flags) & PF_KTHREAD)
		out->flags |= VDT_PROC_KTHREAD;
}

#endif
