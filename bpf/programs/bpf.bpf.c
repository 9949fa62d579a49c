/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* bpf. Called by dispatch_sys_exit. What a command is about is read from the kernel's object, behind its descriptor. */
#include "../lib/bpf_object.h"

/* uapi/linux/bpf.h, enum bpf_cmd. */
enum {
	MAP_CREATE = 0,
	MAP_LOOKUP_ELEM = 1,
	MAP_GET_NEXT_KEY = 4,
	PROG_LOAD = 5,
	OBJ_PIN = 6,
	OBJ_GET = 7,
	PROG_ATTACH = 8,
	PROG_DETACH = 9,
	PROG_TEST_RUN = 10,
	PROG_GET_FD_BY_ID = 13,
	MAP_GET_FD_BY_ID = 14,
	OBJ_GET_INFO_BY_FD = 15,
	PROG_QUERY = 16,
	RAW_TRACEPOINT_OPEN = 17,
	MAP_LOOKUP_AND_DELETE_ELEM = 21,
	MAP_FREEZE = 22,
	MAP_LOOKUP_BATCH = 24,
	MAP_DELETE_BATCH = 27,
	LINK_CREATE = 28,
	LINK_UPDATE = 29,
	PROG_BIND_MAP = 35,
};

#define ATTR_WORDS 18 /* 32-bit words of union bpf_attr that are looked at */

/* Of union bpf_attr, in 32-bit words: what each command has where. */
#define CREATE_TYPE 0
#define CREATE_NAME 7
#define LOAD_TYPE 0
#define LOAD_COUNT 1
#define LOAD_INSTRUCTIONS 2
#define LOAD_NAME 12
#define LOAD_ATTACH_TYPE 17
#define ATTACH_TYPE 2
#define QUERY_TYPE 1

#define INSTRUCTION_SIZE 8
#define CHUNK_INSTRUCTIONS 16
#define CHUNKS_A_LEG 32
#define LEGS 64 /* 32768 instructions are looked at */
#define OPCODE_CALL 0x85

struct attr {
	u32 word[ATTR_WORDS];
};

struct instruction {
	u8 code;
	u8 registers; /* source in the upper half */
	u16 offset;
	u32 immediate;
};

/* The caller's instructions that are still to be looked at; kept in the scratch's walk, which is free here. */
#define LEFT_AT(s) ((s)->walk.node)
#define LEFT_COUNT(s) ((s)->walk.mount)

/*
 * Notes the helpers that the next instructions call in the record of scratch `slot`; 0: there are more. Loops of global
 * functions, as in path_walk.bpf.c.
 */
__noinline int note_helpers_some(u32 slot)
{
	struct scratch *s = bpf_map_lookup_elem(&scratches, &slot);
	struct vdt_bpf *out;
	u32 instructions, bytes;

	if (!s)
		return 1;
	out = record_fixed(s);
	instructions = LEFT_COUNT(s) < CHUNK_INSTRUCTIONS ? LEFT_COUNT(s) : CHUNK_INSTRUCTIONS;
	bytes = instructions * INSTRUCTION_SIZE;
	barrier_var(bytes);
	if (bytes > CHUNK_INSTRUCTIONS * INSTRUCTION_SIZE)
		return 1;
	if (bpf_probe_read_user(s->walk.text, bytes, (void *)LEFT_AT(s))) {
		count(miss[VDT_MISS_SYSCALL]);
		return 1;
	}
	for (u32 i = 0; i < CHUNK_INSTRUCTIONS && i < instructions; i++) {
		struct instruction *one = (void *)s->walk.text + i * INSTRUCTION_SIZE;
		u32 helper = one->immediate;

		if (one->code == OPCODE_CALL && one->registers >> 4 == 0 &&
		    helper < VDT_BPF_HELPERS)
			out->helpers[helper / 64] |= 1ull << (helper & 63);
	}
	LEFT_AT(s) += bytes;
	LEFT_COUNT(s) -= instructions;
	return LEFT_COUNT(s) == 0;
}

__noinline int note_helpers_leg(u32 slot)
{
	for (int i = 0; i < CHUNKS_A_LEG; i++) {
		if (note_helpers_some(slot))
			return 1;
	}
	return 0;
}

__noinline int note_helpers(u32 slot)
{
	for (int i = 0; i < LEGS; i++) {
		if (note_helpers_leg(slot))
			break;
	}
	return 0;
}

static __always_inline u64 attr_pointer(const struct attr *attr, u32 word)
{
	return attr->word[word] | (u64)attr->word[word + 1] << 32;
}

static __always_inline void item_attr_name(struct scratch *s, u16 kind, const struct attr *attr,
					   u32 word)
{
	item_kernel_string(s, kind, &attr->word[word], VDT_BPF_NAME_SIZE);
}

/* The instructions are the caller's, which another thread may have changed since: the kernel's own copy has no ids left. */
static __always_inline void helpers_collect(struct scratch *s, const struct attr *attr)
{
	LEFT_AT(s) = attr_pointer(attr, LOAD_INSTRUCTIONS);
	LEFT_COUNT(s) = attr->word[LOAD_COUNT];
	note_helpers(s->slot);
}

static __always_inline void new_map(struct scratch *s, long ret, const struct attr *attr,
				    struct vdt_bpf *out)
{
	if (ret >= 0 && bpf_object_collect(s, ret, out))
		return;
	out->flags |= VDT_BPF_HAS_MAP;
	out->map_type = attr->word[CREATE_TYPE];
	item_attr_name(s, VDT_ITEM_NAME, attr, CREATE_NAME);
}

static __always_inline void new_program(struct scratch *s, long ret, const struct attr *attr,
					struct vdt_bpf *out)
{
	helpers_collect(s, attr);
	if (ret >= 0 && bpf_object_collect(s, ret, out))
		return;
	out->flags |= VDT_BPF_HAS_PROGRAM;
	out->program_type = attr->word[LOAD_TYPE];
	out->attach_type = attr->word[LOAD_ATTACH_TYPE];
	item_attr_name(s, VDT_ITEM_VALUE, attr, LOAD_NAME);
}

/* The word of the attributes that has the descriptor of the object; -1: none has. */
static __always_inline int descriptor_word(u32 cmd)
{
	switch (cmd) {
	case MAP_LOOKUP_ELEM ... MAP_GET_NEXT_KEY:
	case PROG_TEST_RUN:
	case OBJ_GET_INFO_BY_FD:
	case MAP_LOOKUP_AND_DELETE_ELEM:
	case MAP_FREEZE:
	case LINK_CREATE:
	case PROG_BIND_MAP:
		return 0;
	case PROG_ATTACH:
	case PROG_DETACH:
	case LINK_UPDATE:
		return 1;
	case OBJ_PIN:
	case RAW_TRACEPOINT_OPEN:
		return 2;
	case MAP_LOOKUP_BATCH ... MAP_DELETE_BATCH:
		return 9;
	}
	return -1;
}

static __always_inline void known_object(struct scratch *s, long ret, const struct attr *attr,
					 struct vdt_bpf *out)
{
	int word = descriptor_word(out->cmd);
	s32 fd = -1;

	if (out->cmd == OBJ_GET || out->cmd == PROG_GET_FD_BY_ID || out->cmd == MAP_GET_FD_BY_ID)
		fd = ret;
	else if (word == 0)
		fd = attr->word[0];
	else if (word == 1)
		fd = attr->word[1];
	else if (word == 2)
		fd = attr->word[2];
	else if (word == 9)
		fd = attr->word[9];
	if (fd >= 0)
		bpf_object_collect(s, fd, out);
	if (out->cmd == PROG_ATTACH || out->cmd == PROG_DETACH || out->cmd == LINK_CREATE)
		out->attach_type = attr->word[ATTACH_TYPE];
	else if (out->cmd == PROG_QUERY)
		out->attach_type = attr->word[QUERY_TYPE];
}

/* Like the kernel: what the caller's union is too short for is zero. */
static __always_inline void attr_read(struct attr *attr, const void *from, u32 size)
{
	barrier_var(size);
	if (size > sizeof(*attr))
		size = sizeof(*attr);
	if (bpf_probe_read_user(attr, size, from))
		count(miss[VDT_MISS_SYSCALL]);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_bpf, struct pt_regs *regs, long ret)
{
	struct task_struct *task = current_task();
	bool compat = syscall_is_compat();
	struct event_numbers numbers = {.value[VDT_BPF_CMD] = (u32)syscall_arg(regs, compat, 0)};
	struct attr attr = {};
	struct vdt_bpf *out;
	struct scratch *s;

	if (is_restarted(ret) || is_filtered(VDT_BPF, task, &numbers))
		return 0;
	s = record_begin(VDT_BPF, compat ? VDT_F_COMPAT : 0, sizeof(*out));
	if (!s)
		return 0;
	out = record_fixed(s);
	out->retval = ret;
	out->cmd = numbers.value[VDT_BPF_CMD];
	attr_read(&attr, (void *)syscall_arg(regs, compat, 1), syscall_arg(regs, compat, 2));
	if (out->cmd == MAP_CREATE)
		new_map(s, ret, &attr, out);
	else if (out->cmd == PROG_LOAD)
		new_program(s, ret, &attr, out);
	else
		known_object(s, ret, &attr, out);
	record_commit(s, VDT_BPF);
	return 0;
}
