/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A record's life: begin (claim a buffer, zero and fill header and fixed part), append items, commit to the
 * ring. Small records without items are built on the stack and committed directly.
 */
#ifndef VEDETTE_BPF_RECORD_H
#define VEDETTE_BPF_RECORD_H

#include "ring.h"
#include "scratch.h"
#include "task.h"

static __always_inline void header_begin(struct vdt_header *h, u16 type, u16 flags)
{
	h->type = type;
	h->flags = flags;
	h->time_ns = bpf_ktime_get_boot_ns();
	h->cpu = bpf_get_smp_processor_id();
}

/* Of what the current task does; in programs for tracing, see CURRENT_READ(). */
static __always_inline void header_fill(struct vdt_header *h, u16 type, u16 flags)
{
	header_begin(h, type, flags);
	h->tid = CURRENT_READ(pid);
	current_image(&h->image);
	h->cgroup_id = bpf_get_current_cgroup_id();
}

/* Of what another one does, or what is done to it. */
static __always_inline void header_fill_of(struct vdt_header *h, u16 type, u16 flags,
					   struct task_struct *actor)
{
	header_begin(h, type, flags);
	h->tid = LOAD(actor, pid);
	task_image(actor, &h->image);
	h->cgroup_id = task_cgroup_id(actor);
}

/* A record of which only the space is there. NULL: counted as lost; there is nothing more to do. */
static __always_inline struct scratch *record_claim(u16 type, u64 cgroup_id, u32 fixed_size)
{
	struct scratch *s;

	count(seen[type]);
	/* A record that would be refused is not worth its making. */
	if (!is_reserved(type) && !within_budget(cgroup_id, 0)) {
		lose(type, VDT_LOSS_BUDGET, cgroup_id);
		return NULL;
	}
	s = scratch_claim();
	if (!s) {
		lose(type, VDT_LOSS_SCRATCH, cgroup_id);
		return NULL;
	}
	__builtin_memset(s->record, 0, sizeof(struct vdt_header) + fixed_size);
	s->len = sizeof(struct vdt_header) + fixed_size;
	return s;
}

/* NULL as above; of the current task. */
static __always_inline struct scratch *record_begin(u16 type, u16 flags, u32 fixed_size)
{
	struct scratch *s = record_claim(type, bpf_get_current_cgroup_id(), fixed_size);

	if (s)
		header_fill((void *)s->record, type, flags);
	return s;
}

/* NULL as above; of another one. */
static __always_inline struct scratch *record_begin_of(u16 type, u16 flags,
						       struct task_struct *actor, u32 fixed_size)
{
	struct scratch *s = record_claim(type, task_cgroup_id(actor), fixed_size);

	if (s)
		header_fill_of((void *)s->record, type, flags, actor);
	return s;
}

static __always_inline void *record_fixed(struct scratch *s)
{
	return s->record + sizeof(struct vdt_header);
}

static __always_inline u32 record_finish(struct scratch *s)
{
	u32 len = s->len;

	barrier_var(len);
	if (len > VDT_RECORD_MAX)
		len = VDT_RECORD_MAX;
	((struct vdt_header *)s->record)->size = len;
	return len;
}

static __always_inline void record_commit(struct scratch *s, u16 type)
{
	ring_output(type, s->record, record_finish(s));
	scratch_release(s);
}

static __always_inline void record_drop(struct scratch *s)
{
	scratch_release(s);
}

/* Where the bytes of the next item go, room for `max` of them; NULL when the record is full. */
static __always_inline void *item_room(struct scratch *s, u32 max)
{
	u32 at = s->len;

	barrier_var(at);
	if (at > VDT_RECORD_MAX - sizeof(struct vdt_item) - max)
		return NULL;
	return s->record + at + sizeof(struct vdt_item);
}

/* Closes the item whose bytes were written at item_room(). */
static __always_inline void item_close(struct scratch *s, void *room, u16 kind, u32 len)
{
	struct vdt_item *item = room - sizeof(*item);

	item->kind = kind;
	item->len = len;
	s->len += sizeof(*item) + len;
}

/* Appends `len` bytes of kernel memory, at most `max` (a constant). */
static __always_inline int item_bytes(struct scratch *s, u16 kind, const void *from, u32 len,
				      u32 max)
{
	void *room = item_room(s, max);

	if (!room)
		return -1;
	barrier_var(len);
	if (len > max)
		len = max;
	if (bpf_probe_read_kernel(room, len, from))
		return -1;
	item_close(s, room, kind, len);
	return 0;
}

/* The same of the current process's memory. */
static __always_inline int item_user_bytes(struct scratch *s, u16 kind, const void *from, u32 len,
					   u32 max)
{
	void *room = item_room(s, max);

	if (!room)
		return -1;
	barrier_var(len);
	if (len > max)
		len = max;
	if (bpf_probe_read_user(room, len, from))
		return -1;
	item_close(s, room, kind, len);
	return 0;
}

static __always_inline int item_kernel_string(struct scratch *s, u16 kind, const void *from,
					      u32 max)
{
	void *room = item_room(s, max);
	long len = room ? bpf_probe_read_kernel_str(room, max, from) : -1;

	if (len <= 0)
		return -1;
	item_close(s, room, kind, (u32)len - 1);
	return 0;
}

static __always_inline int item_user_string(struct scratch *s, u16 kind, const void *from, u32 max)
{
	void *room = item_room(s, max);
	long len = room ? bpf_probe_read_user_str(room, max, from) : -1;

	if (len <= 0)
		return -1;
	item_close(s, room, kind, (u32)len - 1);
	return 0;
}

#endif
