/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Where kernels from 5.8 on differ. One function a difference, with the commit that made it; the older form
 * may go when no supported kernel has it.
 */
#ifndef VEDETTE_BPF_CORE_COMPAT_H
#define VEDETTE_BPF_CORE_COMPAT_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kernfs_node___before_6_15 {
	struct kernfs_node___before_6_15 *parent;
};

struct kernfs_node___since_6_15 {
	struct kernfs_node___since_6_15 *__parent;
};

struct caps_in_words {
	u32 cap[2];
};

struct cred___before_6_3 {
	struct caps_in_words cap_permitted;
	struct caps_in_words cap_effective;
};

struct timespec64 {
	s64 tv_sec;
	long tv_nsec;
};

struct inode___before_6_6 {
	struct timespec64 i_mtime;
	struct timespec64 i_ctime;
};

struct inode___6_6 {
	struct timespec64 __i_ctime;
};

struct inode___6_7 {
	struct timespec64 __i_mtime;
};

struct inode___since_6_11 {
	s64 i_mtime_sec;
	s64 i_ctime_sec;
	u32 i_mtime_nsec;
	u32 i_ctime_nsec;
};

struct filename;

struct delayed_filename {
	struct filename *__incomplete_filename;
};

struct io_open___delayed {
	struct delayed_filename filename;
};

struct io_mkdir___delayed {
	struct delayed_filename filename;
};

struct io_unlink___delayed {
	struct delayed_filename filename;
};

struct io_rename___delayed {
	struct delayed_filename oldpath;
	struct delayed_filename newpath;
};

struct io_link___delayed {
	struct delayed_filename oldpath;
	struct delayed_filename newpath;
};

struct vm_area_struct___before_6_1 {
	struct rb_node vm_rb;
};

struct mm_struct___before_6_1 {
	struct rb_root mm_rb;
};

struct mnt_namespace___before_6_18 {
	u64 seq;
};

struct list_head___mounts {
	struct list_head___mounts *prev;
};

struct rb_node___mounts {
	struct rb_node___mounts *rb_right;
};

struct rb_root___mounts {
	struct rb_node___mounts *rb_node;
};

struct mount___before_6_8 {
	struct list_head___mounts mnt_list;
};

struct mnt_namespace___before_6_8 {
	struct list_head___mounts list;
};

struct mount___since_6_8 {
	struct rb_node___mounts mnt_node;
};

struct mnt_namespace___since_6_8 {
	struct rb_root___mounts mounts;
};

struct ns_common___since_6_18 {
	u64 ns_id;
};

struct mnt_namespace___since_6_18 {
	struct ns_common___since_6_18 ns;
};

#pragma clang attribute pop

/* 6.15, 633488947ef6 "kernfs: Use RCU to access kernfs_node::parent": renamed to __parent. */
static __always_inline struct kernfs_node *compat_kernfs_parent(struct kernfs_node *kn)
{
	struct kernfs_node___since_6_15 *now = (void *)kn;
	struct kernfs_node___before_6_15 *old = (void *)kn;

	if (bpf_core_field_exists(now->__parent))
		return (void *)BPF_CORE_READ(now, __parent);
	return (void *)BPF_CORE_READ(old, parent);
}

/*
 * 6.3, f122a08b197d "capability: just use a 'u64' instead of a 'u32[2]' array". Asked of struct cred, since a type
 * that the kernel lacks makes libbpf search its modules, for which it needs CAP_SYS_ADMIN.
 */
#define compat_caps(cred, set)                                                                     \
	({                                                                                         \
		const struct cred___before_6_3 *old_ = (const void *)(cred);                       \
		u64 caps_;                                                                         \
		if (bpf_core_field_exists((cred)->set.val))                                        \
			caps_ = LOAD(cred, set.val);                                               \
		else                                                                               \
			caps_ = LOAD(old_, set.cap[0]) | (u64)LOAD(old_, set.cap[1]) << 32;        \
		caps_;                                                                             \
	})

/* The name of a file in a request of an io_uring. A type of its own has it since 7.0 ("struct delayed_filename"). */
#define compat_ring_name(type, command, field)                                                     \
	({                                                                                         \
		struct type##___delayed *now_ = (void *)(command);                                 \
		struct type *old_ = (void *)(command);                                             \
		struct filename *name_;                                                            \
		if (bpf_core_field_exists(now_->field.__incomplete_filename))                      \
			name_ = BPF_CORE_READ(now_, field.__incomplete_filename);                  \
		else                                                                               \
			name_ = BPF_CORE_READ(old_, field);                                        \
		name_;                                                                             \
	})

struct io_kiocb___task {
	struct task_struct *task;
} __attribute__((preserve_access_index));

/* Whose an io_uring is. Until 6.13 (6f94cbc29adac) requests said it themselves. */
static __always_inline struct task_struct *compat_ring_task(struct io_kiocb *req)
{
	struct io_kiocb___task *before = (void *)req;

	if (bpf_core_field_exists(before->task))
		return (void *)BPF_CORE_READ(before, task);
	return (void *)BPF_CORE_READ(req, tctx, task);
}

static __always_inline u64 compat_ns(s64 sec, s64 nsec)
{
	return (u64)sec * 1000000000ull + (u64)nsec;
}

/* fs.h, I_CTIME_QUERIED: a flag in i_ctime_nsec since 6.13's multigrain timestamps. */
#define CTIME_QUERIED (1u << 31)

/*
 * 6.6, 13bc24457850 "fs: rename i_ctime field to __i_ctime"; 6.11, 3aa63a569c64 "fs: switch timespec64
 * fields in inode to discrete integers".
 */
static __always_inline u64 compat_ctime(bool known, const struct inode *inode)
{
	const struct inode___since_6_11 *now = (const void *)inode;
	const struct inode___6_6 *mid = (const void *)inode;
	const struct inode___before_6_6 *old = (const void *)inode;

	if (bpf_core_field_exists(now->i_ctime_sec))
		return compat_ns(FIELD(known, now, i_ctime_sec),
				 FIELD(known, now, i_ctime_nsec) & ~CTIME_QUERIED);
	if (bpf_core_field_exists(mid->__i_ctime))
		return compat_ns(FIELD(known, mid, __i_ctime.tv_sec),
				 FIELD(known, mid, __i_ctime.tv_nsec));
	return compat_ns(FIELD(known, old, i_ctime.tv_sec), FIELD(known, old, i_ctime.tv_nsec));
}

/* 6.7, 12cd44023651 "fs: rename inode i_atime and i_mtime fields"; 6.11 as above. */
static __always_inline u64 compat_mtime(bool known, const struct inode *inode)
{
	const struct inode___since_6_11 *now = (const void *)inode;
	const struct inode___6_7 *mid = (const void *)inode;
	const struct inode___before_6_6 *old = (const void *)inode;

	if (bpf_core_field_exists(now->i_mtime_sec))
		return compat_ns(FIELD(known, now, i_mtime_sec), FIELD(known, now, i_mtime_nsec));
	if (bpf_core_field_exists(mid->__i_mtime))
		return compat_ns(FIELD(known, mid, __i_mtime.tv_sec),
				 FIELD(known, mid, __i_mtime.tv_nsec));
	return compat_ns(FIELD(known, old, i_mtime.tv_sec), FIELD(known, old, i_mtime.tv_nsec));
}

/*
 * 5.12, 3d368ab87cf6 "net: initialize net->net_cookie at netns setup": a number that no other namespace ever has, set from
 * the beginning. Its low half is enough to tell two users of one inode number apart.
 */
static __always_inline u32 compat_net_cookie(struct net *net)
{
	return bpf_core_field_exists(net->net_cookie) ? (u32)BPF_CORE_READ(net, net_cookie) : 0;
}

/*
 * An anonymous mount namespace (fsmount, open_tree) is no namespace a process lives in. Its mark was sequence
 * number 0 until 6.18 gave every namespace an id of which it has none.
 */
static __always_inline bool compat_mnt_ns_is_anonymous(struct mnt_namespace *ns)
{
	struct mnt_namespace___before_6_18 *old = (void *)ns;
	struct mnt_namespace___since_6_18 *now = (void *)ns;

	if (bpf_core_field_exists(old->seq))
		return BPF_CORE_READ(old, seq) == 0;
	if (bpf_core_field_exists(now->ns.ns_id))
		return BPF_CORE_READ(now, ns.ns_id) == 0;
	return false;
}

#define MOUNT_TREE_DEPTH 40 /* a red-black tree of a million is not deeper */

/*
 * The mount that came last into a namespace, or NULL. 6.8, 2eea9ce4310d "mounts: keep list of mounts in an rbtree",
 * by an id that only grows; before, they were in a list.
 */
static __always_inline struct mount *compat_newest_mount(struct mnt_namespace *ns)
{
	struct mnt_namespace___before_6_8 *old = (void *)ns;
	struct mnt_namespace___since_6_8 *now = (void *)ns;
	struct rb_node___mounts *node, *right;

	if (bpf_core_field_exists(old->list)) {
		void *last = BPF_CORE_READ(old, list.prev);

		return last - bpf_core_field_offset(struct mount___before_6_8, mnt_list);
	}
	if (!bpf_core_field_exists(now->mounts))
		return NULL;
	node = BPF_CORE_READ(now, mounts.rb_node);
	for (int i = 0; node && i < MOUNT_TREE_DEPTH; i++) {
		right = BPF_CORE_READ(node, rb_right);
		if (!right)
			return (void *)node -
			       bpf_core_field_offset(struct mount___since_6_8, mnt_node);
		node = right;
	}
	return NULL;
}

#endif
