/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Discarders: an event with the same path, or the same other text, matched no rule, and by that text alone none could. They
 * are looked at last, when the record has the text. The key is the text and not an inode's number: a file that is renamed,
 * linked, replaced or mounted over has another path, or another file has this one, and no rule matches that path still.
 */
#ifndef VEDETTE_BPF_DISCARD_H
#define VEDETTE_BPF_DISCARD_H

#include "filter_name.h"

/* discard.bpf.c; global functions, as above. */

/* Whether events of `type` about the path of `len` bytes at `at` of the record of scratch `slot` are of no use. */
extern int path_discarded(u32 slot, u32 at, u32 len, u32 type);
/* The same of another text, by its kind. */
extern int text_discarded(u32 slot, u32 at, u32 len, u32 type_and_kind);

#define TYPE_AND_KIND(type, kind) ((type) | (kind) << 16)

static __always_inline bool has_discarders(u16 type, u32 kinds)
{
	return filters_now()->type[type].discarders & kinds;
}

/*
 * `path` was appended for `file`. What has a path of its own making passes, and on overlayfs everything: there a rule's
 * path may be the one below the mount, and another mount may come in its place.
 */
static __always_inline bool is_discarded(struct scratch *s, u16 type, const struct vdt_file *file,
					 struct text_place path)
{
	u32 kinds = 1 << VDT_DISCARD_PATH | 1 << VDT_DISCARD_PARENT;

	if (!has_discarders(type, kinds) || path.begin >= path.end ||
	    file->flags & (VDT_FILE_NO_INODE | VDT_FILE_TRUNCATED | VDT_FILE_MEMFD |
			   VDT_FILE_UPPER | VDT_FILE_LOWER))
		return false;
	return path_discarded(s->slot, path.begin, path.end - path.begin, type);
}

static __always_inline void record_filter(struct scratch *s, u16 type)
{
	count(filtered[type]);
	record_drop(s);
}

static __always_inline void record_discard(struct scratch *s, u16 type)
{
	count(discarded[type]);
	record_drop(s);
}

/*
 * Appends the path of the event's file, then the rest that is known of it. False: the path was enough to see that no rule
 * needs the event, and the record is dropped and counted.
 */
static __always_inline bool
useful_file_collect(struct scratch *s, u16 type, struct task_struct *task, bool known,
		    struct file *file, const struct event_numbers *numbers, struct vdt_file *out)
{
	struct place at = place_of_file(known, file);
	struct inode *inode = FIELD(known, file, f_inode);
	u32 before = s->len;
	struct text_place path;

	place_path(s, task, &at, inode, out, VDT_ITEM_PATH);
	path = first_text_since(s, before, VDT_ITEM_PATH);
	if (path_is_filtered(s, type, task, numbers, out, path)) {
		record_filter(s, type);
		return false;
	}
	if (is_discarded(s, type, out, path)) {
		record_discard(s, type);
		return false;
	}
	place_facts(s, &at, inode, out, VDT_ITEM_FILESYSTEM);
	return true;
}

#endif
