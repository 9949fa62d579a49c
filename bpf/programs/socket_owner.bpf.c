/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Keeps up whose a socket is: who made it; then who connected it or sent to an address through it, since descriptors
 * are inherited and handed on, and since sockets may be older than we. All run in the acting process, at the root of
 * the cgroup hierarchy, and return 1: allowed.
 */
#include "../lib/socket_owner.h"

SEC("cgroup/sock_create")
int own_new_socket(struct bpf_sock *ctx)
{
	socket_own(ctx);
	return 1;
}

SEC("cgroup/connect4")
int own_connecting4(struct bpf_sock_addr *ctx)
{
	if (ctx->sk)
		socket_own(ctx->sk);
	return 1;
}

SEC("cgroup/connect6")
int own_connecting6(struct bpf_sock_addr *ctx)
{
	if (ctx->sk)
		socket_own(ctx->sk);
	return 1;
}

SEC("cgroup/sendmsg4")
int own_sending4(struct bpf_sock_addr *ctx)
{
	if (ctx->sk)
		socket_own(ctx->sk);
	return 1;
}

SEC("cgroup/sendmsg6")
int own_sending6(struct bpf_sock_addr *ctx)
{
	if (ctx->sk)
		socket_own(ctx->sk);
	return 1;
}
