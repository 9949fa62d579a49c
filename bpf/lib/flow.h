/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Bytes and packets by flow. User space switches to the other table, waits until no program can still be counting in
 * the one before, then reads and empties that one: no packet is missed between two reports.
 */
#ifndef VEDETTE_BPF_FLOW_H
#define VEDETTE_BPF_FLOW_H

#include "filter.h"
#include "packet.h"

/* Memory only for the flows there are. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, VDT_FLOW_SLOTS);
	__type(key, struct vdt_flow_key);
	__type(value, struct vdt_flow_counts);
} flows_0 __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, VDT_FLOW_SLOTS);
	__type(key, struct vdt_flow_key);
	__type(value, struct vdt_flow_counts);
} flows_1 __weak SEC(".maps");

/* Ours is the source, whichever way the packet goes. */
static __always_inline void flow_key(struct __sk_buff *skb, const struct vdt_packet *facts,
				     struct vdt_flow_key *key)
{
	struct vdt_image_id *owner = packet_owner(skb);
	struct vdt_packet device = {};

	if (owner)
		key->owner = *owner;
	key->cgroup_id = bpf_skb_cgroup_id(skb);
	key->l3_protocol = facts->l3_protocol;
	key->l4_protocol = facts->l4_protocol;
	if (facts->egress) {
		__builtin_memcpy(key->source, facts->source, sizeof(key->source));
		__builtin_memcpy(key->destination, facts->destination, sizeof(key->destination));
		key->source_port = facts->source_port;
		key->destination_port = facts->destination_port;
	} else {
		__builtin_memcpy(key->source, facts->destination, sizeof(key->source));
		__builtin_memcpy(key->destination, facts->source, sizeof(key->destination));
		key->source_port = facts->destination_port;
		key->destination_port = facts->source_port;
	}
	packet_device(skb, &device);
	key->device.netns = device.netns;
	key->device.net_cookie = device.net_cookie;
	__builtin_memcpy(key->device.interface, device.interface, sizeof(device.interface));
}

static __always_inline struct vdt_flow_counts *flow_counts(void *table, struct vdt_flow_key *key)
{
	struct vdt_flow_counts none = {};
	struct vdt_flow_counts *found = bpf_map_lookup_elem(table, key);

	if (found)
		return found;
	bpf_map_update_elem(table, key, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(table, key);
}

static __always_inline void flow_count(struct __sk_buff *skb, const struct vdt_packet *facts)
{
	struct vdt_flow_counts *counts;
	struct vdt_flow_key key = {};

	flow_key(skb, facts, &key);
	if (*(volatile u32 *)&control.flow_table & 1)
		counts = flow_counts(&flows_1, &key);
	else
		counts = flow_counts(&flows_0, &key);
	if (!counts) {
		count(seen[VDT_NETWORK_FLOW_MONITOR]);
		lose(VDT_NETWORK_FLOW_MONITOR, VDT_LOSS_TABLE_FULL, key.cgroup_id);
	} else if (facts->egress) {
		__sync_fetch_and_add(&counts->out_bytes, facts->size);
		__sync_fetch_and_add(&counts->out_packets, 1);
	} else {
		__sync_fetch_and_add(&counts->in_bytes, facts->size);
		__sync_fetch_and_add(&counts->in_packets, 1);
	}
}

#endif
