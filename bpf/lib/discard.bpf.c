/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The look-ups of discarders. The agent finds them, user space writes them; see enum vdt_discarder_kind. */
#include "discard.h"

#define BYTES_A_CALL 8

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, VDT_DISCARDERS);
	__type(key, struct vdt_discarder_key);
	__type(value, struct vdt_discarder);
} discarders SEC(".maps");

static __always_inline bool fill_key(struct scratch *s, u32 kind, u32 at, u32 len)
{
	if (len == 0 || len > VDT_DISCARDER_TEXT || at > VDT_RECORD_MAX - VDT_DISCARDER_TEXT)
		return false;
	s->key.kind = kind;
	s->key.len = len;
	__builtin_memset(s->key.text, 0, sizeof(s->key.text));
	/* Kernels before 5.15 have forgotten by now what they know of a 32-bit size. */
	barrier_var(len);
	len = ((len - 1) & (sizeof(s->key) - 1)) + 1;
	return !bpf_probe_read_kernel(s->key.text, len, s->record + at);
}

/* Whether the key of scratch `slot` is there, in force and of `type`. */
__noinline int key_discarded(u32 slot, u32 type)
{
	struct scratch *s = bpf_map_lookup_elem(&scratches, &slot);
	struct vdt_filters *f = filters_now();
	struct vdt_discarder *found;

	if (!s || type >= VDT_TYPE_MAX)
		return 0;
	found = bpf_map_lookup_elem(&discarders, &s->key);
	return found && f->revision && found->revision == f->revision && found->types >> type & 1;
}

enum cut { CUT_MORE = 0, CUT_AT_SLASH = 1, CUT_AT_TOP = 2 };

static __always_inline u32 cut_byte(struct scratch *s)
{
	u32 last = *(volatile u32 *)&s->key.len - 1;
	u8 byte;

	if (last >= VDT_DISCARDER_TEXT)
		return CUT_AT_TOP;
	/* Two comparisons as one would be arithmetic that verifiers before 6.10 cannot follow. */
	barrier_var(last);
	if (last == 0)
		return CUT_AT_TOP;
	byte = s->key.text[last];
	s->key.text[last] = 0;
	*(volatile u32 *)&s->key.len = last;
	return byte == '/' ? CUT_AT_SLASH : CUT_MORE;
}

/* Cuts bytes off the key's end, a slash the last one. Two loops, as in path_walk.bpf.c. */
__noinline int key_cut_some(u32 slot)
{
	struct scratch *s = bpf_map_lookup_elem(&scratches, &slot);

	if (!s)
		return CUT_AT_TOP;
	for (u32 i = 0; i < BYTES_A_CALL; i++) {
		u32 how = cut_byte(s);

		if (how)
			return how;
	}
	return CUT_MORE;
}

/* Makes the key that of the directory above; 0 above the first one. */
__noinline int key_to_parent(u32 slot)
{
	for (u32 i = 0; i < VDT_DISCARDER_TEXT / BYTES_A_CALL; i++) {
		int how = key_cut_some(slot);

		if (how)
			return how == CUT_AT_SLASH;
	}
	return 0;
}

__noinline int path_discarded(u32 slot, u32 at, u32 len, u32 type)
{
	struct scratch *s = bpf_map_lookup_elem(&scratches, &slot);
	const struct vdt_type_filter *filter = filter_of(type);
	u32 kinds;

	if (!s || !filter || !fill_key(s, VDT_DISCARD_PATH, at, len))
		return 0;
	kinds = filter->discarders;
	if (kinds >> VDT_DISCARD_PATH & 1 && key_discarded(slot, type))
		return 1;
	if (!(kinds >> VDT_DISCARD_PARENT & 1))
		return 0;
	s->key.kind = VDT_DISCARD_PARENT;
	for (u32 i = 0; i < VDT_DISCARDER_PARENTS; i++) {
		if (!key_to_parent(slot))
			return 0;
		if (key_discarded(slot, type))
			return 1;
	}
	return 0;
}

__noinline int text_discarded(u32 slot, u32 at, u32 len, u32 type_and_kind)
{
	struct scratch *s = bpf_map_lookup_elem(&scratches, &slot);

	return s && fill_key(s, type_and_kind >> 16, at, len) &&
	       key_discarded(slot, type_and_kind & 0xffff);
}
