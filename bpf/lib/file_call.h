/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The files of a finished system call. A descriptor and a working directory lead to the kernel's own object. A name does
 * not: nothing is left of its look-up but what trampolines saw of it (seen.h). Without them the record has the name, as
 * the caller's memory has it now, and the directory it starts from.
 */
#ifndef VEDETTE_BPF_FILE_CALL_H
#define VEDETTE_BPF_FILE_CALL_H

#include "discard.h"
#include "seen.h"

#include "../abi/file_records.h"

#define AT_SYMLINK_NOFOLLOW 0x100
#define AT_SYMLINK_FOLLOW 0x400
#define AT_EMPTY_PATH 0x1000

enum name_use {
	NAME_NEEDED = 0,
	NAME_MAY_BE_EMPTY = 1, /* AT_EMPTY_PATH: then it is `dirfd` itself */
	NAME_NONE = 2,	       /* always `dirfd` itself */
};

/* Which file a call is about, in its caller's words. */
struct file_argument {
	const char *name;
	s32 dirfd;
	u16 use;  /* enum name_use */
	u16 link; /* VDT_FILE_LINK, or 0 */
};

/* Item kinds of the first or the second file of a record. */
struct file_items {
	u16 path, filesystem, argument, directory;
	u16 second; /* 0 or 1 */
};

#define FIRST_FILE                                                                                 \
	((struct file_items){VDT_ITEM_PATH, VDT_ITEM_FILESYSTEM, VDT_ITEM_SYSCALL_PATH,            \
			     VDT_ITEM_CWD, 0})
#define SECOND_FILE                                                                                \
	((struct file_items){VDT_ITEM_PATH2, VDT_ITEM_FILESYSTEM2, VDT_ITEM_SYSCALL_PATH2,         \
			     VDT_ITEM_CWD2, 1})

static __always_inline struct file_argument by_name(u64 name)
{
	return (struct file_argument){.name = (void *)name, .dirfd = AT_FDCWD};
}

/* The same, but of the last element itself. */
static __always_inline struct file_argument by_entry(u64 name)
{
	return (struct file_argument){
		.name = (void *)name, .dirfd = AT_FDCWD, .link = VDT_FILE_LINK};
}

static __always_inline struct file_argument by_descriptor(u64 fd)
{
	return (struct file_argument){.dirfd = (s32)fd, .use = NAME_NONE};
}

static __always_inline struct file_argument by_name_at(u64 dirfd, u64 name, u32 at_flags)
{
	return (struct file_argument){
		.name = (void *)name,
		.dirfd = (s32)dirfd,
		.use = at_flags & AT_EMPTY_PATH ? NAME_MAY_BE_EMPTY : NAME_NEEDED,
		.link = at_flags & AT_SYMLINK_NOFOLLOW ? VDT_FILE_LINK : 0,
	};
}

static __always_inline struct file_argument by_entry_at(u64 dirfd, u64 name)
{
	return by_name_at(dirfd, name, AT_SYMLINK_NOFOLLOW);
}

/* Appends the name; returns its first byte, or 0. */
static __always_inline u8 item_argument(struct scratch *s, u16 kind, const char *name)
{
	u8 *room = item_room(s, VDT_PATH_MAX);
	long len = room ? bpf_probe_read_user_str(room, VDT_PATH_MAX, name) : -1;

	if (len <= 0) {
		count(miss[VDT_MISS_SYSCALL]);
		return 0;
	}
	item_close(s, room, kind, (u32)len - 1);
	return room[0];
}

/* What `dirfd` stands for; false when it is not open, or another thread closed it meanwhile. */
static __always_inline bool place_of_descriptor(struct task_struct *task, s32 dirfd,
						struct place *out)
{
	if (dirfd == AT_FDCWD) {
		out->mnt = BPF_CORE_READ(task, fs, pwd.mnt);
		out->dentry = BPF_CORE_READ(task, fs, pwd.dentry);
	} else {
		*out = place_of_file(false, file_of_descriptor(task, dirfd));
	}
	return out->mnt && out->dentry;
}

/* What the record has come to say of a file, for the filters. */
struct collected {
	struct text_place path; /* in full, or as passed */
	struct text_place base; /* where a relative one begins; empty: not known */
};

/* Fills `out` (in the record's fixed part) and appends the items of the file. */
static __always_inline struct collected
argument_collect(struct scratch *s, struct task_struct *task, struct pt_regs *regs,
		 const struct file_argument *argument, struct vdt_file *out,
		 struct file_items items)
{
	struct collected said = {};
	struct place at = {};
	u32 before = s->len;
	u8 first = 0;

	out->flags = VDT_FILE_NO_INODE | argument->link;
	if (argument->use != NAME_NONE)
		first = item_argument(s, items.argument, argument->name);
	if (first)
		said.path = text_since(s, before);
	before = s->len;
	if (seen_collect(s, task, syscall_number(regs), items.second, out, items.path,
			 items.filesystem)) {
		said.path = first_text_since(s, before, items.path);
		return said;
	}
	if (first == '/' || !place_of_descriptor(task, argument->dirfd, &at))
		return said;
	if (first) {
		item_path(s, items.directory, task, at.mnt, at.dentry);
		said.base = text_since(s, before);
		return said;
	}
	if (argument->use == NAME_NEEDED)
		return said; /* an error, or the name cannot be read */
	out->flags = 0;
	place_collect(s, task, &at, inode_of(at.dentry), out, items.path, items.filesystem);
	said.path = first_text_since(s, before, items.path);
	return said;
}

/* False: no rule on `type` is about a file of this name. */
static __always_inline bool collected_approved(struct scratch *s,
					       const struct vdt_type_filter *filter, u16 type,
					       const struct vdt_file *file,
					       const struct collected *said)
{
	return file->flags & (VDT_FILE_TRUNCATED | VDT_FILE_MEMFD) ||
	       path_approved(s, filter, type, file, said->path, said->base);
}

/* NULL: counted as lost or filtered. The caller fills the rest, then file_call_commit(). */
static __always_inline struct scratch *file_call_begin(u16 type, struct task_struct *task,
						       bool compat, long ret,
						       const struct file_argument *file)
{
	struct vdt_file_call *out;
	struct scratch *s;

	if (is_filtered(type, task, &NO_NUMBERS))
		return NULL;
	s = record_begin(type, compat ? VDT_F_COMPAT : 0, sizeof(struct vdt_file_call));
	if (!s)
		return NULL;
	out = record_fixed(s);
	out->retval = ret;
	out->dirfd = file->dirfd;
	return s;
}

static __always_inline void file_call_commit(struct scratch *s, struct task_struct *task,
					     struct pt_regs *regs, const struct file_argument *file,
					     u16 type)
{
	struct vdt_file_call *out = record_fixed(s);

	struct collected said = argument_collect(s, task, regs, file, &out->file, FIRST_FILE);
	const struct vdt_type_filter *filter = names_decide(type, task, &NO_NUMBERS);

	if (filter && !collected_approved(s, filter, type, &out->file, &said))
		record_filter(s, type);
	else if (is_discarded(s, type, &out->file, said.path))
		record_discard(s, type);
	else
		record_commit(s, type);
}

/* A call with two files. */
static __always_inline void two_files_output(u16 type, struct pt_regs *regs, bool compat, long ret,
					     const struct file_argument *file,
					     const struct file_argument *destination)
{
	struct task_struct *task = current_task();
	const struct vdt_type_filter *filter;
	struct collected first, second;
	struct vdt_two_files *out;
	struct scratch *s;

	if (is_filtered(type, task, &NO_NUMBERS))
		return;
	s = record_begin(type, compat ? VDT_F_COMPAT : 0, sizeof(struct vdt_two_files));
	if (!s)
		return;
	out = record_fixed(s);
	out->retval = ret;
	first = argument_collect(s, task, regs, file, &out->file, FIRST_FILE);
	second = argument_collect(s, task, regs, destination, &out->destination, SECOND_FILE);
	filter = names_decide(type, task, &NO_NUMBERS);
	if (filter && !collected_approved(s, filter, type, &out->file, &first) &&
	    !collected_approved(s, filter, type, &out->destination, &second))
		record_filter(s, type);
	else
		record_commit(s, type);
}

#endif
