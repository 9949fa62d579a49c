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
	struct vdt_filters *f = filters_now();

	return f && f->type[type].discarders & kinds;
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

/* Commits the record, or drops it and counts. */
static __always_inline void record_commit_useful(struct scratch *s, u16 type,
						 const struct vdt_file *file,
						 struct text_place path)
{
	if (is_discarded(s, type, file, path)) {
		count(discarded[type]);
		record_drop(s);
		return;
	}
	record_commit(s, type);
}

#endif
