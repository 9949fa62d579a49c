/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* connect, also through 32-bit socketcall. Called by dispatch_sys_exit. */
#include "../lib/socket.h"
#include "../lib/syscall.h"

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_connect, struct pt_regs *regs, long ret)
{
	struct {
		struct vdt_header header;
		struct vdt_connect connect;
	} record = {};
	struct task_struct *task = current_task();
	bool compat = syscall_is_compat();
	struct event_numbers numbers = {};
	struct socket_args args; /* descriptor, address, its length */
	struct sock *sk;

	if (is_restarted(ret))
		return 0;
	socket_args_read(regs, compat, &args);
	record.connect.retval = ret;
	sk = sock_of_descriptor((s32)args.arg[0]);
	if (sk)
		sock_kind(sk, &record.connect);
	/*
	 * After a success, or while it is under way, the kernel's socket knows the truth; otherwise only the caller's
	 * memory has the address, which another thread may have changed meanwhile.
	 */
	if (!sk || (ret != 0 && ret != -EINPROGRESS) || !sock_peer(sk, &record.connect))
		sockaddr_from_user((void *)args.arg[1], args.arg[2], &record.connect);
	numbers.value[VDT_ADDRESS_FAMILY] = record.connect.family;
	if (is_filtered(VDT_CONNECT, task, &numbers))
		return 0;
	count(seen[VDT_CONNECT]);
	header_fill(&record.header, VDT_CONNECT, compat ? VDT_F_COMPAT : 0);
	record.header.size = sizeof(record);
	ring_output(VDT_CONNECT, &record, sizeof(record));
	return 0;
}
