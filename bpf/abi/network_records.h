/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Records of sockets and packets. BIND and ACCEPT are a struct vdt_connect: with the own address, with the peer's. */
#ifndef VEDETTE_BPF_NETWORK_RECORDS_H
#define VEDETTE_BPF_NETWORK_RECORDS_H

#include "records.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vdt_socket {
	__s64 retval; /* fd or negative errno */
	__u32 domain; /* as passed, as the two below */
	__u32 type;   /* SOCK_CLOEXEC and SOCK_NONBLOCK included */
	__u32 protocol;
	__u32 pad;
};
VDT_ASSERT(sizeof(struct vdt_socket) == 24);

/* SETSOCKOPT: item BYTES, the instructions (struct sock_filter) of a filter, as many of them as fit. */
struct vdt_setsockopt {
	__s64 retval;
	__u16 family;	   /* of the socket; all three 0 when there is none */
	__u16 protocol;	   /* IPPROTO_* */
	__u16 socket_type; /* SOCK_* */
	__u16 pad;
	__u32 level;
	__u32 optname;
	__u32 filter_len; /* SO_ATTACH_FILTER: instructions */
	__u32 pad2;
};
VDT_ASSERT(sizeof(struct vdt_setsockopt) == 32);

#define VDT_INTERFACE_LEN 16 /* net_device.name, IFNAMSIZ */
#define VDT_PAYLOAD_MAX 4096 /* bytes of a packet's payload that are kept */
#define VDT_DNS_HEADER 12    /* a shorter payload is no DNS message */

/*
 * DNS and IMDS: item BYTES, the payload. header.image is the process that made, connected or last sent through the
 * socket on this host, pid 0 when it is not known; header.tid is 0. A DNS message over TCP comes without its length.
 */
struct vdt_packet {
	__u8 source[16]; /* network byte order; IPv4 in the first 4 bytes */
	__u8 destination[16];
	__u16 source_port; /* network byte order */
	__u16 destination_port;
	__u16 l3_protocol; /* ETH_P_* */
	__u8 l4_protocol;  /* IPPROTO_* */
	__u8 egress;
	__u32 size;	    /* of the packet, from its IP header */
	__u32 payload_size; /* of what BYTES is the front of */
	__u32 netns;	    /* inode number; of the device */
	char interface[VDT_INTERFACE_LEN];
	__u32 net_cookie; /* as in struct vdt_process */
};
VDT_ASSERT(sizeof(struct vdt_packet) == 72);

/* PACKET: items NAME, the filter it passed, and BYTES, the payload of TCP or UDP. Otherwise as above. */
struct vdt_packet_match {
	struct vdt_packet packet;
	__u16 icmp_type; /* ICMP and ICMPv6 */
	__u16 pad[3];
};
VDT_ASSERT(sizeof(struct vdt_packet_match) == 80);

/* Source is this host's end, destination the other one. */
struct vdt_flow {
	__u8 source[16]; /* network byte order; IPv4 in the first 4 bytes */
	__u8 destination[16];
	__u16 source_port; /* network byte order; 0 but for TCP and UDP */
	__u16 destination_port;
	__u16 l3_protocol; /* ETH_P_* */
	__u8 l4_protocol;  /* IPPROTO_* */
	__u8 pad;
	__u64 in_bytes, in_packets;
	__u64 out_bytes, out_packets;
};
VDT_ASSERT(sizeof(struct vdt_flow) == 72);

#define VDT_FLOWS_MAX 224 /* of one record */
VDT_ASSERT(VDT_FLOWS_MAX * sizeof(struct vdt_flow) <= VDT_BYTES_MAX);

/* NETWORK_FLOW_MONITOR: item BYTES, an array of struct vdt_flow. header.image as in struct vdt_packet. */
struct vdt_flow_report {
	__u32 netns; /* inode number; of the device */
	__u32 net_cookie;
	char interface[VDT_INTERFACE_LEN];
};
VDT_ASSERT(sizeof(struct vdt_flow_report) == 24);

#ifdef __cplusplus
}
#endif

#endif
