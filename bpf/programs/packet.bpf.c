/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Packets of every socket on the host, at the root of the cgroup hierarchy: those that are DNS or talk to a cloud's
 * metadata service become records, all go on to the filters of rules, all pass. Between two sockets of this host a
 * packet is seen at both.
 */
#include "../lib/flow.h"
#include "../lib/packet.h"
#include "../lib/packet_steps.h"
#include "../lib/syscall.h"

#define DNS_PORT 53
#define IMDS_PORT 80

/* RFC 1035, section 4.1.1: where the header has its bits, and which */
#define DNS_BITS 2
#define DNS_RESPONSE 0x80
#define DNS_CODE 0x0f

/* 169.254.169.254 and fd00:ec2::254 */
static const u8 imds_address4[4] = {169, 254, 169, 254};
static const u8 imds_address6[16] = {0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54};

/* A DNS header with one question and nothing in the bits that must be zero: enough to tell it from a stream's middle. */
static __always_inline bool is_dns_header(const u8 *header)
{
	return (header[2] & 0x78) == 0 && (header[3] & 0x40) == 0 && header[4] == 0 &&
	       header[5] == 1;
}

/*
 * UDP: any payload as long as a DNS header. TCP: one that begins with a message, its two bytes of length before it or
 * sent ahead alone.
 */
static __always_inline bool is_dns(struct __sk_buff *skb, struct packet *packet)
{
	struct vdt_packet *facts = &packet->facts;
	u8 front[VDT_DNS_HEADER + 2];

	if (facts->payload_size < VDT_DNS_HEADER ||
	    (facts->source_port != bpf_htons(DNS_PORT) &&
	     facts->destination_port != bpf_htons(DNS_PORT)))
		return false;
	if (facts->l4_protocol == IPPROTO_UDP)
		return true;
	if (bpf_skb_load_bytes(skb, packet->payload, front, sizeof(front)))
		return false;
	if ((u32)(front[0] << 8 | front[1]) >= VDT_DNS_HEADER && is_dns_header(front + 2)) {
		packet->payload += 2;
		facts->payload_size -= 2;
		return true;
	}
	return is_dns_header(front);
}

/* Whether it is an answer with a code in its header with which no rule can match. Counts. */
static __always_inline bool answer_discarded(struct __sk_buff *skb, const struct packet *packet)
{
	struct vdt_filters *f = filters_now();
	u8 bits[2];

	if (!f->discarded_rcodes ||
	    bpf_skb_load_bytes(skb, packet->payload + DNS_BITS, bits, sizeof(bits)) ||
	    !(bits[0] & DNS_RESPONSE) || !(f->discarded_rcodes >> (bits[1] & DNS_CODE) & 1))
		return false;
	count(seen[VDT_DNS]);
	count(discarded[VDT_DNS]);
	return true;
}

static __always_inline bool is_imds_address(const struct vdt_packet *facts, const u8 *address)
{
	if (facts->l3_protocol == ETH_P_IP)
		return __builtin_memcmp(address, imds_address4, sizeof(imds_address4)) == 0;
	return __builtin_memcmp(address, imds_address6, sizeof(imds_address6)) == 0;
}

/* The first letters of a request or response; the rest of a body is no event. */
static __always_inline bool is_http_head(const u8 *front)
{
	static const char words[][4] = {{'H', 'T', 'T', 'P'}, {'G', 'E', 'T', ' '},
					{'P', 'U', 'T', ' '}, {'P', 'O', 'S', 'T'},
					{'H', 'E', 'A', 'D'}, {'D', 'E', 'L', 'E'},
					{'O', 'P', 'T', 'I'}, {'P', 'A', 'T', 'C'}};

#pragma unroll
	for (u32 i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (__builtin_memcmp(front, words[i], sizeof(words[i])) == 0)
			return true;
	}
	return false;
}

static __always_inline bool is_imds(struct __sk_buff *skb, struct packet *packet)
{
	struct vdt_packet *facts = &packet->facts;
	bool asked = facts->destination_port == bpf_htons(IMDS_PORT) &&
		     is_imds_address(facts, facts->destination);
	bool answered =
		facts->source_port == bpf_htons(IMDS_PORT) && is_imds_address(facts, facts->source);
	u8 front[4];

	return facts->l4_protocol == IPPROTO_TCP && facts->payload_size && (asked || answered) &&
	       !bpf_skb_load_bytes(skb, packet->payload, front, sizeof(front)) &&
	       is_http_head(front);
}

static __always_inline void report(struct __sk_buff *skb, struct packet *packet, u16 type)
{
	u64 cgroup_id = bpf_skb_cgroup_id(skb);
	struct scratch *s = record_claim(type, cgroup_id, sizeof(struct vdt_packet));
	struct vdt_packet *out;

	if (!s)
		return;
	packet_header(skb, type, cgroup_id, (void *)s->record);
	packet_device(skb, &packet->facts);
	out = record_fixed(s);
	*out = packet->facts;
	item_payload(s, skb, packet);
	record_commit(s, type);
}

static __always_inline bool is_watched_port(u16 port)
{
	return port == bpf_htons(DNS_PORT) || port == bpf_htons(IMDS_PORT);
}

/*
 * Whether only DNS and metadata services are wanted, and neither end has a port of theirs, as far as the packet's front
 * says in place: nothing is copied of it then. False as well for what is not seen at first sight: options, extensions.
 */
static __always_inline bool is_plainly_other(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	const struct ipv6hdr *v6 = data;
	const struct iphdr *v4 = data;
	const u16 *ports;

	if (is_wanted(VDT_NETWORK_FLOW_MONITOR) || is_wanted(VDT_PACKET) || (void *)(v4 + 1) > end)
		return false;
	ports = (void *)(v4 + 1);
	if (v4->version_ihl >> 4 == 6) {
		if ((void *)(v6 + 1) > end || !has_ports(v6->nexthdr))
			return false;
		ports = (void *)(v6 + 1);
	} else if (v4->version_ihl != IP_PLAIN || !has_ports(v4->protocol)) {
		return false;
	}
	return (void *)(ports + 2) <= end && !is_watched_port(ports[0]) &&
	       !is_watched_port(ports[1]);
}

static __always_inline int packet_seen(struct __sk_buff *skb, bool egress, void *steps)
{
	struct packet packet = {};

	if (is_plainly_other(skb) || !packet_read(skb, &packet))
		return PASS;
	packet.facts.egress = egress;
	if (is_wanted(VDT_NETWORK_FLOW_MONITOR))
		flow_count(skb, &packet.facts);
	if (is_wanted(VDT_DNS) && is_dns(skb, &packet)) {
		if (!answer_discarded(skb, &packet))
			report(skb, &packet, VDT_DNS);
	} else if (is_wanted(VDT_IMDS) && is_imds(skb, &packet))
		report(skb, &packet, VDT_IMDS);
	if (is_wanted(VDT_PACKET))
		bpf_tail_call(skb, steps, VDT_STEP_FILTERS);
	return PASS;
}

SEC("cgroup_skb/ingress")
int handle_packet_in(struct __sk_buff *skb)
{
	return packet_seen(skb, false, &packet_steps_in);
}

SEC("cgroup_skb/egress")
int handle_packet_out(struct __sk_buff *skb)
{
	return packet_seen(skb, true, &packet_steps_out);
}
