/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What nobody needs: event types without a rule, and events that no rule could match by what is cheap to look at. Every
 * test errs towards letting an event pass. Numbers are decided on here; names in filter_name.h, values that were found to
 * be of no use in discard.h.
 */
#ifndef VEDETTE_BPF_FILTER_H
#define VEDETTE_BPF_FILTER_H

#include "control.h"
#include "counters.h"
#include "cred.h"

/* Of two types that come from the same hook, perhaps only one is wanted. */
static __always_inline bool is_wanted(u16 type)
{
	return filters_now()->type[type].wanted;
}

static __always_inline bool is_wanted_of_io_uring(u16 type)
{
	return filters_now()->type[type].wanted & VDT_WANTED_IO_URING;
}

/* Numbers of an event, as vdt_type_filter.number has them; the login uid is added. */
struct event_numbers {
	u64 value[VDT_NUMBERS - 1];
};

#define NO_NUMBERS ((struct event_numbers){})

/*
 * Whether number `index` of an event of `type` passes. In filter.bpf.c: a global function, so that its loop is verified
 * once a program.
 */
extern int number_approved(u32 type, u32 index, u64 value);

static __always_inline bool numbers_approved(u16 type, const struct vdt_type_filter *filter,
					     struct task_struct *task,
					     const struct event_numbers *numbers)
{
#pragma unroll
	for (int i = 0; i < VDT_NUMBERS - 1; i++) {
		if (filter->approvers & VDT_APPROVE_NUMBER(i) &&
		    number_approved(type, i, numbers->value[i]))
			return true;
	}
	return filter->approvers & VDT_APPROVE_NUMBER(VDT_NUMBER_AUID) &&
	       number_approved(type, VDT_NUMBER_AUID, login_uid(task));
}

static __always_inline bool auid_discarded(const struct vdt_type_filter *filter,
					   struct task_struct *task)
{
	u32 auid;

	if (!filter->discarded_auids)
		return false;
	auid = login_uid(task);
	for (u32 i = 0; i < VDT_DISCARDED_AUIDS; i++) {
		if (i >= filter->discarded_auids)
			return false;
		if (filter->discarded_auid[i] == auid)
			return true;
	}
	return false;
}

/*
 * Drops, and counts, an event before anything is made of it: numbers and the login uid are all that decides. With
 * approvers by name, too, the rest of the decision is the caller's.
 */
static __always_inline bool is_filtered(u16 type, struct task_struct *task,
					const struct event_numbers *numbers)
{
	const struct vdt_type_filter *filter = &filters_now()->type[type];

	if (auid_discarded(filter, task)) {
		count(seen[type]);
		count(discarded[type]);
		return true;
	}
	if (!filter->deny || filter->approvers & (VDT_APPROVE_FILE | VDT_APPROVE_TEXT) ||
	    numbers_approved(type, filter, task, numbers))
		return false;
	count(seen[type]);
	count(filtered[type]);
	return true;
}

/* The filter that names decide by, in a type whose numbers do not let the event pass already; else NULL. */
static __always_inline struct vdt_type_filter *names_decide(u16 type, struct task_struct *task,
							    const struct event_numbers *numbers)
{
	struct vdt_type_filter *filter = &filters_now()->type[type];

	if (!filter->deny || !(filter->approvers & (VDT_APPROVE_FILE | VDT_APPROVE_TEXT)) ||
	    numbers_approved(type, filter, task, numbers))
		return NULL;
	return filter;
}

#endif
