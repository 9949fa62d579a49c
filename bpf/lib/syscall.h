/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A finished system call: which one, through which entry, with which arguments. The registers still hold the
 * arguments at exit. 32-bit calls (int 0x80, sysenter, AArch32) have their own numbers and are looked up apart:
 * a watcher that forgets them is blind to any program that uses that entry on purpose.
 */
#ifndef VEDETTE_BPF_SYSCALL_H
#define VEDETTE_BPF_SYSCALL_H

#include "filter.h"
#include "task.h"

#define NR_IO_URING_ENTER 426 /* on every architecture */

#if defined(__TARGET_ARCH_x86)

#define X32_SYSCALL_BIT 0x40000000 /* x32 shares the numbers we look for */
#define TS_COMPAT 2

static __always_inline u32 syscall_number(struct pt_regs *regs)
{
	return (u32)regs->orig_ax & ~X32_SYSCALL_BIT;
}

static __always_inline bool syscall_is_compat(void)
{
	return CURRENT_READ(thread_info.status) & TS_COMPAT;
}

static __always_inline u64 syscall_arg(struct pt_regs *regs, bool compat, int index)
{
	if (compat) {
		switch (index) {
		case 0:
			return (u32)regs->bx;
		case 1:
			return (u32)regs->cx;
		case 2:
			return (u32)regs->dx;
		case 3:
			return (u32)regs->si;
		case 4:
			return (u32)regs->di;
		default:
			return (u32)regs->bp;
		}
	}
	switch (index) {
	case 0:
		return regs->di;
	case 1:
		return regs->si;
	case 2:
		return regs->dx;
	case 3:
		return regs->r10;
	case 4:
		return regs->r8;
	default:
		return regs->r9;
	}
}

#elif defined(__TARGET_ARCH_arm64)

#define TIF_32BIT 22

static __always_inline u32 syscall_number(struct pt_regs *regs)
{
	return (u32)regs->syscallno;
}

static __always_inline bool syscall_is_compat(void)
{
	return CURRENT_READ(thread_info.flags) >> TIF_32BIT & 1;
}

static __always_inline u64 syscall_arg(struct pt_regs *regs, bool compat, int index)
{
	/* x0 has the result by now. */
	u64 value = index == 0 ? regs->orig_x0 : regs->regs[index];

	return compat ? (u32)value : value;
}

#endif

/* socketcall(2), 32-bit x86: many calls in one, with their arguments in the caller's memory. */
static __always_inline u32 socketcall_inside(u64 number)
{
	switch (number) {
	case 1:
		return VDT_CALL_SOCKET;
	case 2:
		return VDT_CALL_BIND;
	case 3:
		return VDT_CALL_CONNECT;
	case 5:
	case 18:
		return VDT_CALL_ACCEPT;
	case 14:
		return VDT_CALL_SETSOCKOPT;
	}
	return VDT_CALL_NONE;
}

static __always_inline u32 call_of_number(struct pt_regs *regs, bool compat)
{
	struct vdt_filters *f = filters_now();
	u32 nr = syscall_number(regs);

	if (nr >= VDT_SYSCALL_MAX)
		return VDT_CALL_NONE;
	return compat ? f->calls[nr].compat : f->calls[nr].native;
}

/* The call that just began or returned, when a type that comes from it is wanted. */
static __always_inline u32 syscall_call(struct pt_regs *regs, bool compat)
{
	u32 call = call_of_number(regs, compat);

	return call == VDT_CALL_SOCKETCALL ? socketcall_inside(syscall_arg(regs, compat, 0)) : call;
}

/*
 * The same for the dispatchers, which run for every call of the host: most numbers need no look at the task, and one at
 * what is wanted by either entry.
 */
static __always_inline u32 wanted_call(struct pt_regs *regs)
{
	u32 nr = syscall_number(regs);

	if (nr >= VDT_SYSCALL_MAX || !*(u16 *)&filters_now()->calls[nr])
		return VDT_CALL_NONE;
	return syscall_call(regs, syscall_is_compat());
}

struct socket_args {
	u64 arg[5];
};

/* Arguments of a call that socketcall(2) may have inside. */
static __always_inline void socket_args_read(struct pt_regs *regs, bool compat,
					     struct socket_args *out)
{
	u32 packed[5] = {};

	if (call_of_number(regs, compat) == VDT_CALL_SOCKETCALL) {
		/* Fewer than five for most calls, so the read may leave the caller's memory: then take three. */
		const void *from = (void *)syscall_arg(regs, compat, 1);
		if (bpf_probe_read_user(packed, sizeof(packed), from) &&
		    bpf_probe_read_user(packed, 3 * sizeof(packed[0]), from))
			count(miss[VDT_MISS_SYSCALL]);
#pragma unroll
		for (int i = 0; i < 5; i++)
			out->arg[i] = packed[i];
		return;
	}
#pragma unroll
	for (int i = 0; i < 5; i++)
		out->arg[i] = syscall_arg(regs, compat, i);
}

/*
 * The registers with which the current task came into the kernel, for programs that do not hang on a system call;
 * NULL when it did not come from user space, and before 5.15.
 */
static __always_inline struct pt_regs *current_regs(void)
{
	if (CURRENT_READ(flags) & (PF_KTHREAD | PF_IO_WORKER))
		return NULL;
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	return NULL;
}

/* io_uring acts from its own threads, or from within io_uring_enter(). */
static __always_inline u16 async_flag(void)
{
	struct pt_regs *regs;

	if (CURRENT_READ(flags) & PF_IO_WORKER)
		return VDT_F_ASYNC;
	regs = current_regs();
	if (regs && syscall_number(regs) == NR_IO_URING_ENTER)
		return VDT_F_ASYNC;
	return 0;
}

static __always_inline bool is_restarted(long ret)
{
	return ret <= -ERESTARTSYS && ret >= -ERESTART_RESTARTBLOCK;
}

/* `known`: see FIELD(). */
static __always_inline struct file *file_in(bool known, struct files_struct *files, long fd)
{
	struct fdtable *table = FIELD(known, files, fdt);
	struct file **place = FIELD(known, table, fd);
	struct file *file = NULL;

	if (fd < 0 || fd >= FIELD(known, table, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), place + fd);
	return file;
}

/* The file behind a descriptor of the current process; NULL when another thread closed it meanwhile. */
static __always_inline struct file *current_file(long fd)
{
	return file_in(CURRENT_TASK_KNOWN, CURRENT_READ(files), fd);
}

/* The same of any task. */
static __always_inline struct file *file_of_descriptor(struct task_struct *task, long fd)
{
	return file_in(TASKS_KNOWN, LOAD(task, files), fd);
}

#endif
