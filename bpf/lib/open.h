/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What both backends do with an open: a file that exists now, or a name that could not be opened. */
#ifndef VEDETTE_BPF_OPEN_H
#define VEDETTE_BPF_OPEN_H

#include "discard.h"
#include "syscall.h"

struct open_call {
	long ret;
	u32 flags;
	u32 mode;
	s32 dirfd;
	u16 record_flags;
};

static __always_inline struct event_numbers open_numbers(struct file *file, u32 flags)
{
	struct event_numbers numbers = {.value[VDT_OPEN_FLAGS] = flags};
	struct vdt_filters *f = filters_now();
	struct inode *inode;

	/* Rules that ask for it are rare, and so is this. */
	if (file && f->type[VDT_OPEN].approvers & VDT_APPROVE_NUMBER(VDT_OPEN_UPPER)) {
		inode = BPF_CORE_READ(file, f_inode);
		numbers.value[VDT_OPEN_UPPER] = overlay_flags(false, inode) == VDT_FILE_UPPER;
	}
	return numbers;
}

/*
 * Drops, and counts, what no rule on opens could match. `file` NULL: open_commit() looks at the name. `known`: see FIELD().
 */
static __always_inline bool open_is_filtered(struct task_struct *task, struct file *file, u32 flags,
					     bool known)
{
	struct event_numbers numbers = open_numbers(file, flags);

	return is_filtered(VDT_OPEN, task, &numbers) ||
	       (file && known_is_filtered(VDT_OPEN, task, file, &numbers, known));
}

/* The header comes when it is known that the record is of use. */
static __always_inline struct scratch *open_begin(u64 cgroup_id, const struct open_call *call)
{
	struct scratch *s = record_claim(VDT_OPEN, cgroup_id, sizeof(struct vdt_open));
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

/* Of the current task. */
static __always_inline void open_finish(struct scratch *s, const struct open_call *call)
{
	header_fill((void *)s->record, VDT_OPEN, call->record_flags);
	record_commit(s, VDT_OPEN);
}

/* False: no rule needs the event, and the record is gone. `file` NULL: it has none; `known`: see FIELD(). */
static __always_inline bool open_file(struct scratch *s, struct task_struct *task, bool known,
				      struct file *file)
{
	struct vdt_open *out = record_fixed(s);
	struct event_numbers numbers = open_numbers(NULL, out->flags);

	if (file)
		return useful_file_collect(s, VDT_OPEN, task, known, file, &numbers, &out->file);
	out->file.flags = VDT_FILE_NO_INODE;
	return true;
}

/* The same when all there is of the file is the name that was passed; `base`: where a relative one begins. */
static __always_inline bool open_name(struct scratch *s, struct task_struct *task,
				      struct text_place name, struct text_place base)
{
	struct vdt_open *out = record_fixed(s);
	struct event_numbers numbers = open_numbers(NULL, out->flags);
	const struct vdt_type_filter *filter = names_decide(VDT_OPEN, task, &numbers);

	if (!filter || path_approved(s, filter, VDT_OPEN, &out->file, name, base))
		return true;
	record_filter(s, VDT_OPEN);
	return false;
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
