/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The loops over the bytes of a name: each verified once, not at each place that calls it. */
#include "filter_name.h"

#define NAME_MASK (FILTER_NAME_MAX - 1)

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

/* The whole name as `kind`, or with `lengths` one of its beginnings as kind `begins`. */
__noinline int name_forwards(u32 slot, u32 type, u32 kind, u32 lengths, u32 begins)
{
	struct scratch *s = scratch_of(slot);
	u64 hash = VDT_HASH_START;

	if (!s)
		return 1;
	for (u32 i = 0; i < FILTER_NAME_MAX; i++) {
		if (i >= s->name.len)
			break;
		hash = (hash ^ s->name.text[i]) * VDT_HASH_STEP;
		if (i < VDT_PREFIX_MAX && lengths >> i & 1 && name_listed(hash, type, begins))
			return 1;
	}
	return name_listed(hash, type, kind);
}

/* With `lengths` one of the name's ends. */
__noinline int name_backwards(u32 slot, u32 type, u32 lengths)
{
	struct scratch *s = scratch_of(slot);
	u64 hash = VDT_HASH_START;
	u32 len;

	if (!s)
		return 1;
	len = s->name.len;
	for (u32 i = 0; i < VDT_PREFIX_MAX; i++) {
		if (i >= len)
			break;
		hash = (hash ^ s->name.text[(len - 1 - i) & NAME_MASK]) * VDT_HASH_STEP;
		if (lengths >> i & 1 && name_listed(hash, type, VDT_NAME_ENDS))
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
