/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The way of a packet through the filters of rules, one way in and one out: since 6.18 (4540aed51b12 "bpf: Enforce
 * expected_attach_type for tailcall compatibility") programs of both do not share a map.
 */
#ifndef VEDETTE_BPF_PACKET_STEPS_H
#define VEDETTE_BPF_PACKET_STEPS_H

#include "prelude.h"

#define PASS 1

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, VDT_STEP_MAX);
	__type(key, u32);
	__type(value, u32);
} packet_steps_in __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, VDT_STEP_MAX);
	__type(key, u32);
	__type(value, u32);
} packet_steps_out __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2 * VDT_PACKET_FILTERS);
	__type(key, u32);
	__type(value, struct vdt_packet_filter);
} packet_filters __weak SEC(".maps");

#endif
