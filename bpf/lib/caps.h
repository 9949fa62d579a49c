/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which capabilities each process image has asked for, and was granted. Checks are far too many for a record each, and a
 * process makes the same few again and again: what is new is marked here, and told every few seconds (capabilities.bpf.c)
 * and when the image is over.
 */
#ifndef VEDETTE_BPF_CAPS_H
#define VEDETTE_BPF_CAPS_H

#include "filter.h"
#include "record.h"

#define CAP_BITS 64

/* A byte a capability, not a bit: threads that mark at once cannot undo each other. */
struct asked_caps {
	u64 cgroup_id;
	u8 attempted[CAP_BITS];
	u8 used[CAP_BITS];
	u8 is_new[8]; /* the first: something that has not been told */
};

/* An image that is pushed out begins anew, and user space adds up. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct vdt_image_id);
	__type(value, struct asked_caps);
} asked_caps __weak SEC(".maps");

static __always_inline void caps_note(int cap, bool granted)
{
	struct asked_caps fresh = {};
	struct vdt_image_id image = {};
	struct asked_caps *asked;
	u32 bit = (u32)cap & (CAP_BITS - 1);

	if (!is_wanted(VDT_CAPABILITIES) || CURRENT_READ(flags) & PF_KTHREAD)
		return;
	current_image(&image);
	asked = bpf_map_lookup_elem(&asked_caps, &image);
	if (!asked) {
		bpf_map_update_elem(&asked_caps, &image, &fresh, BPF_NOEXIST);
		asked = bpf_map_lookup_elem(&asked_caps, &image);
		if (!asked)
			return;
	}
	if (asked->attempted[bit] && (asked->used[bit] || !granted))
		return;
	asked->attempted[bit] = 1;
	if (granted)
		asked->used[bit] = 1;
	asked->cgroup_id = bpf_get_current_cgroup_id();
	asked->is_new[0] = 1;
}

/* Tells what has not been told of an image. */
static __always_inline void caps_tell(const struct vdt_image_id *image, struct asked_caps *asked)
{
	struct {
		struct vdt_header header;
		struct vdt_capabilities caps;
	} record = {};

	if (!asked->is_new[0])
		return;
	/* Before the marks are read: one that comes now is told twice rather than never. */
	*(volatile u8 *)&asked->is_new[0] = 0;
	for (u32 i = 0; i < CAP_BITS; i++) {
		record.caps.attempted |= (u64)(asked->attempted[i] & 1) << i;
		record.caps.used |= (u64)(asked->used[i] & 1) << i;
	}
	count(seen[VDT_CAPABILITIES]);
	record.header.size = sizeof(record);
	record.header.type = VDT_CAPABILITIES;
	record.header.time_ns = bpf_ktime_get_boot_ns();
	record.header.cpu = bpf_get_smp_processor_id();
	record.header.tid = image->pid;
	record.header.image = *image;
	record.header.cgroup_id = asked->cgroup_id;
	ring_output(VDT_CAPABILITIES, &record, sizeof(record));
}

/* The same of an image that is over. */
static __always_inline void caps_end(const struct vdt_image_id *image)
{
	struct asked_caps *asked;

	if (!is_wanted(VDT_CAPABILITIES))
		return;
	asked = bpf_map_lookup_elem(&asked_caps, image);
	if (!asked)
		return;
	caps_tell(image, asked);
	bpf_map_delete_elem(&asked_caps, image);
}

#endif
