/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Credentials: the subjective ones, which the kernel checks permissions with. */
#ifndef VEDETTE_BPF_CRED_H
#define VEDETTE_BPF_CRED_H

#include "prelude.h"

/* CONFIG_AUDIT may be off: then nobody has a login uid. */
static __always_inline u32 login_uid(struct task_struct *task)
{
	return bpf_core_field_exists(task->loginuid) ? BPF_CORE_READ(task, loginuid.val) : (u32)-1;
}

/* Of `task`, with credentials that it may only be about to get. */
static __always_inline void cred_collect_of(struct task_struct *task, const struct cred *cred,
					    struct vdt_cred *out)
{
	out->uid = BPF_CORE_READ(cred, uid.val);
	out->gid = BPF_CORE_READ(cred, gid.val);
	out->euid = BPF_CORE_READ(cred, euid.val);
	out->egid = BPF_CORE_READ(cred, egid.val);
	out->fsuid = BPF_CORE_READ(cred, fsuid.val);
	out->fsgid = BPF_CORE_READ(cred, fsgid.val);
	out->cap_effective = compat_caps(cred, cap_effective);
	out->cap_permitted = compat_caps(cred, cap_permitted);
	out->auid = login_uid(task);
	out->session =
		bpf_core_field_exists(task->sessionid) ? BPF_CORE_READ(task, sessionid) : (u32)-1;
}

static __always_inline void cred_collect(struct task_struct *task, struct vdt_cred *out)
{
	cred_collect_of(task, BPF_CORE_READ(task, cred), out);
}

#endif
