/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Buffers in which records are built. Programs are preemptible on some kernels and hooks, so "the buffer of this
 * CPU" may be in use by a program that was preempted: each CPU has a few slots, and a program owns the first one
 * whose user count it raises from 0 to 1. Atomics with a result need kernels newer than ours, so it adds first
 * and reads afterwards; two that collide may both move on, but never both stay.
 */
#ifndef VEDETTE_BPF_SCRATCH_H
#define VEDETTE_BPF_SCRATCH_H

#include "counters.h"

#define NAME_MAX 255

/*
 * What a dentry says of its place. A short name is in the dentry itself, right behind d_inode (d_iname, since 6.14
 * d_shortname): one copy brings that, too, so room for it must follow.
 */
struct dentry_head {
	struct dentry *parent;
	struct qstr name;
	struct inode *inode;
};

#define INLINE_NAME                                                                                \
	32 /* with its end; DNAME_INLINE_LEN is at least that where pointers have 64 bits */

/* Where a mount is, and what it shows. Three pointers that lie in this order in struct mount: see enter_mount(). */
struct mount_place {
	u64 parent, mountpoint, root;
};

/* Works upwards from a dentry or a cgroup; the text grows from the buffer's end to its front. */
struct walk {
	u64 node; /* struct dentry *, struct kernfs_node * */
	u64 mount;
	struct mount_place at; /* of that mount */
	u64 root_node, root_mount;
	u32 begin; /* of the text in `text`; its end is VDT_PATH_MAX */
	u32 end;   /* enum walk_end */
	struct dentry_head head;
	u8 name[NAME_MAX + 1];		      /* a short one comes with the head */
	u8 text[VDT_PATH_MAX + NAME_MAX + 1]; /* the tail is headroom for the verifier */
};

#define FILTER_NAME_MAX 64 /* a power of two */

/* What a filter looks at. */
struct filter_name {
	struct dentry_head head;
	u8 text[FILTER_NAME_MAX]; /* a short one comes with the head */
	u32 len;		  /* 0: not known, or longer than the text */
	u64 hash;		  /* of what a loop has seen of it */
};

struct scratch {
	u32 users;
	u32 slot;
	u32 len; /* of the record so far */
	struct walk walk;
	struct filter_name name;
	struct vdt_discarder_key key;
	u8 record[VDT_RECORD_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* the loader makes it CPUs * VDT_SCRATCH_SLOTS */
	__type(key, u32);
	__type(value, struct scratch);
} scratches __weak SEC(".maps");

static __always_inline struct scratch *scratch_claim(void)
{
	u32 first = bpf_get_smp_processor_id() * VDT_SCRATCH_SLOTS;

#pragma unroll
	for (u32 i = 0; i < VDT_SCRATCH_SLOTS; i++) {
		u32 slot = first + i;
		struct scratch *s = bpf_map_lookup_elem(&scratches, &slot);

		if (!s)
			return NULL;
		__sync_fetch_and_add(&s->users, 1);
		if (*(volatile u32 *)&s->users == 1) {
			s->slot = slot;
			return s;
		}
		__sync_fetch_and_add(&s->users, -1);
	}
	return NULL;
}

static __always_inline void scratch_release(struct scratch *s)
{
	__sync_fetch_and_add(&s->users, -1);
}

#endif
