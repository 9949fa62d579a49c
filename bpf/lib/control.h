/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What user space wants of the programs: filters, and whether it has to be woken. */
#ifndef VEDETTE_BPF_CONTROL_H
#define VEDETTE_BPF_CONTROL_H

#include "prelude.h"

/* control.bpf.c: a variable, whose address programs know, and no map in which each time they would have to look it up. */
extern struct vdt_control control;

static __always_inline struct vdt_filters *filters_now(void)
{
	return &control.set[*(volatile u32 *)&control.active & 1];
}

/* For global functions, where `type` is any number. */
static __always_inline struct vdt_type_filter *filter_of(u32 type)
{
	struct vdt_filters *f = filters_now();

	/* What is compared and what is the index must be one register: of a copy on the stack verifiers know nothing. */
	barrier_var(type);
	return type < VDT_TYPE_MAX ? &f->type[type] : NULL;
}

#endif
