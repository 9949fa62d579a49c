/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The path of an open object as d_path() would print it to the process: from the object's dentry and mount up to
 * the process's root, through mount points. Read from the kernel's own objects, so that no rename of a user-space
 * buffer can forge it. A rename of a directory on the way may mix its old and new name; the walk is bounded and every
 * read may fail, so it cannot crash or run for ever.
 */
#ifndef VEDETTE_BPF_PATH_H
#define VEDETTE_BPF_PATH_H

#include "record.h"

enum walk_end {
	WALK_STEPS = 0,	   /* more components than the loop takes */
	WALK_ROOT = 1,	   /* the process's root */
	WALK_OUTSIDE = 2,  /* the root of the mount tree, which is not the process's */
	WALK_DETACHED = 3, /* the top of a mount that is in no namespace */
	WALK_ESCAPED = 4,  /* the file system's root, above the mount's */
	WALK_FULL = 5,	   /* no room: the front is missing */
	WALK_FAULT = 6,
};

/* path_walk.bpf.c; global functions, so that each is verified once a program. They work on walk of scratch `slot`. */
extern int walk_path(u32 slot);
extern int walk_cgroup(u32 slot);

/*
 * Whether `field` lies right behind the pointer `before`. Every copy from the kernel is a call: what lies side by side in
 * all kernels that we know is copied at once, and where it does not, piece by piece.
 */
#define FOLLOWS(type, field, before)                                                               \
	(bpf_core_field_offset(type, field) == bpf_core_field_offset(type, before) + sizeof(void *))

#define DENTRY_IN_ONE_COPY                                                                         \
	(FOLLOWS(struct dentry, d_name, d_parent) &&                                               \
	 bpf_core_field_offset(struct dentry, d_inode) ==                                          \
		 bpf_core_field_offset(struct dentry, d_name) + sizeof(struct qstr))

/* Room for a short name must follow `head`. False: there is no such dentry. */
static __always_inline bool dentry_read(struct dentry *dentry, struct dentry_head *head)
{
	if (DENTRY_IN_ONE_COPY) {
		if (bpf_probe_read_kernel(head, sizeof(*head) + INLINE_NAME, &dentry->d_parent))
			return false;
	} else {
		head->parent = BPF_CORE_READ(dentry, d_parent);
		if (bpf_core_read(&head->name, sizeof(head->name), &dentry->d_name))
			return false;
	}
	return head->parent;
}

/* Whether the name of this dentry came with its head. */
static __always_inline bool name_came(struct dentry *dentry, const struct dentry_head *head)
{
	return DENTRY_IN_ONE_COPY && head->name.len < INLINE_NAME &&
	       head->name.name == (void *)dentry + bpf_core_field_offset(struct dentry, d_inode) +
					  sizeof(void *);
}

static __always_inline struct mount *real_mount(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

/* Appends the text of the walk as an item. */
static __always_inline int item_walked(struct scratch *s, u16 kind)
{
	u32 begin = s->walk.begin;

	barrier_var(begin);
	if (begin > VDT_PATH_MAX)
		return -1;
	return item_bytes(s, kind, s->walk.text + begin, VDT_PATH_MAX - begin, VDT_PATH_MAX);
}

/* Returns VDT_FILE_* of the walk. */
static __always_inline u32 item_path(struct scratch *s, u16 kind, struct task_struct *task,
				     struct vfsmount *mnt, struct dentry *dentry)
{
	struct fs_struct *fs = BPF_CORE_READ(task, fs);
	u32 flags = 0;

	s->walk.node = (u64)dentry;
	s->walk.mount = (u64)real_mount(mnt);
	s->walk.root_node = (u64)BPF_CORE_READ(fs, root.dentry);
	s->walk.root_mount = (u64)real_mount(BPF_CORE_READ(fs, root.mnt));
	walk_path(s->slot);
	switch (s->walk.end) {
	case WALK_STEPS:
	case WALK_FULL:
		flags = VDT_FILE_TRUNCATED;
		break;
	case WALK_OUTSIDE:
		flags = VDT_FILE_UNREACHABLE;
		break;
	case WALK_DETACHED:
		flags = VDT_FILE_DETACHED;
		break;
	case WALK_ESCAPED:
		/* A root of its own that is no mount's: memfd, pipe, anonymous inode. */
		flags = s->walk.node == (u64)dentry ? VDT_FILE_MEMFD : VDT_FILE_UNREACHABLE;
		break;
	case WALK_FAULT:
		flags = VDT_FILE_TRUNCATED;
		count(miss[VDT_MISS_PATH]);
		break;
	}
	if (item_walked(s, kind))
		count(miss[VDT_MISS_PATH]);
	return flags;
}

#endif
