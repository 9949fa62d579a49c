/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the kernel knows of a mount. */
#ifndef VEDETTE_BPF_MOUNT_H
#define VEDETTE_BPF_MOUNT_H

#include "file_call.h"

/* Appends the path of `dentry` within its file system. */
static __always_inline void item_root_path(struct scratch *s, u16 kind, struct dentry *dentry)
{
	/* A walk that knows of no mount ends at the file system's root. */
	s->walk.node = (u64)dentry;
	s->walk.mount = 0;
	s->walk.root_node = (u64)BPF_CORE_READ(dentry, d_sb, s_root);
	s->walk.root_mount = 0;
	walk_path(s->slot);
	if (s->walk.end == WALK_FAULT || item_walked(s, kind))
		count(miss[VDT_MISS_PATH]);
}

/* Fills what `out` says of the kernel's mount, and appends its items; where it is only when it is attached. */
static __always_inline void mount_collect(struct scratch *s, struct task_struct *task,
					  struct mount *mount, struct vdt_mount *out)
{
	struct dentry *root = BPF_CORE_READ(mount, mnt.mnt_root);
	const char *filesystem = BPF_CORE_READ(root, d_sb, s_type, name);

	out->mount_id = BPF_CORE_READ(mount, mnt_id);
	out->dev = BPF_CORE_READ(root, d_sb, s_dev);
	item_kernel_string(s, VDT_ITEM_FILESYSTEM, filesystem, FILESYSTEM_NAME_MAX);
	item_root_path(s, VDT_ITEM_ROOT_PATH, root);
	if (out->flags & VDT_MOUNT_DETACHED)
		return;
	out->parent_mount_id = BPF_CORE_READ(mount, mnt_parent, mnt_id);
	item_path(s, VDT_ITEM_PATH, task, (void *)mount + bpf_core_field_offset(struct mount, mnt),
		  root);
}

#endif
