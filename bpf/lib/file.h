/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* An open file: its inode's facts and its path. */
#ifndef VEDETTE_BPF_FILE_H
#define VEDETTE_BPF_FILE_H

#include "path.h"

#define OVERLAYFS_SUPER_MAGIC 0x794c7630
#define FILESYSTEM_NAME_MAX 32

/*
 * overlayfs keeps the upper dentry right behind its inode (struct ovl_inode: vfs_inode, __upperdentry), in every
 * kernel we support. That struct is in a module's BTF, which may be loaded after us, so its place is computed.
 */
static __always_inline u32 overlay_flags(struct inode *inode, struct super_block *sb)
{
	void *upper = NULL;

	if (BPF_CORE_READ(sb, s_magic) != OVERLAYFS_SUPER_MAGIC)
		return 0;
	bpf_probe_read_kernel(&upper, sizeof(upper),
			      (void *)inode + bpf_core_type_size(struct inode));
	return upper ? VDT_FILE_UPPER : VDT_FILE_LOWER;
}

static __always_inline void inode_collect(struct inode *inode, struct vdt_file *out)
{
	struct super_block *sb = BPF_CORE_READ(inode, i_sb);

	out->inode = BPF_CORE_READ(inode, i_ino);
	out->ctime_ns = compat_ctime(inode);
	out->mtime_ns = compat_mtime(inode);
	out->dev = BPF_CORE_READ(sb, s_dev);
	out->uid = BPF_CORE_READ(inode, i_uid.val);
	out->gid = BPF_CORE_READ(inode, i_gid.val);
	out->nlink = BPF_CORE_READ(inode, i_nlink);
	out->mode = BPF_CORE_READ(inode, i_mode);
	out->flags |= overlay_flags(inode, sb);
}

/* d_unlinked(): not in the hash table; a root never was in it. */
static __always_inline bool is_unlinked(struct dentry *dentry)
{
	return !BPF_CORE_READ(dentry, d_hash.pprev) && BPF_CORE_READ(dentry, d_parent) != dentry;
}

static __always_inline u32 mount_id_of(struct vfsmount *mnt)
{
	return BPF_CORE_READ(real_mount(mnt), mnt_id);
}

static __always_inline struct inode *inode_of(struct dentry *dentry)
{
	return BPF_CORE_READ(dentry, d_inode);
}

/* A place in the tree of mounts, as struct path; no kernel type, so never inside BPF_CORE_READ(). */
struct place {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

/* Fills `out` (in the record's fixed part) and appends the path and the file system's name. */
static __always_inline void place_collect(struct scratch *s, struct task_struct *task,
					  const struct place *at, struct inode *inode,
					  struct vdt_file *out, u16 path_kind, u16 filesystem_kind)
{
	const char *filesystem = BPF_CORE_READ(inode, i_sb, s_type, name);

	inode_collect(inode, out);
	out->mount_id = mount_id_of(at->mnt);
	if (out->nlink == 0 || is_unlinked(at->dentry))
		out->flags |= VDT_FILE_DELETED;
	out->flags |= item_path(s, path_kind, task, at->mnt, at->dentry);
	item_kernel_string(s, filesystem_kind, filesystem, FILESYSTEM_NAME_MAX);
}

static __always_inline struct place place_of_file(struct file *file)
{
	return (struct place){
		.mnt = BPF_CORE_READ(file, f_path.mnt),
		.dentry = BPF_CORE_READ(file, f_path.dentry),
	};
}

/* The same of an open file. */
static __always_inline void file_collect(struct scratch *s, struct task_struct *task,
					 struct file *file, struct vdt_file *out, u16 path_kind,
					 u16 filesystem_kind)
{
	struct place at = place_of_file(file);

	place_collect(s, task, &at, BPF_CORE_READ(file, f_inode), out, path_kind, filesystem_kind);
}

#endif
