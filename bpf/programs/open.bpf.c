/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * open, openat, openat2, creat, open_by_handle_at; truncate and ftruncate as the opening for writing with O_TRUNC that
 * they are as good as.
 */
#include "../lib/call_function.h"
#include "../lib/open.h"

#define O_WRONLY 01
#define O_CREAT 0100
#define O_TRUNC 01000

struct open_arguments {
	const char *name; /* NULL: by handle or descriptor */
	s32 fd;		  /* the file's; negative: it has none */
	const struct open_how *how;
};

static __always_inline bool open_arguments(struct pt_regs *regs, bool compat,
					   struct open_call *call, struct open_arguments *args)
{
	u64 a = syscall_arg(regs, compat, 0), b = syscall_arg(regs, compat, 1);
	u64 c = syscall_arg(regs, compat, 2), d = syscall_arg(regs, compat, 3);

	call->dirfd = AT_FDCWD;
	args->fd = call->ret;
	switch (syscall_call(regs, compat)) {
	case VDT_CALL_OPEN:
		args->name = (void *)a;
		call->flags = b;
		call->mode = c;
		return true;
	case VDT_CALL_OPENAT:
		call->dirfd = a;
		args->name = (void *)b;
		call->flags = c;
		call->mode = d;
		return true;
	case VDT_CALL_OPENAT2:
		call->dirfd = a;
		args->name = (void *)b;
		args->how = (void *)c;
		return true;
	case VDT_CALL_CREAT:
		args->name = (void *)a;
		call->flags = O_CREAT | O_WRONLY | O_TRUNC;
		call->mode = b;
		return true;
	case VDT_CALL_OPEN_BY_HANDLE:
		call->dirfd = a;
		call->flags = c;
		return true;
	case VDT_CALL_TRUNCATE:
		args->name = (void *)a;
		args->fd = -1;
		call->flags = O_WRONLY | O_TRUNC;
		return true;
	case VDT_CALL_FTRUNCATE:
		args->fd = a;
		call->flags = O_WRONLY | O_TRUNC;
		return true;
	}
	return false;
}

static __always_inline int call_returned(struct pt_regs *regs, long ret)
{
	struct task_struct *task = current_task();
	struct open_arguments args = {};
	struct open_call call = {.ret = ret};
	bool compat = syscall_is_compat();
	struct text_place name = {}, base = {};
	struct open_how how = {};
	struct file *file;
	struct scratch *s;
	char first = '/';
	u32 before;

	if (is_restarted(ret) || !open_arguments(regs, compat, &call, &args))
		return 0;
	if (args.how && !bpf_probe_read_user(&how, sizeof(how), args.how)) {
		call.flags = how.flags;
		call.mode = how.mode;
	}
	if (compat)
		call.record_flags |= VDT_F_COMPAT;
	file = current_file(args.fd);
	if (open_is_filtered(task, file, call.flags, false))
		return 0;
	s = open_begin(bpf_get_current_cgroup_id(), &call);
	if (!s || !open_file(s, task, false, file))
		return 0;
	if (args.name) {
		before = s->len;
		if (item_user_string(s, VDT_ITEM_SYSCALL_PATH, args.name, VDT_PATH_MAX))
			count(miss[VDT_MISS_SYSCALL]);
		else
			name = text_since(s, before);
		bpf_probe_read_user(&first, sizeof(first), args.name);
	}
	if (first != '/' && ((struct vdt_open *)record_fixed(s))->file.flags & VDT_FILE_NO_INODE) {
		before = s->len;
		open_base(s, task, call.dirfd);
		base = text_since(s, before);
	}
	if (file || open_name(s, task, name, base))
		open_finish(s, &call);
	return 0;
}

/* Called by dispatch_sys_exit. */
SEC("tp_btf/sys_exit")
int BPF_PROG(handle_open, struct pt_regs *regs, long ret)
{
	return call_returned(regs, ret);
}

/* With trampolines the opens are seen elsewhere. */
SEC("fexit/" CALL_FUNCTION("truncate"))
int BPF_PROG(truncate_returned, struct pt_regs *regs, long ret)
{
	return call_returned(regs, ret);
}
