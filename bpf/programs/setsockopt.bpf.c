/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * setsockopt, also through 32-bit socketcall. Called by dispatch_sys_exit. A packet filter that was attached is read
 * from the socket, which keeps it as it was passed: the caller's copy may be another one by now. Only of a filter that
 * was refused is the caller's copy all there is.
 */
#include "../lib/socket.h"
#include "../lib/syscall.h"

#define SOL_SOCKET 1
#define SO_ATTACH_FILTER 26
#define FILTER_BYTES_MAX (VDT_BYTES_MAX / sizeof(struct sock_filter) * sizeof(struct sock_filter))

static __always_inline void filter_of_socket(struct scratch *s, struct sock *sk,
					     struct vdt_setsockopt *out)
{
	struct sock_fprog_kern *kept = BPF_CORE_READ(sk, sk_filter, prog, orig_prog);
	struct sock_filter *filter = BPF_CORE_READ(kept, filter);

	out->filter_len = BPF_CORE_READ(kept, len);
	if (item_bytes(s, VDT_ITEM_BYTES, filter, out->filter_len * sizeof(*filter),
		       FILTER_BYTES_MAX))
		count(miss[VDT_MISS_SYSCALL]);
}

static __always_inline void filter_of_caller(struct scratch *s, const void *option, bool compat,
					     struct vdt_setsockopt *out)
{
	struct compat_sock_fprog narrow = {};
	struct sock_fprog wide = {};

	if (compat ? bpf_probe_read_user(&narrow, sizeof(narrow), option)
		   : bpf_probe_read_user(&wide, sizeof(wide), option)) {
		count(miss[VDT_MISS_SYSCALL]);
		return;
	}
	if (compat) {
		wide.len = narrow.len;
		wide.filter = (void *)(u64)narrow.filter;
	}
	out->filter_len = wide.len;
	if (item_user_bytes(s, VDT_ITEM_BYTES, wide.filter, wide.len * sizeof(*wide.filter),
			    FILTER_BYTES_MAX))
		count(miss[VDT_MISS_SYSCALL]);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_setsockopt, struct pt_regs *regs, long ret)
{
	struct task_struct *task = current_task();
	bool compat = syscall_is_compat();
	struct event_numbers numbers = {};
	struct vdt_connect kind = {};
	struct vdt_setsockopt *out;
	struct socket_args args; /* descriptor, level, option, value, its length */
	struct scratch *s;
	struct sock *sk;

	socket_args_read(regs, compat, &args);
	numbers.value[VDT_SETSOCKOPT_LEVEL] = (u32)args.arg[1];
	numbers.value[VDT_SETSOCKOPT_OPTION] = (u32)args.arg[2];
	if (is_filtered(VDT_SETSOCKOPT, task, &numbers))
		return 0;
	s = record_begin(VDT_SETSOCKOPT, compat ? VDT_F_COMPAT : 0, sizeof(*out));
	if (!s)
		return 0;
	out = record_fixed(s);
	out->retval = ret;
	out->level = args.arg[1];
	out->optname = args.arg[2];
	sk = sock_of_descriptor((s32)args.arg[0]);
	if (sk) {
		sock_kind(sk, &kind);
		out->family = kind.family;
		out->protocol = kind.protocol;
		out->socket_type = kind.socket_type;
	}
	if (out->level == SOL_SOCKET && out->optname == SO_ATTACH_FILTER) {
		if (sk && ret == 0)
			filter_of_socket(s, sk, out);
		else
			filter_of_caller(s, (void *)args.arg[3], compat, out);
	}
	record_commit(s, VDT_SETSOCKOPT);
	return 0;
}
