/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A packet that passed filters of rules: one record for each, the lowest bit of the mask first, then this program again
 * for the rest. How many a filter may have in a second is limited here, before a record is made.
 */
#include "../lib/packet.h"
#include "../lib/packet_steps.h"

#define SECOND_NS 1000000000ull

/* Of the lowest bit. Found by a loop: BPF has no instruction for it. */
static __always_inline u32 lowest_bit(u32 mask)
{
	u32 bit = 0;

	while (bit < VDT_PACKET_FILTERS && !(mask >> bit & 1))
		bit++;
	return bit;
}

/* Two CPUs at once may let one more pass than the rate says. */
static __always_inline bool within_rate(struct vdt_packet_filter *filter)
{
	u64 second = bpf_ktime_get_boot_ns() / SECOND_NS;

	if (filter->second != second) {
		filter->second = second;
		filter->passed = 0;
	}
	if (filter->passed >= filter->rate)
		return false;
	filter->passed++;
	return true;
}

static __always_inline void report(struct __sk_buff *skb, struct vdt_packet_filter *filter,
				   bool egress)
{
	u64 cgroup_id = bpf_skb_cgroup_id(skb);
	struct packet packet = {};
	struct vdt_packet_match *out;
	struct scratch *s;

	if (!within_rate(filter)) {
		count(seen[VDT_PACKET]);
		lose(VDT_PACKET, VDT_LOSS_LIMIT, cgroup_id);
		return;
	}
	packet_read(skb, &packet);
	s = record_claim(VDT_PACKET, cgroup_id, sizeof(*out));
	if (!s)
		return;
	packet_header(skb, VDT_PACKET, cgroup_id, (void *)s->record);
	packet.facts.egress = egress;
	packet_device(skb, &packet.facts);
	out = record_fixed(s);
	out->packet = packet.facts;
	out->icmp_type = packet.icmp_type;
	item_bytes(s, VDT_ITEM_NAME, filter->text, filter->len, VDT_FILTER_TEXT_MAX);
	item_payload(s, skb, &packet);
	record_commit(s, VDT_PACKET);
}

static __always_inline int packet_passed(struct __sk_buff *skb, bool egress, void *steps)
{
	u32 mask = skb->cb[0];
	u32 slot = skb->cb[1] + lowest_bit(mask);
	struct vdt_packet_filter *filter;

	filter = mask ? bpf_map_lookup_elem(&packet_filters, &slot) : NULL;
	if (!filter)
		return PASS;
	report(skb, filter, egress);
	mask &= mask - 1;
	skb->cb[0] = mask;
	if (mask)
		bpf_tail_call(skb, steps, VDT_STEP_REPORT);
	return PASS;
}

SEC("cgroup_skb/ingress")
int report_packet_in(struct __sk_buff *skb)
{
	return packet_passed(skb, false, &packet_steps_in);
}

SEC("cgroup_skb/egress")
int report_packet_out(struct __sk_buff *skb)
{
	return packet_passed(skb, true, &packet_steps_out);
}
