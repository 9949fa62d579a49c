/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Somebody wrote a process or thread id into a cgroup, of any hierarchy. The kernel has the cgroup; the path that
 * leads to it is that of the file which the writer writes to.
 */
#include "../lib/cgroup.h"
#include "../lib/file.h"
#include "../lib/syscall.h"

#define CGROUP_SUPER_MAGIC 0x27e0eb
#define CGROUP2_SUPER_MAGIC 0x63677270

/* The file of the first argument, if it is one of `cgroup`'s: who wrote otherwise (sendfile) has none. */
static __always_inline struct file *cgroup_file(struct cgroup *cgroup)
{
	struct pt_regs *regs = current_regs();
	struct file *file;
	u64 magic;

	if (!regs)
		return NULL;
	file = current_file((s32)syscall_arg(regs, syscall_is_compat(), 0));
	if (!file)
		return NULL;
	magic = BPF_CORE_READ(file, f_inode, i_sb, s_magic);
	if (magic != CGROUP_SUPER_MAGIC && magic != CGROUP2_SUPER_MAGIC)
		return NULL;
	/* kernfs: the inode number is the low half of the node's id, or all of it. */
	if ((u32)BPF_CORE_READ(file, f_path.dentry, d_parent, d_inode, i_ino) !=
	    (u32)BPF_CORE_READ(cgroup, kn, id))
		return NULL;
	return file;
}

static __always_inline void directory_collect(struct scratch *s, struct task_struct *task,
					      struct file *file, struct vdt_file *out)
{
	struct dentry *directory = BPF_CORE_READ(file, f_path.dentry, d_parent);
	struct place at = {.mnt = BPF_CORE_READ(file, f_path.mnt), .dentry = directory};

	place_collect(s, task, &at, inode_of(directory), out, VDT_ITEM_PATH, VDT_ITEM_FILESYSTEM);
}

SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(handle_cgroup_write, struct cgroup *to, const char *path, struct task_struct *moved,
	     bool whole_process)
{
	struct task_struct *task = current_task();
	struct vdt_cgroup_write *out;
	u32 flags = BPF_CORE_READ(task, flags);
	struct file *file;
	struct scratch *s;

	/* Kernel threads: the kernel tidies up. */
	if (flags & PF_KTHREAD || !is_wanted(VDT_CGROUP_WRITE))
		return 0;
	s = record_begin(VDT_CGROUP_WRITE, flags & PF_IO_WORKER ? VDT_F_ASYNC : 0, sizeof(*out));
	if (!s)
		return 0;
	out = record_fixed(s);
	out->pid = whole_process ? moved->tgid : moved->pid;
	file = cgroup_file(to);
	if (file)
		directory_collect(s, task, file, &out->file);
	else
		out->file.inode = BPF_CORE_READ(to, kn, id);
	item_cgroup(s, to);
	record_commit(s, VDT_CGROUP_WRITE);
	return 0;
}
