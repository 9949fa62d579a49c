/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Trampoline backend of open: the function all system calls and io_uring open files through. Names are the kernel's
 * own copies. What is refused before it (bad flags, no free descriptor) is not seen; the descriptor is not known
 * yet, so success is 0.
 */
#include "../lib/open.h"

#define FMODE_EXEC 040	    /* open_exec() and friends: the exec record has them */
#define O_LARGEFILE 0100000 /* forced on 64-bit hosts, never passed */
#define S_IALLUGO 07777

static __always_inline int opened(s32 dirfd, const char *name, const struct open_flags *how,
				  struct file *file)
{
	struct task_struct *task = current_task();
	struct open_call call = {.dirfd = dirfd, .record_flags = VDT_F_TRAMPOLINE};
	bool failed = (u64)file >= (u64)-MAX_ERRNO;
	struct text_place passed = {}, base = {};
	struct scratch *s;
	char first = '/';
	u32 before;

	call.flags = how->open_flag;
	if (!is_wanted(VDT_OPEN) || call.flags & FMODE_EXEC || is_restarted((long)file))
		return 0;
	if ((long)file == -EAGAIN && async_flag())
		return 0; /* io_uring's first try, which must not wait; a thread of its own follows */
	if (CURRENT_READ(flags) & PF_KTHREAD && !async_flag())
		return 0; /* the kernel opens for itself */
	call.flags &= ~O_LARGEFILE;
	call.mode = how->mode & S_IALLUGO;
	call.ret = failed ? (long)file : 0;
	if (open_is_filtered(task, failed ? NULL : file, call.flags, true))
		return 0;
	call.record_flags |= async_flag();
	if (syscall_is_compat())
		call.record_flags |= VDT_F_COMPAT;
	s = open_begin(bpf_get_current_cgroup_id(), &call);
	if (!s || !open_file(s, task, true, failed ? NULL : file))
		return 0;
	if (name) {
		before = s->len;
		if (item_kernel_string(s, VDT_ITEM_SYSCALL_PATH, name, VDT_PATH_MAX))
			count(miss[VDT_MISS_SYSCALL]);
		else
			passed = text_since(s, before);
		bpf_probe_read_kernel(&first, sizeof(first), name);
	}
	if (failed && first != '/') {
		before = s->len;
		open_base(s, task, dirfd);
		base = text_since(s, before);
	}
	if (!failed || open_name(s, task, passed, base))
		open_finish(s, &call);
	return 0;
}

SEC("fexit/do_filp_open")
int BPF_PROG(handle_do_filp_open, int dirfd, struct filename *name, const struct open_flags *how,
	     struct file *file)
{
	return opened(dirfd, name->name, how, file);
}

/* open_by_handle_at: the file was found already, `root` is it. */
SEC("fexit/do_file_open_root")
int BPF_PROG(handle_do_file_open_root, const struct path *root, const char *name,
	     const struct open_flags *how, struct file *file)
{
	return opened(AT_FDCWD, NULL, how, file);
}
