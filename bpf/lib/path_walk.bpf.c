/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The two walks upwards: dentries and mounts (as __prepend_path() in fs/d_path.c), and cgroups.
 *
 * The verifier follows every turn of a loop, and a path may have thousands of components. So a global function,
 * which is verified once and then taken at its word, walks a few of them, another calls it a few times, and so on: what
 * the verifier sees is the sum of the three loops, what runs is their product. That needs no bpf_loop() and gives kernels
 * from 5.8 on the same reach.
 */
#include "path.h"

/* A path of 4096 bytes has at most 2048 components; as many mounts again are more than enough. */
#define STEPS_A_CALL 4
#define CALLS_A_LEG 16
#define PATH_LEGS 64
#define CGROUP_LEGS 4

static __always_inline struct scratch *scratch_of(u32 slot)
{
	return bpf_map_lookup_elem(&scratches, &slot);
}

static __always_inline void enter_mount(struct walk *w, u64 mount)
{
	struct mount *m = (void *)mount;

	w->mount = mount;
	if (FOLLOWS(struct mount, mnt_mountpoint, mnt_parent) &&
	    FOLLOWS(struct mount, mnt.mnt_root, mnt_mountpoint)) {
		bpf_probe_read_kernel(&w->at, sizeof(w->at), &m->mnt_parent);
		return;
	}
	w->at.parent = (u64)BPF_CORE_READ(m, mnt_parent);
	w->at.mountpoint = (u64)BPF_CORE_READ(m, mnt_mountpoint);
	w->at.root = (u64)BPF_CORE_READ(m, mnt.mnt_root);
}

static __always_inline u32 top_of_mounts(struct walk *w)
{
	struct mount *m = (void *)w->mount;
	struct mnt_namespace *ns = BPF_CORE_READ(m, mnt_ns);

	/* Internal mounts have an error pointer there (MNT_NS_INTERNAL). */
	if (!ns || (u64)ns >= (u64)-MAX_ERRNO || compat_mnt_ns_is_anonymous(ns))
		return WALK_DETACHED;
	return WALK_OUTSIDE;
}

/* Fewer than INLINE_NAME bytes: both ends, which may overlap. A helper's call would take longer. */
static __always_inline void copy_short(u8 *to, const u8 *from, u32 len)
{
	if (len >= 16) {
		*(u64 *)to = *(u64 *)from;
		*(u64 *)(to + 8) = *(u64 *)(from + 8);
		*(u64 *)(to + len - 16) = *(u64 *)(from + len - 16);
		*(u64 *)(to + len - 8) = *(u64 *)(from + len - 8);
	} else if (len >= 8) {
		*(u64 *)to = *(u64 *)from;
		*(u64 *)(to + len - 8) = *(u64 *)(from + len - 8);
	} else if (len >= 4) {
		*(u32 *)to = *(u32 *)from;
		*(u32 *)(to + len - 4) = *(u32 *)(from + len - 4);
	} else if (len >= 2) {
		*(u16 *)to = *(u16 *)from;
		*(u16 *)(to + len - 2) = *(u16 *)(from + len - 2);
	} else if (len) {
		*to = *from;
	}
}

/*
 * Puts "/" and `len` bytes of the kernel's `name` in front of the text; without room, the name's tail alone. `came`: it is
 * in w->name, and short.
 */
static __always_inline u32 prepend(struct walk *w, const void *name, u32 len, bool came, bool slash)
{
	u32 begin = w->begin;

	len &= NAME_MAX;
	if (begin > VDT_PATH_MAX)
		return WALK_FAULT;
	if (len + slash > begin) {
		u32 room = begin & NAME_MAX;

		bpf_probe_read_kernel(w->text, room, name + (len - room));
		w->begin = 0;
		return WALK_FULL;
	}
	begin -= len + slash;
	barrier_var(begin);
	if (begin >= VDT_PATH_MAX)
		return WALK_FAULT;
	if (slash)
		w->text[begin] = '/';
	if (came)
		copy_short(w->text + begin + slash, w->name, len & (INLINE_NAME - 1));
	else if (bpf_probe_read_kernel(w->text + begin + slash, len, name))
		return WALK_FAULT;
	w->begin = begin;
	return WALK_STEPS;
}

static __always_inline u32 path_step(struct walk *w)
{
	struct dentry *dentry = (void *)w->node;
	const struct dentry_head *head = &w->head;
	u32 end;

	if (w->node == w->root_node && w->mount == w->root_mount)
		return WALK_ROOT;
	if (w->node == w->at.root) {
		if (w->mount == w->at.parent)
			return top_of_mounts(w);
		w->node = w->at.mountpoint;
		enter_mount(w, w->at.parent);
		return WALK_STEPS;
	}
	if (!dentry_read(dentry, &w->head))
		return WALK_FAULT;
	if (head->parent == dentry) {
		if (w->begin == VDT_PATH_MAX)
			prepend(w, head->name.name, head->name.len, false, false);
		return WALK_ESCAPED;
	}
	end = prepend(w, head->name.name, head->name.len, name_came(dentry, head), true);
	if (!end)
		w->node = (u64)head->parent;
	return end;
}

__noinline int walk_path_some(u32 slot)
{
	struct scratch *s = scratch_of(slot);

	if (!s)
		return WALK_FAULT;
	for (int i = 0; i < STEPS_A_CALL; i++) {
		s->walk.end = path_step(&s->walk);
		if (s->walk.end)
			break;
	}
	return s->walk.end;
}

static __always_inline void walk_begin(struct walk *w)
{
	w->begin = VDT_PATH_MAX;
	w->end = WALK_STEPS;
}

static __always_inline void walk_finish(struct walk *w)
{
	if (w->begin == VDT_PATH_MAX && w->end != WALK_ESCAPED) {
		w->text[VDT_PATH_MAX - 1] = '/';
		w->begin = VDT_PATH_MAX - 1;
	}
}

__noinline int walk_path_leg(u32 slot)
{
	for (int i = 0; i < CALLS_A_LEG; i++) {
		if (walk_path_some(slot))
			return 1;
	}
	return 0;
}

__noinline int walk_path(u32 slot)
{
	struct scratch *s = scratch_of(slot);

	if (!s)
		return 0;
	walk_begin(&s->walk);
	enter_mount(&s->walk, s->walk.mount);
	for (int i = 0; i < PATH_LEGS; i++) {
		if (walk_path_leg(slot))
			break;
	}
	walk_finish(&s->walk);
	return 0;
}

static __always_inline u32 cgroup_step(struct walk *w)
{
	struct kernfs_node *kn = (void *)w->node;
	struct kernfs_node *parent = compat_kernfs_parent(kn);
	u32 end;
	long len;

	if (!parent)
		return WALK_ROOT;
	len = bpf_probe_read_kernel_str(w->name, sizeof(w->name), BPF_CORE_READ(kn, name));
	if (len <= 0)
		return WALK_FAULT;
	end = prepend(w, w->name, (u32)len - 1, false, true);
	w->node = (u64)parent;
	return end;
}

__noinline int walk_cgroup_some(u32 slot)
{
	struct scratch *s = scratch_of(slot);

	if (!s)
		return WALK_FAULT;
	for (int i = 0; i < STEPS_A_CALL; i++) {
		s->walk.end = cgroup_step(&s->walk);
		if (s->walk.end)
			break;
	}
	return s->walk.end;
}

__noinline int walk_cgroup_leg(u32 slot)
{
	for (int i = 0; i < CALLS_A_LEG; i++) {
		if (walk_cgroup_some(slot))
			return 1;
	}
	return 0;
}

__noinline int walk_cgroup(u32 slot)
{
	struct scratch *s = scratch_of(slot);

	if (!s)
		return 0;
	walk_begin(&s->walk);
	for (int i = 0; i < CGROUP_LEGS; i++) {
		if (walk_cgroup_leg(slot))
			break;
	}
	walk_finish(&s->walk);
	return 0;
}
