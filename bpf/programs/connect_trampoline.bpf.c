/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Trampoline backend of connect: below the system call and io_uring, where the address is the kernel's copy. */
#include "../lib/socket.h"
#include "../lib/syscall.h"

SEC("fexit/__sys_connect_file")
int BPF_PROG(handle_connect_file, struct file *file, struct sockaddr_storage *addr, int len,
	     int file_flags, int ret)
{
	struct {
		struct vdt_header header;
		struct vdt_connect connect;
	} record = {};
	struct task_struct *task = current_task();
	struct sock *sk = sock_of_file(file);
	struct event_numbers numbers = {};
	u16 flags = VDT_F_TRAMPOLINE;

	if (is_restarted(ret) || !is_wanted(VDT_CONNECT))
		return 0;
	flags |= async_flag();
	if (syscall_is_compat())
		flags |= VDT_F_COMPAT;
	record.connect.retval = ret;
	if (sk)
		sock_kind(sk, &record.connect);
	sockaddr_from_kernel(addr, len, &record.connect);
	numbers.value[VDT_ADDRESS_FAMILY] = record.connect.family;
	if (is_filtered(VDT_CONNECT, task, &numbers))
		return 0;
	count(seen[VDT_CONNECT]);
	header_fill(&record.header, VDT_CONNECT, flags);
	record.header.size = sizeof(record);
	ring_output(VDT_CONNECT, &record, sizeof(record));
	return 0;
}
