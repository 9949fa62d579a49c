/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * mount, move_mount, fsmount, open_tree with OPEN_TREE_CLONE: calls that make a mount or move one. Those that only change
 * one (remount, propagation) are no mount events. Called by dispatch_sys_exit.
 */
#include "../lib/mount.h"

#define MS_REMOUNT 0x20u
#define MS_BIND 0x1000u
#define MS_MOVE 0x2000u
#define MS_PROPAGATION 0x1e0000u /* MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE, MS_SHARED */
#define MS_MAGIC 0xc0ed0000u	 /* old programs have it in the upper half; the kernel drops it */
#define MS_MAGIC_MASK 0xffff0000u
#define OPEN_TREE_CLONE 1
#define MOVE_MOUNT_F_EMPTY_PATH 0x4
#define MOVE_MOUNT_T_EMPTY_PATH 0x40

struct mount_call {
	struct file_argument mountpoint;
	struct file_argument source;
	const void *type; /* as passed, NULL: none */
	struct mount *mount;
	u32 flags; /* VDT_MOUNT_* */
	bool has_mountpoint;
	bool has_source;
};

static __always_inline struct mount *mount_of_descriptor(s32 fd)
{
	struct file *file = current_file(fd);
	struct vfsmount *mnt = BPF_CORE_READ(file, f_path.mnt);

	return mnt ? real_mount(mnt) : NULL;
}

static __always_inline u8 first_of(u64 name)
{
	u8 first = 0;

	bpf_probe_read_user(&first, sizeof(first), (void *)name);
	return first;
}

/* VDT_MOUNT_* of what mount(2) is asked for, in the order in which the kernel looks; false: nothing is mounted. */
static __always_inline bool mount_kind(u32 flags, u32 *kind)
{
	if ((flags & MS_MAGIC_MASK) == MS_MAGIC)
		flags &= ~MS_MAGIC_MASK;
	if (flags & MS_REMOUNT)
		return false;
	if (flags & MS_BIND)
		*kind = VDT_MOUNT_BIND;
	else if (flags & MS_PROPAGATION)
		return false;
	else if (flags & MS_MOVE)
		*kind = VDT_MOUNT_MOVED;
	return true;
}

/* False: the call makes no mount and moves none. */
static __always_inline bool mount_arguments(struct pt_regs *regs, bool compat, long ret,
					    struct mount_call *out)
{
	u64 a = syscall_arg(regs, compat, 0), b = syscall_arg(regs, compat, 1);
	u64 c = syscall_arg(regs, compat, 2), d = syscall_arg(regs, compat, 3);
	u64 e = syscall_arg(regs, compat, 4);
	struct task_struct *task = current_task();

	switch (syscall_call(regs, compat)) {
	case VDT_CALL_MOUNT:
		out->source = by_name(a);
		out->has_source = a;
		out->mountpoint = by_name(b);
		out->has_mountpoint = true;
		out->type = (void *)c;
		if (!mount_kind(d, &out->flags))
			return false;
		/* User space takes it only if it is where the call wanted it: another call may have been faster. */
		if (ret == 0 && out->flags != VDT_MOUNT_MOVED)
			out->mount = compat_newest_mount(BPF_CORE_READ(task, nsproxy, mnt_ns));
		return true;
	case VDT_CALL_MOVE_MOUNT:
		out->source = by_name_at(a, b, e & MOVE_MOUNT_F_EMPTY_PATH ? AT_EMPTY_PATH : 0);
		out->has_source = true;
		out->mountpoint = by_name_at(c, d, e & MOVE_MOUNT_T_EMPTY_PATH ? AT_EMPTY_PATH : 0);
		out->has_mountpoint = true;
		out->flags = VDT_MOUNT_MOVED;
		if (ret == 0 && e & MOVE_MOUNT_F_EMPTY_PATH && !first_of(b))
			out->mount = mount_of_descriptor(a);
		return true;
	case VDT_CALL_FSMOUNT:
		out->flags = VDT_MOUNT_DETACHED;
		out->mount = mount_of_descriptor(ret);
		return true;
	case VDT_CALL_OPEN_TREE:
		out->source = by_name_at(a, b, c);
		out->has_source = true;
		out->flags = VDT_MOUNT_BIND | VDT_MOUNT_DETACHED;
		out->mount = mount_of_descriptor(ret);
		return c & OPEN_TREE_CLONE;
	}
	return false;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_mount, struct pt_regs *regs, long ret)
{
	bool compat = syscall_is_compat();
	struct task_struct *task = current_task();
	struct mount_call call = {};
	struct vdt_mount *out;
	struct scratch *s;

	if (is_restarted(ret) || !mount_arguments(regs, compat, ret, &call))
		return 0;
	s = record_begin(VDT_MOUNT, compat ? VDT_F_COMPAT : 0, sizeof(*out));
	if (!s)
		return 0;
	out = record_fixed(s);
	out->retval = ret;
	out->flags = call.flags;
	out->mountpoint.flags = VDT_FILE_NO_INODE;
	out->source.flags = VDT_FILE_NO_INODE;
	if (call.mount)
		mount_collect(s, task, call.mount, out);
	/* The mount has the items PATH and FILESYSTEM then. */
	if (call.has_mountpoint && !(call.mount && call.mountpoint.use != NAME_NEEDED))
		argument_collect(s, task, regs, &call.mountpoint, &out->mountpoint, FIRST_FILE);
	if (call.has_source)
		argument_collect(s, task, regs, &call.source, &out->source, SECOND_FILE);
	if (call.type)
		item_user_string(s, VDT_ITEM_NAME, call.type, VDT_NAME_MAX);
	record_commit(s, VDT_MOUNT);
	return 0;
}
