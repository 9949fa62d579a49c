/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The loops over the bytes of a name: each verified once, not at each place that calls it. */
#include "filter_name.h"

#define NAME_MASK (FILTER_NAME_MAX - 1)

static __always_inline struct scratch *scratch_of(u32 slot)
{
	return bpf_map_lookup_elem(&scratches, &slot);
}

/* Global as well: within the loops below every end of this one would be another path to verify. */
__noinline int name_listed(u64 key)
{
	struct vdt_filters *f = filters_now();

	if (!f)
		return 1;
	for (u32 i = 0; i < VDT_NAME_PROBES; i++) {
		u64 slot = f->names[(key + i) & (VDT_NAME_SLOTS - 1)];

		if (slot == key)
			return 1;
		if (!slot)
			return 0;
	}
	return 1;
}

/* The whole name, or with `lengths` one of its beginnings, as kind `begins`. */
static __always_inline bool forwards(const struct filter_name *name, u32 type, u32 kind,
				     u32 lengths, u32 begins)
{
	u64 hash = VDT_HASH_START;
	u32 len = name->len;

	for (u32 i = 0; i < FILTER_NAME_MAX; i++) {
		if (i >= len)
			break;
		hash = (hash ^ name->text[i]) * VDT_HASH_STEP;
		if (i < VDT_PREFIX_MAX && lengths >> i & 1 &&
		    name_listed(vdt_name_key(hash, type, begins)))
			return true;
	}
	return name_listed(vdt_name_key(hash, type, kind));
}

static __always_inline bool backwards(const struct filter_name *name, u32 type, u32 lengths)
{
	u64 hash = VDT_HASH_START;
	u32 len = name->len;

	for (u32 i = 0; i < VDT_PREFIX_MAX; i++) {
		if (i >= len)
			break;
		hash = (hash ^ name->text[(len - 1 - i) & NAME_MASK]) * VDT_HASH_STEP;
		if (lengths >> i & 1 && name_listed(vdt_name_key(hash, type, VDT_NAME_ENDS)))
			return true;
	}
	return false;
}

__noinline int name_approved(u32 slot, u32 type, u32 kind)
{
	struct scratch *s = scratch_of(slot);
	struct vdt_filters *f = filters_now();
	u32 prefixes, suffixes, begins = VDT_NAME_BEGINS;

	if (!s || !f || type >= VDT_TYPE_MAX || s->name.len == 0)
		return 1;
	/* Now: 5.10 forgets the bounds of a number that is kept on the stack, as `type` is below. */
	prefixes = f->type[type].prefix_lengths;
	suffixes = f->type[type].suffix_lengths;
	if (kind != VDT_NAME_IS)
		prefixes = suffixes = 0;
	if (kind == VDT_PATH_BEGINS) {
		prefixes = f->type[type].path_lengths;
		begins = kind;
	}
	return forwards(&s->name, type, kind, prefixes, begins) ||
	       (suffixes && backwards(&s->name, type, suffixes));
}

/* "", "." and ".." are other files, by a way that is not looked at. */
static __always_inline bool is_own_name(const struct filter_name *name, u32 len)
{
	return len > 2 || (len == 2 && (name->text[0] != '.' || name->text[1] != '.')) ||
	       (len == 1 && name->text[0] != '.');
}

__noinline int take_element(u32 slot, u32 begin, u32 end)
{
	struct scratch *s = scratch_of(slot);
	u32 n = 0;

	if (!s)
		return 0;
	s->name.len = 0;
	for (u32 i = 0; i < FILTER_NAME_MAX; i++) {
		u32 at = end - 1 - i;

		barrier_var(at);
		if (at < begin || at >= VDT_RECORD_MAX || s->record[at] == '/')
			break;
		n = i + 1;
	}
	/* Through memory, so that the verifier forgets how the loop ended and looks at what follows once. */
	*(volatile u32 *)&s->found = n;
	n = *(volatile u32 *)&s->found;
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
