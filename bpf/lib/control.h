/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What user space wants of the programs: filters, and whether it has to be woken. */
#ifndef VEDETTE_BPF_CONTROL_H
#define VEDETTE_BPF_CONTROL_H

#include "prelude.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct vdt_control);
} control __weak SEC(".maps");

static __always_inline struct vdt_control *control_now(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&control, &zero);
}

static __always_inline struct vdt_filters *filters_now(void)
{
	struct vdt_control *c = control_now();

	return c ? &c->set[*(volatile u32 *)&c->active & 1] : NULL;
}

/* For global functions, where `type` is any number. */
static __always_inline struct vdt_type_filter *filter_of(u32 type)
{
	struct vdt_filters *f = filters_now();

	/* What is compared and what is the index must be one register: of a copy on the stack verifiers know nothing. */
	barrier_var(type);
	return f && type < VDT_TYPE_MAX ? &f->type[type] : NULL;
}

#endif
