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

/* Drops, and counts, what no rule on opens could match. `file` NULL: open_name_is_filtered() looks at the name. */
static __always_inline bool open_is_filtered(struct file *file, u32 flags)
{
	struct vdt_filters *f = filters_now();

	if (!f || !f->type[VDT_OPEN].deny || !file || flags_approved(&f->type[VDT_OPEN], flags) ||
	    file_approved(f, VDT_OPEN, file))
		return false;
	count(seen[VDT_OPEN]);
	count(filtered[VDT_OPEN]);
	return true;
}

/* The end of a path of `len` bytes, the last item of the record. Length 0 when it has no name of its own ("/", "." and
 * "..") or a long one. */
static __always_inline void last_element(struct scratch *s, u32 len, struct filter_name *out)
{
	u32 n = 0;

	out->len = 0;
	for (u32 i = 0; i < FILTER_NAME_MAX; i++) {
		u32 at = s->len - 1 - i;

		barrier_var(at);
		if (i >= len || at >= VDT_RECORD_MAX || s->record[at] == '/')
			break;
		n = i + 1;
	}
	/* Through memory, so that the verifier forgets how the loop ended and looks at what follows once. */
	*(volatile u32 *)&s->found = n;
	n = *(volatile u32 *)&s->found;
	if (n < 3 || n >= FILTER_NAME_MAX)
		return;
	if (bpf_probe_read_kernel(out->text, n, s->record + ((s->len - n) & 0xffff)))
		return;
	out->len = n;
}

/* The same for a call that failed, once its name of `len` bytes is in the record; its directory is not looked at. */
static __always_inline bool open_name_is_filtered(struct scratch *s, u32 flags, u32 len)
{
	struct vdt_filters *f = filters_now();
	struct filter_name name;

	if (!f || !f->type[VDT_OPEN].deny || flags_approved(&f->type[VDT_OPEN], flags) ||
	    f->type[VDT_OPEN].approvers & VDT_APPROVE_PARENT)
		return false;
	last_element(s, len, &name);
	if (name_approved(f, VDT_OPEN, &name, true))
		return false;
	count(filtered[VDT_OPEN]);
	return true;
}

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
