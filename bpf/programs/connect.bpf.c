/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* connect, also through 32-bit socketcall. Called by dispatch_sys_exit. */
#include "../lib/socket.h"
#include "../lib/syscall.h"

#define SYS_CONNECT 3 /* of socketcall(2) */

struct connect_arguments {
	s32 fd;
	u32 len;
	const void *addr;
};

static __always_inline bool connect_arguments(struct pt_regs *regs, bool compat,
					      struct connect_arguments *args)
{
	u32 packed[3] = {};

	switch (syscall_call(regs, compat)) {
	case VDT_CALL_CONNECT:
		args->fd = syscall_arg(regs, compat, 0);
		args->addr = (void *)syscall_arg(regs, compat, 1);
		args->len = syscall_arg(regs, compat, 2);
		return true;
	case VDT_CALL_SOCKETCALL:
		if (syscall_arg(regs, compat, 0) != SYS_CONNECT)
			return false;
		if (bpf_probe_read_user(packed, sizeof(packed),
					(void *)syscall_arg(regs, compat, 1)))
			count(miss[VDT_MISS_SYSCALL]);
		args->fd = packed[0];
		args->addr = (void *)(u64)packed[1];
		args->len = packed[2];
		return true;
	}
	return false;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_connect, struct pt_regs *regs, long ret)
{
	struct {
		struct vdt_header header;
		struct vdt_connect connect;
	} record = {};
	struct task_struct *task = current_task();
	struct connect_arguments args = {};
	bool compat = syscall_is_compat();
	struct file *file;
	struct sock *sk = NULL;

	if (is_restarted(ret) || !connect_arguments(regs, compat, &args))
		return 0;
	count(seen[VDT_CONNECT]);
	header_fill(&record.header, VDT_CONNECT, compat ? VDT_F_COMPAT : 0, task);
	record.header.size = sizeof(record);
	record.connect.retval = ret;
	file = file_of_descriptor(task, args.fd);
	if (file)
		sk = sock_of_file(file);
	if (sk)
		sock_kind(sk, &record.connect);
	/*
	 * After a success, or while it is under way, the kernel's socket knows the truth; otherwise only the caller's
	 * memory has the address, which another thread may have changed meanwhile.
	 */
	if (!sk || (ret != 0 && ret != -EINPROGRESS) || !sock_peer(sk, &record.connect))
		sockaddr_from_user(args.addr, args.len, &record.connect);
	ring_output(VDT_CONNECT, &record, sizeof(record));
	return 0;
}
