/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A file that one program saw and a later one, of the same task, tells about: collected where the kernel has the object
 * in its hands, and added to a record when it is known what became of it.
 */
#ifndef VEDETTE_BPF_KEPT_H
#define VEDETTE_BPF_KEPT_H

#include "file.h"

struct kept_file {
	struct vdt_file file;
	u32 path_len;
	u32 nr; /* of the system call in which it was seen, where that matters */
	u8 filesystem[FILESYSTEM_NAME_MAX];
	u8 path[VDT_PATH_MAX];
};

/*
 * Collects into the record area of `s`, whose record is never committed: a map's value cannot be built on the stack.
 * `inode` may be NULL: the name is still free. Returns NULL when the path cannot be read.
 */
static __always_inline struct kept_file *kept_build(struct scratch *s, struct task_struct *task,
						    const struct place *at, struct inode *inode)
{
	struct kept_file *kept = (void *)s->record;
	struct vfsmount *mnt = at->mnt;
	u32 begin;

	__builtin_memset(&kept->file, 0, sizeof(kept->file));
	__builtin_memset(kept->filesystem, 0, sizeof(kept->filesystem));
	kept->nr = 0;
	s->len = sizeof(*kept); /* items go behind it and are not used */
	if (inode) {
		inode_collect(at->known, inode, &kept->file);
		kept->file.flags |= overlay_flags(at->known, inode);
	}
	kept->file.mount_id = mount_id_of(at->mnt);
	if (inode && (kept->file.nlink == 0 || is_unlinked(at->known, at->dentry)))
		kept->file.flags |= VDT_FILE_DELETED;
	kept->file.flags |= item_path(s, VDT_ITEM_PATH, task, at->mnt, at->dentry);
	bpf_probe_read_kernel_str(kept->filesystem, sizeof(kept->filesystem),
				  FIELD(at->known, mnt, mnt_sb, s_type, name));
	begin = s->walk.begin;
	barrier_var(begin);
	if (begin >= VDT_PATH_MAX)
		return NULL;
	kept->path_len = VDT_PATH_MAX - begin;
	bpf_probe_read_kernel(kept->path, VDT_PATH_MAX - begin, s->walk.text + begin);
	return kept;
}

/* Fills `out` (in the record's fixed part) and appends the items. */
static __always_inline void kept_collect(struct scratch *s, const struct kept_file *kept,
					 struct vdt_file *out, u16 path_kind, u16 filesystem_kind)
{
	*out = kept->file;
	if (item_bytes(s, path_kind, kept->path, kept->path_len, VDT_PATH_MAX))
		count(miss[VDT_MISS_PATH]);
	item_kernel_string(s, filesystem_kind, kept->filesystem, FILESYSTEM_NAME_MAX);
}

#endif
