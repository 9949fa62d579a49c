/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Credentials: the subjective ones, which the kernel checks permissions with. */
#ifndef VEDETTE_BPF_CRED_H
#define VEDETTE_BPF_CRED_H

#include "prelude.h"

/* CONFIG_AUDIT may be off: then nobody has a login uid. */
static __always_inline u32 login_uid(struct task_struct *task)
{
	return bpf_core_field_exists(task->loginuid) ? LOAD(task, loginuid.val) : (u32)-1;
}

/* Of `task`, with credentials that it may only be about to get. */
static __always_inline void cred_collect_of(struct task_struct *task, const struct cred *cred,
					    struct vdt_cred *out)
{
	out->uid = LOAD(cred, uid.val);
	out->gid = LOAD(cred, gid.val);
	out->euid = LOAD(cred, euid.val);
	out->egid = LOAD(cred, egid.val);
	out->fsuid = LOAD(cred, fsuid.val);
	out->fsgid = LOAD(cred, fsgid.val);
	out->cap_effective = compat_caps(cred, cap_effective);
	out->cap_permitted = compat_caps(cred, cap_permitted);
	out->auid = login_uid(task);
	out->session = bpf_core_field_exists(task->sessionid) ? LOAD(task, sessionid) : (u32)-1;
}

static __always_inline void cred_collect(struct task_struct *task, struct vdt_cred *out)
{
	cred_collect_of(task, LOAD(task, cred), out);
}

#endif
