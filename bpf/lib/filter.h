/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What nobody needs: event types without a rule, and events that no rule could match by what is cheap to look at. Every
 * test errs towards letting an event pass.
 */
#ifndef VEDETTE_BPF_FILTER_H
#define VEDETTE_BPF_FILTER_H

#include "counters.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct vdt_control);
} control __weak SEC(".maps");

static __always_inline struct vdt_filters *filters_now(void)
{
	u32 zero = 0;
	struct vdt_control *c = bpf_map_lookup_elem(&control, &zero);

	return c ? &c->set[*(volatile u32 *)&c->active & 1] : NULL;
}

/* Of two types that come from the same hook, perhaps only one is wanted. */
static __always_inline bool is_wanted(u16 type)
{
	struct vdt_filters *f = filters_now();

	return f && f->type[type].wanted;
}

static __always_inline bool is_wanted_of_io_uring(u16 type)
{
	struct vdt_filters *f = filters_now();

	return f && f->type[type].wanted & VDT_WANTED_IO_URING;
}

static __always_inline bool has_name(struct vdt_filters *f, u64 key)
{
	for (u32 i = 0; i < VDT_NAME_PROBES; i++) {
		u64 slot = f->names[(key + i) & (VDT_NAME_SLOTS - 1)];

		if (slot == key)
			return true;
		if (!slot)
			return false;
	}
	return true;
}

#define FILTER_NAME_MAX 64

/* What a filter looks at. */
struct filter_name {
	u8 text[FILTER_NAME_MAX];
	u32 len; /* 0: not known, or longer than the text */
};

/* Whether a name, or one of its beginnings, is approved. */
static __always_inline bool name_approved(struct vdt_filters *f, u16 type,
					  const struct filter_name *name, bool prefixes)
{
	u32 lengths = prefixes ? f->type[type].prefix_lengths : 0;
	u64 hash = VDT_HASH_START;

	if (name->len == 0)
		return true;
	for (u32 i = 0; i < FILTER_NAME_MAX; i++) {
		if (i >= name->len)
			break;
		hash = (hash ^ name->text[i]) * VDT_HASH_STEP;
		if (i < VDT_PREFIX_MAX && lengths >> i & 1 &&
		    has_name(f, vdt_name_key(hash, type, VDT_NAME_BEGINS)))
			return true;
	}
	return has_name(f, vdt_name_key(hash, type, prefixes ? VDT_NAME_IS : VDT_NAME_PARENT));
}

static __always_inline bool flags_approved(const struct vdt_type_filter *filter, u32 flags)
{
	return (filter->approvers & VDT_APPROVE_FLAGS_ANY && flags & filter->flags_any) ||
	       (filter->approvers & VDT_APPROVE_FLAGS_NONE && !(flags & filter->flags_none));
}

static __always_inline void name_of_dentry(struct dentry *dentry, struct filter_name *out)
{
	u32 len = BPF_CORE_READ(dentry, d_name.len);
	long read = bpf_probe_read_kernel_str(out->text, sizeof(out->text),
					      BPF_CORE_READ(dentry, d_name.name));

	out->len = read == (long)len + 1 ? len : 0;
}

/*
 * Whether a file may be one that a rule of `type` is about: by its name or its directory's. Where a mount begins the
 * path has the mount point's name and not the dentry's: that passes.
 */
static __always_inline bool file_approved(struct vdt_filters *f, u16 type, struct file *file)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct dentry *root = BPF_CORE_READ(file, f_path.mnt, mnt_root);
	struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
	struct filter_name name;

	if (dentry == root)
		return true;
	name_of_dentry(dentry, &name);
	if (f->type[type].approvers & (VDT_APPROVE_NAME | VDT_APPROVE_NAME_PREFIX) &&
	    name_approved(f, type, &name, true))
		return true;
	if (!(f->type[type].approvers & VDT_APPROVE_PARENT))
		return false;
	if (parent == root)
		return true;
	name_of_dentry(parent, &name);
	return name_approved(f, type, &name, false);
}

#endif
