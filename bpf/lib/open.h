/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What both backends do with an open: a file that exists now, or a name that could not be opened. */
#ifndef VEDETTE_BPF_OPEN_H
#define VEDETTE_BPF_OPEN_H

#include "file.h"
#include "syscall.h"

struct open_call {
	long ret;
	u32 flags;
	u32 mode;
	s32 dirfd;
	u16 record_flags;
};

static __always_inline struct scratch *open_begin(struct task_struct *task,
						  const struct open_call *call)
{
	struct scratch *s =
		record_begin(VDT_OPEN, call->record_flags, task, sizeof(struct vdt_open));
	struct vdt_open *out;

	if (!s)
		return NULL;
	out = record_fixed(s);
	out->retval = call->ret;
	out->flags = call->flags;
	out->mode = call->mode;
	out->dirfd = (u32)call->dirfd;
	return s;
}

static __always_inline void open_file(struct scratch *s, struct task_struct *task,
				      struct file *file)
{
	struct vdt_open *out = record_fixed(s);

	if (file)
		file_collect(s, task, file, &out->file, VDT_ITEM_PATH, VDT_ITEM_FILESYSTEM);
	else
		out->file.flags = VDT_FILE_NO_INODE;
}

/* Appends where a relative name starts, so that user space can join: `dirfd` or the working directory. */
static __always_inline void open_base(struct scratch *s, struct task_struct *task, s32 dirfd)
{
	struct vfsmount *mnt;
	struct dentry *dentry;

	if (dirfd == AT_FDCWD) {
		mnt = BPF_CORE_READ(task, fs, pwd.mnt);
		dentry = BPF_CORE_READ(task, fs, pwd.dentry);
	} else {
		struct file *base = file_of_descriptor(task, dirfd);

		if (!base)
			return;
		mnt = BPF_CORE_READ(base, f_path.mnt);
		dentry = BPF_CORE_READ(base, f_path.dentry);
	}
	item_path(s, VDT_ITEM_CWD, task, mnt, dentry);
}

#endif
