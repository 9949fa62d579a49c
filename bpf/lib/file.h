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
static __always_inline u32 overlay_flags(bool known, struct inode *inode)
{
	void *upper = NULL;

	if (FIELD(known, inode, i_sb, s_magic) != OVERLAYFS_SUPER_MAGIC)
		return 0;
	bpf_probe_read_kernel(&upper, sizeof(upper),
			      (void *)inode + bpf_core_type_size(struct inode));
	return upper ? VDT_FILE_UPPER : VDT_FILE_LOWER;
}

/* All but the flags. */
static __always_inline void inode_collect(bool known, struct inode *inode, struct vdt_file *out)
{
	out->inode = FIELD(known, inode, i_ino);
	out->ctime_ns = compat_ctime(known, inode);
	out->mtime_ns = compat_mtime(known, inode);
	out->dev = FIELD(known, inode, i_sb, s_dev);
	out->uid = FIELD(known, inode, i_uid.val);
	out->gid = FIELD(known, inode, i_gid.val);
	out->nlink = FIELD(known, inode, i_nlink);
	out->mode = FIELD(known, inode, i_mode);
}

/* d_unlinked(): not in the hash table; a root never was in it. */
static __always_inline bool is_unlinked(bool known, struct dentry *dentry)
{
	return !FIELD(known, dentry, d_hash.pprev) && FIELD(known, dentry, d_parent) != dentry;
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
	bool known; /* see FIELD(), also of the inode that goes with it; a constant */
};

/* Appends the path, and sets those of the flags that say what it is worth. */
static __always_inline void place_path(struct scratch *s, struct task_struct *task,
				       const struct place *at, struct inode *inode,
				       struct vdt_file *out, u16 path_kind)
{
	out->flags |= overlay_flags(at->known, inode);
	out->flags |= item_path(s, path_kind, task, at->mnt, at->dentry);
}

/* Fills the rest of `out`, and appends the file system's name. */
static __always_inline void place_facts(struct scratch *s, const struct place *at,
					struct inode *inode, struct vdt_file *out,
					u16 filesystem_kind)
{
	const char *filesystem = FIELD(at->known, inode, i_sb, s_type, name);

	inode_collect(at->known, inode, out);
	out->mount_id = mount_id_of(at->mnt);
	if (out->nlink == 0 || is_unlinked(at->known, at->dentry))
		out->flags |= VDT_FILE_DELETED;
	item_kernel_string(s, filesystem_kind, filesystem, FILESYSTEM_NAME_MAX);
}

/* Both. `out` is in the record's fixed part. */
static __always_inline void place_collect(struct scratch *s, struct task_struct *task,
					  const struct place *at, struct inode *inode,
					  struct vdt_file *out, u16 path_kind, u16 filesystem_kind)
{
	place_path(s, task, at, inode, out, path_kind);
	place_facts(s, at, inode, out, filesystem_kind);
}

static __always_inline struct place place_of_file(bool known, struct file *file)
{
	struct path path = {};

	if (known)
		return (struct place){file->f_path.mnt, file->f_path.dentry, true};
	bpf_core_read(&path, sizeof(path), &file->f_path);
	return (struct place){path.mnt, path.dentry, false};
}

/* The same of an open file. */
static __always_inline void file_collect(struct scratch *s, struct task_struct *task, bool known,
					 struct file *file, struct vdt_file *out, u16 path_kind,
					 u16 filesystem_kind)
{
	struct place at = place_of_file(known, file);

	place_collect(s, task, &at, FIELD(known, file, f_inode), out, path_kind, filesystem_kind);
}

#endif
