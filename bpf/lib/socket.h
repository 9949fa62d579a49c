/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Both ends of a socket. */
#ifndef VEDETTE_BPF_SOCKET_H
#define VEDETTE_BPF_SOCKET_H

#include "record.h"
#include "syscall.h"

#define SOCK_RAW 3

#define S_IFMT 0170000
#define S_IFSOCK 0140000

static __always_inline struct sock *sock_of_file(struct file *file)
{
	struct socket *socket = BPF_CORE_READ(file, private_data);

	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	return BPF_CORE_READ(socket, sk);
}

/* NULL when it is no socket, or when another thread closed it meanwhile. */
static __always_inline struct sock *sock_of_descriptor(long fd)
{
	struct file *file = current_file(fd);

	return file ? sock_of_file(file) : NULL;
}

static __always_inline void sock_kind(struct sock *sk, struct vdt_connect *out)
{
	out->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	out->protocol = BPF_CORE_READ(sk, sk_protocol);
	out->socket_type = BPF_CORE_READ(sk, sk_type);
}

/* The peer as the kernel keeps it; false when it keeps none (nothing connected, or the connection was refused). */
static __always_inline bool sock_peer(struct sock *sk, struct vdt_connect *out)
{
	struct in6_addr v6 = {};
	u32 v4 = 0;

	out->port = BPF_CORE_READ(sk, __sk_common.skc_dport);
	if (out->family == AF_INET) {
		v4 = BPF_CORE_READ(sk, __sk_common.skc_daddr);
		__builtin_memcpy(out->addr, &v4, sizeof(v4));
		return v4 || out->port;
	}
	/* CONFIG_IPV6 may be off. */
	if (out->family == AF_INET6 && bpf_core_field_exists(sk->__sk_common.skc_v6_daddr)) {
		BPF_CORE_READ_INTO(&v6, sk, __sk_common.skc_v6_daddr);
		__builtin_memcpy(out->addr, &v6, sizeof(out->addr));
		return out->port || v6.in6_u.u6_addr8[15] || v6.in6_u.u6_addr8[0];
	}
	return false;
}

/* Where the socket itself is bound; false when it is not, or when it is of no family that has such an address. */
static __always_inline bool sock_own(struct sock *sk, struct vdt_connect *out)
{
	struct in6_addr v6 = {};
	u16 port = BPF_CORE_READ(sk, __sk_common.skc_num);
	u32 v4 = 0;

	/* There it is the protocol. */
	if (out->socket_type == SOCK_RAW)
		port = 0;
	out->port = bpf_htons(port);
	if (out->family == AF_INET) {
		v4 = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
		__builtin_memcpy(out->addr, &v4, sizeof(v4));
		return v4 || port;
	}
	if (out->family == AF_INET6 && bpf_core_field_exists(sk->__sk_common.skc_v6_rcv_saddr)) {
		BPF_CORE_READ_INTO(&v6, sk, __sk_common.skc_v6_rcv_saddr);
		__builtin_memcpy(out->addr, &v6, sizeof(out->addr));
		return out->port || v6.in6_u.u6_addr8[15] || v6.in6_u.u6_addr8[0];
	}
	return false;
}

/* The address that was passed to connect() or bind(). `read`: bpf_probe_read_user or bpf_probe_read_kernel. */
#define SOCKADDR_READER(name, read)                                                                \
	static __always_inline void name(const void *from, u32 len, struct vdt_connect *out)       \
	{                                                                                          \
		struct sockaddr_in6 a = {};                                                        \
                                                                                                   \
		barrier_var(len);                                                                  \
		if (len > sizeof(a))                                                               \
			len = sizeof(a);                                                           \
		if (len < sizeof(a.sin6_family) || read(&a, len, from)) {                          \
			count(miss[VDT_MISS_ADDR]);                                                \
			return;                                                                    \
		}                                                                                  \
		out->family = a.sin6_family;                                                       \
		out->port = 0;                                                                     \
		__builtin_memset(out->addr, 0, sizeof(out->addr));                                 \
		if (a.sin6_family == AF_INET) {                                                    \
			struct sockaddr_in *v4 = (void *)&a;                                       \
			out->port = v4->sin_port;                                                  \
			__builtin_memcpy(out->addr, &v4->sin_addr, sizeof(v4->sin_addr));          \
		} else if (a.sin6_family == AF_INET6) {                                            \
			out->port = a.sin6_port;                                                   \
			__builtin_memcpy(out->addr, a.sin6_addr, sizeof(a.sin6_addr));             \
		}                                                                                  \
	}

SOCKADDR_READER(sockaddr_from_user, bpf_probe_read_user)
SOCKADDR_READER(sockaddr_from_kernel, bpf_probe_read_kernel)

#endif
