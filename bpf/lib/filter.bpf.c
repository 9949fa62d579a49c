/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The decision on a number of an event. */
#include "filter.h"

__noinline int number_approved(u32 type, u32 index, u64 value)
{
	const struct vdt_type_filter *of_type = filter_of(type);
	const struct vdt_number_filter *filter;

	barrier_var(index);
	if (!of_type || index >= VDT_NUMBERS)
		return 1;
	filter = &of_type->number[index];
	if (value & filter->any)
		return 1;
	if (filter->has_none && !(value & filter->none))
		return 1;
	for (u32 i = 0; i < VDT_RANGES; i++) {
		if (i >= filter->ranges)
			return 0;
		if (filter->range[i].first <= value && value <= filter->range[i].last)
			return 1;
	}
	return 0;
}
