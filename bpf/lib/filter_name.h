/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Approvers by the name of a file, or of its directory. A file is judged by the kernel's object, or by the text that is in
 * the record already: never by memory that its owner could change between this decision and the event.
 */
#ifndef VEDETTE_BPF_FILTER_NAME_H
#define VEDETTE_BPF_FILTER_NAME_H

#include "file.h"
#include "filter.h"

/* filter_name.bpf.c; global functions, so that each is verified once a program. They work on scratch `slot`. */

/* Whether the name there is one that a rule of `type` is about. `kind`: VDT_NAME_IS with all that names may have, _PARENT,
 * _TEXT. A name that is not known is. */
extern int name_approved(u32 slot, u32 type, u32 kind);
/* Makes the name the element of the record that ends before `end` and begins after a slash, or at `begin`; unknown when
 * it is long or stands for another one. Returns where it begins. */
extern int take_element(u32 slot, u32 begin, u32 end);
/* Makes the name all that is between them. */
extern int take_text(u32 slot, u32 begin, u32 end);

/* What makes a path another text than the one that rules with a beginning of it are about. */
#define VDT_FILE_PATH_UNSURE                                                                       \
	(VDT_FILE_NO_INODE | VDT_FILE_TRUNCATED | VDT_FILE_MEMFD | VDT_FILE_UPPER |                \
	 VDT_FILE_LOWER | VDT_FILE_UNREACHABLE | VDT_FILE_DETACHED)

static __always_inline void take_name(struct scratch *s, const unsigned char *name, u32 len)
{
	long read = bpf_probe_read_kernel_str(s->name.text, sizeof(s->name.text), name);

	s->name.len = read == (long)len + 1 ? len : 0;
}

/* Makes the name that of a dentry, and returns its parent; NULL: there is no such dentry. `known`: see FIELD(). */
static __always_inline struct dentry *take_dentry(struct scratch *s, bool known,
						  struct dentry *dentry)
{
	const struct dentry_head *head = &s->name.head;
	u32 len;

	if (known) {
		take_name(s, dentry->d_name.name, dentry->d_name.len);
		return dentry->d_parent;
	}
	if (!dentry_read(dentry, &s->name.head))
		return NULL;
	len = head->name.len;
	if (name_came(dentry, head))
		s->name.len = s->name.text[len & (INLINE_NAME - 1)] ? 0 : len;
	else
		take_name(s, head->name.name, len);
	return head->parent;
}

/*
 * Whether an open file may be one that a rule is about. Where a mount begins the path has the mount point's name and not
 * the dentry's, and a file that never had a name has one of its own making: both pass.
 */
static __always_inline bool file_approved(struct scratch *s, const struct vdt_type_filter *filter,
					  u16 type, struct file *file, bool known)
{
	struct place at = place_of_file(known, file);
	struct vfsmount *mnt = at.mnt;
	struct dentry *root = FIELD(known, mnt, mnt_root);
	struct dentry *parent;

	if (at.dentry == root)
		return true;
	parent = take_dentry(s, known, at.dentry);
	if (!parent || parent == at.dentry || name_approved(s->slot, type, VDT_NAME_IS))
		return true;
	if (!(filter->approvers & VDT_APPROVE_PARENT))
		return false;
	return parent == root || !take_dentry(s, known, parent) ||
	       name_approved(s->slot, type, VDT_NAME_PARENT);
}

/*
 * The same before there is a record, with what else decides. Drops and counts. `file` NULL: the event is about none; see
 * FIELD() of `known`.
 */
static __always_inline bool known_is_filtered(u16 type, struct task_struct *task, struct file *file,
					      const struct event_numbers *numbers, bool known)
{
	const struct vdt_type_filter *filter = names_decide(type, task, numbers);
	bool approved = false;
	struct scratch *s;

	if (!filter)
		return false;
	if (file) {
		s = scratch_claim();
		if (!s)
			return false;
		approved = file_approved(s, filter, type, file, known);
		scratch_release(s);
	}
	/* Where the file is will be known when the record has its path: path_is_filtered(). */
	if (approved || (file && filter->approvers & VDT_APPROVE_PATH))
		return false;
	count(seen[type]);
	count(filtered[type]);
	return true;
}

static __always_inline bool file_is_filtered(u16 type, struct task_struct *task, struct file *file,
					     const struct event_numbers *numbers)
{
	return known_is_filtered(type, task, file, numbers, false);
}

/* Text of the record, begin and end. */
struct text_place {
	u32 begin, end;
};

/* Of the one item that was appended since the record was `before` bytes long; empty when none was. */
static __always_inline struct text_place text_since(const struct scratch *s, u32 before)
{
	return (struct text_place){.begin = before + sizeof(struct vdt_item), .end = s->len};
}

/* Of the first item of several, when it is of this kind. */
static __always_inline struct text_place first_text_since(struct scratch *s, u32 before, u16 kind)
{
	struct text_place out = {};
	struct vdt_item *item;

	barrier_var(before);
	if (before >= s->len || before > VDT_RECORD_MAX - sizeof(*item))
		return out;
	item = (void *)s->record + before;
	if (item->kind != kind)
		return out;
	out.begin = before + sizeof(*item);
	out.end = out.begin + item->len;
	return out;
}

static __always_inline bool beginning_approved(struct scratch *s, u16 type,
					       const struct vdt_file *file, struct text_place path)
{
	u32 len = path.end - path.begin;

	if (file->flags & VDT_FILE_PATH_UNSURE)
		return true;
	take_text(s->slot, path.begin, path.begin + (len < VDT_PREFIX_MAX ? len : VDT_PREFIX_MAX));
	return name_approved(s->slot, type, VDT_PATH_BEGINS);
}

/*
 * Whether a path of the record, of `file`, may be one that a rule is about. `base`: where a path that is a single name
 * begins; empty: not known.
 */
static __always_inline bool path_approved(struct scratch *s, const struct vdt_type_filter *filter,
					  u16 type, const struct vdt_file *file,
					  struct text_place path, struct text_place base)
{
	u32 at;

	if (path.begin >= path.end)
		return true;
	if (filter->approvers & VDT_APPROVE_PATH && beginning_approved(s, type, file, path))
		return true;
	at = take_element(s->slot, path.begin, path.end);
	if (name_approved(s->slot, type, VDT_NAME_IS))
		return true;
	if (!(filter->approvers & VDT_APPROVE_PARENT))
		return false;
	if (at > path.begin)
		take_element(s->slot, path.begin, at - 1);
	else if (base.begin < base.end)
		take_element(s->slot, base.begin, base.end);
	else
		return true;
	return name_approved(s->slot, type, VDT_NAME_PARENT);
}

/* Of an event that passed file_is_filtered(): whether it did so only because its path was not known yet. */
static __always_inline bool path_is_filtered(struct scratch *s, u16 type, struct task_struct *task,
					     const struct event_numbers *numbers,
					     const struct vdt_file *file, struct text_place path)
{
	const struct vdt_type_filter *filter = names_decide(type, task, numbers);

	return filter && filter->approvers & VDT_APPROVE_PATH &&
	       !path_approved(s, filter, type, file, path, (struct text_place){});
}

#endif
