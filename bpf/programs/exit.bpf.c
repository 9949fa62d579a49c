/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The last thread of a process is gone. */
#define LOADS_TASKS
#include "../lib/caps.h"
#include "../lib/record.h"

#define SIGNAL_GROUP_EXIT 4

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct vdt_image_id);
	__type(value, u8);
} exited SEC(".maps");

/*
 * Threads that leave in the same instant may all find that none is left: who first puts the process into the map tells it.
 * A thread that has no other beside it, not even one that left and is still known, needs no entry: it only looks for that
 * of a faster one.
 */
static __always_inline bool is_told(struct signal_struct *signal, const struct vdt_image_id *image)
{
	u8 one = 1;

	if (LOAD(signal, nr_threads) == 1)
		return bpf_map_lookup_elem(&exited, image);
	/* Before 6.4 (d7ba4cc900bf) map functions return an int, of which only 32 bits are set. */
	return (int)bpf_map_update_elem(&exited, image, &one, BPF_NOEXIST) == -EEXIST;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(handle_exit, struct task_struct *task)
{
	struct {
		struct vdt_header header;
		struct vdt_exit exit;
	} record = {};
	struct signal_struct *signal = LOAD(task, signal);

	if (LOAD(signal, live.counter) != 0)
		return 0;
	header_fill(&record.header, VDT_EXIT, 0);
	if (is_told(signal, &record.header.image))
		return 0;
	caps_end(&record.header.image);
	count(seen[VDT_EXIT]);
	record.header.size = sizeof(record);
	/* As wait() will report it: see wait_task_zombie(). */
	if (LOAD(signal, flags) & SIGNAL_GROUP_EXIT)
		record.exit.code = LOAD(signal, group_exit_code);
	else
		record.exit.code = LOAD(task, group_leader, exit_code);
	ring_output(VDT_EXIT, &record, sizeof(record));
	return 0;
}
