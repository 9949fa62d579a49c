/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A kernel parameter is read or written below /proc/sys. Hangs on the root of the cgroup hierarchy, so it sees every
 * process; it runs before the parameter's own handler, which may still refuse. Always lets it pass.
 */
#include "../lib/filter_name.h"

#define E2BIG 7
#define PASS 1

/* Closes an item that a helper has filled; returns whether it was cut. `len`: as the helper returned it. */
static __always_inline bool item_filled(struct scratch *s, void *room, u16 kind, long len)
{
	bool cut = len == -E2BIG;

	if (cut)
		len = VDT_NAME_MAX - 1;
	barrier_var(len);
	if (len >= 0 && len < VDT_NAME_MAX)
		item_close(s, room, kind, len);
	return cut;
}

#define ITEM_BY(s, kind, fill)                                                                     \
	({                                                                                         \
		void *room = item_room(s, VDT_NAME_MAX);                                           \
		room ? item_filled(s, room, kind, fill) : false;                                   \
	})

/* The name is all of the record's variable part so far. */
static __always_inline bool name_wanted(struct scratch *s)
{
	struct text_place name =
		text_since(s, sizeof(struct vdt_header) + sizeof(struct vdt_sysctl));

	if (name.begin >= name.end)
		return true;
	take_text(s->slot, name.begin, name.end);
	return name_approved(s->slot, VDT_SYSCTL, VDT_NAME_TEXT);
}

SEC("cgroup/sysctl")
int handle_sysctl(struct bpf_sysctl *ctx)
{
	struct task_struct *task = current_task();
	u16 flags = BPF_CORE_READ(task, flags) & PF_IO_WORKER ? VDT_F_ASYNC : 0;
	struct event_numbers numbers = {.value[VDT_SYSCTL_ACTION] =
						ctx->write ? VDT_SYSCTL_WRITE : VDT_SYSCTL_READ};
	struct vdt_sysctl *out;
	struct scratch *s;

	if (!is_wanted(VDT_SYSCTL) || is_filtered(VDT_SYSCTL, task, &numbers))
		return PASS;
	s = record_begin_of(VDT_SYSCTL, flags, task, sizeof(*out));
	if (!s)
		return PASS;
	out = record_fixed(s);
	out->action = numbers.value[VDT_SYSCTL_ACTION];
	out->file_position = ctx->file_pos;
	if (ITEM_BY(s, VDT_ITEM_NAME, bpf_sysctl_get_name(ctx, room, VDT_NAME_MAX, 0)))
		out->flags |= VDT_SYSCTL_NAME_TRUNCATED;
	if (names_decide(VDT_SYSCTL, task, &numbers) && !name_wanted(s)) {
		count(filtered[VDT_SYSCTL]);
		record_drop(s);
		return PASS;
	}
	if (ITEM_BY(s, VDT_ITEM_OLD_VALUE, bpf_sysctl_get_current_value(ctx, room, VDT_NAME_MAX)))
		out->flags |= VDT_SYSCTL_OLD_VALUE_TRUNCATED;
	if (ctx->write &&
	    ITEM_BY(s, VDT_ITEM_VALUE, bpf_sysctl_get_new_value(ctx, room, VDT_NAME_MAX)))
		out->flags |= VDT_SYSCTL_VALUE_TRUNCATED;
	record_commit(s, VDT_SYSCTL);
	return PASS;
}
