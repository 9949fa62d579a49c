/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Somebody changed how SELinux decides, by writing a number to a file of selinuxfs. Only writes that it took are told. The
 * number is read from the writer's memory after the write; the file is the kernel's own, whatever it is called.
 */
#include "../lib/record.h"
#include "../lib/syscall.h"

#define SELINUX_MAGIC 0xf97cff8c
#define SHORT_NAME 24 /* longer than the names that are looked for */

static __always_inline void short_name(struct dentry *dentry, char (*out)[SHORT_NAME])
{
	bpf_probe_read_kernel_str(out, sizeof(*out), BPF_CORE_READ(dentry, d_name.name));
}

#define IS(name, text) (!__builtin_memcmp(name, text, sizeof(text)))

/* VDT_SELINUX_*: what the file is. Their names are the kernel's. */
static __always_inline u32 selinux_file(struct file *file)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	char name[SHORT_NAME] = {}, parent[SHORT_NAME] = {};

	if (BPF_CORE_READ(dentry, d_sb, s_magic) != SELINUX_MAGIC)
		return VDT_SELINUX_NONE;
	short_name(BPF_CORE_READ(dentry, d_parent), &parent);
	if (IS(parent, "booleans"))
		return VDT_SELINUX_BOOL;
	short_name(dentry, &name);
	if (IS(name, "enforce"))
		return VDT_SELINUX_ENFORCE;
	if (IS(name, "commit_pending_bools"))
		return VDT_SELINUX_COMMIT;
	if (IS(name, "disable"))
		return VDT_SELINUX_DISABLE;
	return VDT_SELINUX_NONE;
}

static __always_inline void selinux_output(struct file *file, u32 what, const void *text, u32 len,
					   u16 flags)
{
	struct vdt_selinux *out;
	struct scratch *s;

	s = record_begin(VDT_SELINUX, flags, sizeof(*out));
	if (!s)
		return;
	out = record_fixed(s);
	out->file = what;
	if (what == VDT_SELINUX_BOOL)
		item_kernel_string(s, VDT_ITEM_NAME,
				   BPF_CORE_READ(file, f_path.dentry, d_name.name), VDT_NAME_MAX);
	if (item_user_bytes(s, VDT_ITEM_VALUE, text, len, VDT_NAME_MAX))
		count(miss[VDT_MISS_SYSCALL]);
	record_commit(s, VDT_SELINUX);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_selinux, struct pt_regs *regs, long ret)
{
	bool compat = syscall_is_compat();
	struct file *file = current_file((s32)syscall_arg(regs, compat, 0));
	const void *text = (void *)syscall_arg(regs, compat, 1);
	u32 what = file && ret > 0 ? selinux_file(file) : VDT_SELINUX_NONE;
	u32 narrow = 0;
	u64 wide = 0;

	if (!what)
		return 0;
	if (syscall_call(regs, compat) == VDT_CALL_WRITEV) {
		/* struct iovec: the first address; each part is a write of its own, and one is all they take. */
		if (compat ? bpf_probe_read_user(&narrow, sizeof(narrow), text)
			   : bpf_probe_read_user(&wide, sizeof(wide), text))
			count(miss[VDT_MISS_SYSCALL]);
		text = (void *)(compat ? narrow : wide);
	}
	selinux_output(file, what, text, ret, compat ? VDT_F_COMPAT : 0);
	return 0;
}

/* Trampoline backend: the functions that these files are written by. */
static __always_inline int selinux_written(struct file *file, const char *text, long ret, u32 what)
{
	u16 flags = VDT_F_TRAMPOLINE | (syscall_is_compat() ? VDT_F_COMPAT : 0) | async_flag();

	if (ret > 0 && is_wanted(VDT_SELINUX))
		selinux_output(file, what, text, ret, flags);
	return 0;
}

SEC("fexit/sel_write_enforce")
int BPF_PROG(handle_sel_enforce, struct file *file, const char *text, u64 size, long long *pos,
	     long ret)
{
	return selinux_written(file, text, ret, VDT_SELINUX_ENFORCE);
}

SEC("fexit/sel_write_bool")
int BPF_PROG(handle_sel_bool, struct file *file, const char *text, u64 size, long long *pos,
	     long ret)
{
	return selinux_written(file, text, ret, VDT_SELINUX_BOOL);
}

SEC("fexit/sel_commit_bools_write")
int BPF_PROG(handle_sel_commit, struct file *file, const char *text, u64 size, long long *pos,
	     long ret)
{
	return selinux_written(file, text, ret, VDT_SELINUX_COMMIT);
}
