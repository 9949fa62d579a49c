/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Trampoline backend of calls on named files: what the look-up of the name found. The event itself is made at the end of
 * the system call, by the same handler as without trampolines.
 */
#include "../lib/seen.h"

static __always_inline void see_path(u16 type, const struct path *path)
{
	struct place at = {.mnt = path->mnt, .dentry = path->dentry, .known = true};

	see_file(type, &at, at.dentry->d_inode, 0);
}

/* A name in a directory; `inode`: of the file that has it, or will have it. */
static __always_inline void see_entry(u16 type, const struct path *dir, struct dentry *dentry,
				      struct inode *inode, u32 second)
{
	struct place at = {.mnt = dir->mnt, .dentry = dentry, .known = true};

	see_file(type, &at, inode, second);
}

SEC("fentry/security_path_chmod")
int BPF_PROG(see_chmod, const struct path *path)
{
	see_path(VDT_CHMOD, path);
	return 0;
}

SEC("fentry/security_path_chown")
int BPF_PROG(see_chown, const struct path *path)
{
	see_path(VDT_CHOWN, path);
	return 0;
}

SEC("fentry/vfs_utimes")
int BPF_PROG(see_utimes, const struct path *path)
{
	see_path(VDT_UTIMES, path);
	return 0;
}

SEC("fentry/security_path_mkdir")
int BPF_PROG(see_mkdir, const struct path *dir, struct dentry *dentry)
{
	see_entry(VDT_MKDIR, dir, dentry, dentry->d_inode, 0);
	return 0;
}

SEC("fentry/security_path_rmdir")
int BPF_PROG(see_rmdir, const struct path *dir, struct dentry *dentry)
{
	see_entry(VDT_RMDIR, dir, dentry, dentry->d_inode, 0);
	return 0;
}

SEC("fentry/security_path_unlink")
int BPF_PROG(see_unlink, const struct path *dir, struct dentry *dentry)
{
	see_entry(VDT_UNLINK, dir, dentry, dentry->d_inode, 0);
	return 0;
}

SEC("fentry/security_path_rename")
int BPF_PROG(see_rename, const struct path *old_dir, struct dentry *old_dentry,
	     const struct path *new_dir, struct dentry *new_dentry)
{
	see_entry(VDT_RENAME, old_dir, old_dentry, old_dentry->d_inode, 0);
	see_entry(VDT_RENAME, new_dir, new_dentry, old_dentry->d_inode, 1);
	return 0;
}

/* The old name has the mount of the new one: links do not cross mounts. */
SEC("fentry/security_path_link")
int BPF_PROG(see_link, struct dentry *old_dentry, const struct path *new_dir,
	     struct dentry *new_dentry)
{
	see_entry(VDT_LINK, new_dir, old_dentry, old_dentry->d_inode, 0);
	see_entry(VDT_LINK, new_dir, new_dentry, old_dentry->d_inode, 1);
	return 0;
}
