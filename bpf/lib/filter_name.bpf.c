/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The loops over the bytes of a name: each verified once, not at each place that calls it. */
#include "filter_name.h"

#define NAME_MASK (FILTER_NAME_MAX - 1)
#define BYTES_A_CALL 16

_Static_assert(FILTER_NAME_MAX % BYTES_A_CALL == 0 && VDT_PREFIX_MAX % BYTES_A_CALL == 0 &&
		       VDT_PREFIX_MAX == 32,
	       "the loops end with a whole call, and lengths have a bit each");

static __always_inline struct scratch *scratch_of(u32 slot)
{
	return bpf_map_lookup_elem(&scratches, &slot);
}

/* Global as well: within the loops below every end of this one would be another path to verify. */
__noinline int name_listed(u64 hash, u32 type, u32 kind)
{
	struct vdt_filters *f = filters_now();
	u64 key = vdt_name_key(hash, type, kind);

	for (u32 i = 0; i < VDT_NAME_PROBES; i++) {
		u64 slot = f->names[(key + i) & (VDT_NAME_SLOTS - 1)];

		if (slot == key)
			return 1;
		if (!slot)
			return 0;
	}
	return 1;
}

/*
 * The loops are divided as those of path_walk.bpf.c: a global function takes some bytes, another calls it until the name
 * ends. Bytes from `at` on, into the name's hash; with `lengths` one of the beginnings they make may be listed as `begins`.
 */
__noinline int name_some_forwards(u32 slot, u32 at, u32 type, u32 lengths, u32 begins)
{
	struct scratch *s = scratch_of(slot);
	u64 hash;

	if (!s)
		return 1;
	hash = s->name.hash;
	for (u32 i = 0; i < BYTES_A_CALL; i++, at++) {
		if (at >= s->name.len)
			break;
		hash = (hash ^ s->name.text[at & NAME_MASK]) * VDT_HASH_STEP;
		if (at < VDT_PREFIX_MAX && lengths >> at & 1 && name_listed(hash, type, begins))
			return 1;
	}
	s->name.hash = hash;
	return 0;
}

/* The whole name as `kind`, or with `lengths` one of its beginnings as kind `begins`. */
__noinline int name_forwards(u32 slot, u32 type, u32 kind, u32 lengths, u32 begins)
{
	struct scratch *s = scratch_of(slot);

	if (!s)
		return 1;
	s->name.hash = VDT_HASH_START;
	for (u32 at = 0; at < FILTER_NAME_MAX; at += BYTES_A_CALL) {
		if (at >= s->name.len)
			break;
		if (name_some_forwards(slot, at, type, lengths, begins))
			return 1;
	}
	return name_listed(s->name.hash, type, kind);
}

__noinline int name_some_backwards(u32 slot, u32 at, u32 type, u32 lengths)
{
	struct scratch *s = scratch_of(slot);
	u64 hash;

	if (!s)
		return 1;
	hash = s->name.hash;
	for (u32 i = 0; i < BYTES_A_CALL; i++, at++) {
		u32 len = s->name.len;

		if (at >= len)
			break;
		hash = (hash ^ s->name.text[(len - 1 - at) & NAME_MASK]) * VDT_HASH_STEP;
		if (lengths >> (at & 31) & 1 && name_listed(hash, type, VDT_NAME_ENDS))
			return 1;
	}
	s->name.hash = hash;
	return 0;
}

/* With `lengths` one of the name's ends. */
__noinline int name_backwards(u32 slot, u32 type, u32 lengths)
{
	struct scratch *s = scratch_of(slot);

	if (!s)
		return 1;
	s->name.hash = VDT_HASH_START;
	for (u32 at = 0; at < VDT_PREFIX_MAX; at += BYTES_A_CALL) {
		if (at >= s->name.len)
			break;
		if (name_some_backwards(slot, at, type, lengths))
			return 1;
	}
	return 0;
}

__noinline int name_approved(u32 slot, u32 type, u32 kind)
{
	struct scratch *s = scratch_of(slot);
	const struct vdt_type_filter *filter = filter_of(type);

	if (!s || !filter || s->name.len == 0)
		return 1;
	if (kind == VDT_PATH_BEGINS)
		return name_forwards(slot, type, kind, filter->path_lengths, kind);
	if (kind != VDT_NAME_IS)
		return name_forwards(slot, type, kind, 0, 0);
	return name_forwards(slot, type, kind, filter->prefix_lengths, VDT_NAME_BEGINS) ||
	       (filter->suffix_lengths && name_backwards(slot, type, filter->suffix_lengths));
}

/* "", "." and ".." are other files, by a way that is not looked at. */
static __always_inline bool is_own_name(const struct filter_name *name, u32 len)
{
	return len > 2 || (len == 2 && (name->text[0] != '.' || name->text[1] != '.')) ||
	       (len == 1 && name->text[0] != '.');
}

/* How many of the next bytes before `end` belong to the element; with fewer than BYTES_A_CALL it begins there. */
__noinline int element_bytes(u32 slot, u32 begin, u32 end)
{
	struct scratch *s = scratch_of(slot);
	u32 i;

	if (!s)
		return 0;
	for (i = 0; i < BYTES_A_CALL; i++) {
		u32 at = end - 1 - i;

		barrier_var(at);
		if (at < begin || at >= VDT_RECORD_MAX || s->record[at] == '/')
			break;
	}
	return i;
}

__noinline int take_element(u32 slot, u32 begin, u32 end)
{
	struct scratch *s = scratch_of(slot);
	u32 n = 0;

	if (!s)
		return 0;
	s->name.len = 0;
	for (u32 i = 0; i < FILTER_NAME_MAX / BYTES_A_CALL; i++) {
		u32 found = element_bytes(slot, begin, end - n);

		n += found;
		if (found != BYTES_A_CALL)
			break;
	}
	if (n == 0 || n >= FILTER_NAME_MAX || n > end)
		return 0;
	begin = end - n;
	if (begin > VDT_RECORD_MAX - FILTER_NAME_MAX ||
	    bpf_probe_read_kernel(s->name.text, n, s->record + begin))
		return 0;
	if (is_own_name(&s->name, n))
		s->name.len = n;
	return begin;
}

__noinline int take_text(u32 slot, u32 begin, u32 end)
{
	struct scratch *s = scratch_of(slot);
	u32 n = end - begin;

	if (!s)
		return 0;
	s->name.len = 0;
	if (begin >= end || n >= FILTER_NAME_MAX || begin > VDT_RECORD_MAX - FILTER_NAME_MAX)
		return 0;
	/* As in fill_key(). */
	barrier_var(n);
	n = ((n - 1) & NAME_MASK) + 1;
	if (!bpf_probe_read_kernel(s->name.text, n, s->record + begin))
		s->name.len = n;
	return 0;
}
