/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A packet as a cgroup_skb program sees it: from its IP header on, the address of the socket's end already rewritten
 * or not yet. Only where it goes is looked at here; what it carries is user space's to parse.
 */
#ifndef VEDETTE_BPF_PACKET_H
#define VEDETTE_BPF_PACKET_H

#include "record.h"
#include "socket_owner.h"

#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define IPPROTO_HOPOPTS 0
#define IPPROTO_ICMP 1
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_ROUTING 43
#define IPPROTO_FRAGMENT 44
#define IPPROTO_ICMPV6 58
#define IPPROTO_DSTOPTS 60
#define IP_PLAIN 0x45 /* version 4, five words: no options */
#define IP_FRAGMENT_OFFSET 0x1fff
#define IP6_FRAGMENT_OFFSET 0xfff8
#define EXTENSION_HEADERS_MAX 6

struct packet {
	struct vdt_packet facts;
	u32 payload; /* offset */
	u16 icmp_type;
};

static __always_inline bool has_ports(u8 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
}

/* Offset of what IPv4 carries; 0 when the header cannot be read, or this is not the packet's first fragment. */
static __always_inline u32 packet_read_ip4(struct __sk_buff *skb, struct vdt_packet *facts)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, 0, &ip, sizeof(ip)))
		return 0;
	facts->l3_protocol = ETH_P_IP;
	facts->l4_protocol = ip.protocol;
	__builtin_memcpy(facts->source, &ip.saddr, sizeof(ip.saddr));
	__builtin_memcpy(facts->destination, &ip.daddr, sizeof(ip.daddr));
	if (bpf_ntohs(ip.frag_off) & IP_FRAGMENT_OFFSET)
		return 0;
	return (ip.version_ihl & 0xf) * 4;
}

/* The same of IPv6, behind its extension headers. */
static __always_inline u32 packet_read_ip6(struct __sk_buff *skb, struct vdt_packet *facts)
{
	struct ipv6hdr ip;
	u32 at = sizeof(ip);
	u8 next;

	if (bpf_skb_load_bytes(skb, 0, &ip, sizeof(ip)))
		return 0;
	facts->l3_protocol = ETH_P_IPV6;
	__builtin_memcpy(facts->source, ip.saddr, sizeof(ip.saddr));
	__builtin_memcpy(facts->destination, ip.daddr, sizeof(ip.daddr));
	next = ip.nexthdr;
	for (int i = 0; i < EXTENSION_HEADERS_MAX; i++) {
		u8 extension[4];

		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_DSTOPTS &&
		    next != IPPROTO_FRAGMENT)
			break;
		if (bpf_skb_load_bytes(skb, at, extension, sizeof(extension)))
			return 0;
		if (next == IPPROTO_FRAGMENT) {
			if ((extension[2] << 8 | extension[3]) & IP6_FRAGMENT_OFFSET)
				return 0;
			at += 8;
		} else {
			at += (extension[1] + 1) * 8;
		}
		next = extension[0];
	}
	facts->l4_protocol = next;
	return at;
}

/* Of what the IP header carries: ports and payload, or a message's type. */
static __always_inline void packet_read_transport(struct __sk_buff *skb, struct packet *packet,
						  u32 at)
{
	struct vdt_packet *facts = &packet->facts;
	u16 ports[2];
	u8 byte;

	if (facts->l4_protocol == IPPROTO_ICMP || facts->l4_protocol == IPPROTO_ICMPV6) {
		if (!bpf_skb_load_bytes(skb, at, &byte, sizeof(byte)))
			packet->icmp_type = byte;
		return;
	}
	if (!has_ports(facts->l4_protocol) || bpf_skb_load_bytes(skb, at, ports, sizeof(ports)))
		return;
	facts->source_port = ports[0];
	facts->destination_port = ports[1];
	if (facts->l4_protocol == IPPROTO_UDP) {
		packet->payload = at + 8;
	} else {
		/* Data offset, RFC 9293 3.1. */
		if (bpf_skb_load_bytes(skb, at + 12, &byte, sizeof(byte)))
			return;
		packet->payload = at + (byte >> 4) * 4;
	}
	if (packet->payload < facts->size)
		facts->payload_size = facts->size - packet->payload;
}

/* False: cut before its addresses. Of a later fragment there is no more than these. */
static __always_inline bool packet_read(struct __sk_buff *skb, struct packet *packet)
{
	struct vdt_packet *facts = &packet->facts;
	u8 version;
	u32 at;

	facts->size = skb->len;
	if (bpf_skb_load_bytes(skb, 0, &version, sizeof(version)))
		return false;
	at = version >> 4 == 4 ? packet_read_ip4(skb, facts) : packet_read_ip6(skb, facts);
	if (at)
		packet_read_transport(skb, packet, at);
	return facts->l3_protocol != 0;
}

static __always_inline struct vdt_image_id *packet_owner(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	if (!sk)
		return NULL;
	sk = bpf_sk_fullsock(sk);
	return sk ? bpf_sk_storage_get(&socket_owners, sk, NULL, 0) : NULL;
}

static __always_inline void packet_header(struct __sk_buff *skb, u16 type, u64 cgroup_id,
					  struct vdt_header *h)
{
	struct vdt_image_id *owner = packet_owner(skb);

	h->type = type;
	h->time_ns = bpf_ktime_get_boot_ns();
	h->cpu = bpf_get_smp_processor_id();
	h->cgroup_id = cgroup_id;
	if (owner)
		h->image = *owner;
}

static __always_inline void packet_device(struct __sk_buff *skb, struct vdt_packet *out)
{
	/* The verifier's context is the kernel's own buffer, read like any kernel memory. */
	struct net_device *device = BPF_CORE_READ((struct sk_buff *)skb, dev);

	if (!device)
		return;
	BPF_CORE_READ_STR_INTO(&out->interface, device, name);
	out->netns = BPF_CORE_READ(device, nd_net.net, ns.inum);
	out->net_cookie = compat_net_cookie(BPF_CORE_READ(device, nd_net.net));
}

static __always_inline void item_payload(struct scratch *s, struct __sk_buff *skb,
					 const struct packet *packet)
{
	u32 len = packet->facts.payload_size;
	void *room = item_room(s, VDT_PAYLOAD_MAX);

	if (!room || len == 0)
		return;
	if (len > VDT_PAYLOAD_MAX)
		len = VDT_PAYLOAD_MAX;
	/* The same once more, in a form from which the verifier of 6.1 and older sees both bounds. */
	barrier_var(len);
	len = ((len - 1) & (VDT_PAYLOAD_MAX - 1)) + 1;
	if (bpf_skb_load_bytes(skb, packet->payload, room, len))
		return;
	item_close(s, room, VDT_ITEM_BYTES, len);
}

#endif
