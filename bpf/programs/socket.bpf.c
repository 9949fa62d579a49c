/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* socket, also through 32-bit socketcall. Called by dispatch_sys_exit. */
#include "../lib/record.h"
#include "../lib/syscall.h"

#define SOCK_TYPE_MASK 0xf /* above are SOCK_CLOEXEC and SOCK_NONBLOCK */

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_socket, struct pt_regs *regs, long ret)
{
	struct {
		struct vdt_header header;
		struct vdt_socket socket;
	} record = {};
	struct task_struct *task = current_task();
	bool compat = syscall_is_compat();
	struct event_numbers numbers = {};
	struct socket_args args; /* domain, type, protocol */

	socket_args_read(regs, compat, &args);
	numbers.value[VDT_SOCKET_DOMAIN] = (u32)args.arg[0];
	numbers.value[VDT_SOCKET_TYPE] = args.arg[1] & SOCK_TYPE_MASK;
	numbers.value[VDT_SOCKET_PROTOCOL] = (u32)args.arg[2];
	if (is_filtered(VDT_SOCKET, task, &numbers))
		return 0;
	count(seen[VDT_SOCKET]);
	header_fill(&record.header, VDT_SOCKET, compat ? VDT_F_COMPAT : 0);
	record.header.size = sizeof(record);
	record.socket.retval = ret;
	record.socket.domain = args.arg[0];
	record.socket.type = args.arg[1];
	record.socket.protocol = args.arg[2];
	ring_output(VDT_SOCKET, &record, sizeof(record));
	return 0;
}
