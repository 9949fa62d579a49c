/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a rule asked to be watched was called. */
#ifndef VEDETTE_BPF_ONDEMAND_H
#define VEDETTE_BPF_ONDEMAND_H

#include "filter.h"
#include "record.h"

static __always_inline struct scratch *ondemand_begin(u16 flags, const void *name)
{
	struct scratch *s = record_begin(VDT_ONDEMAND, flags, sizeof(struct vdt_ondemand));

	if (s)
		item_kernel_string(s, VDT_ITEM_NAME, name, VDT_ONDEMAND_NAME);
	return s;
}

/*
 * Argument `at`, a constant, whose number the record has already: as a string, too, if it is wanted as one. A system call
 * gets user memory, a function may get either; the address says which.
 */
static __always_inline void ondemand_string(struct vdt_ondemand *out, u32 at, u32 wanted)
{
	/* From memory: to the verifier it may have been a kernel object, and is a number now. */
	u64 address = *(volatile u64 *)&out->arg[at];
	void *text = out->text[at];
	long len;

	if (!(wanted >> at & 1))
		return;
	if ((s64)address < 0)
		len = bpf_probe_read_kernel_str(text, VDT_ONDEMAND_TEXT, (void *)address);
	else
		len = bpf_probe_read_user_str(text, VDT_ONDEMAND_TEXT, (void *)address);
	if (len > 0)
		out->strings |= 1u << at;
	else
		count(miss[VDT_MISS_SYSCALL]);
}

#endif
