/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* BPF maps and programs: as the kernel keeps them, and as they were asked for by a call that failed. */
#ifndef VEDETTE_BPF_BPF_OBJECT_H
#define VEDETTE_BPF_BPF_OBJECT_H

#include "anon_file.h"
#include "record.h"
#include "syscall.h"

static __always_inline void map_collect(struct scratch *s, struct bpf_map *map, struct vdt_bpf *out)
{
	out->flags |= VDT_BPF_HAS_MAP;
	out->map_type = BPF_CORE_READ(map, map_type);
	item_kernel_string(s, VDT_ITEM_NAME, &map->name, VDT_BPF_NAME_SIZE);
}

static __always_inline void program_collect(struct scratch *s, struct bpf_prog *program,
					    struct vdt_bpf *out)
{
	struct bpf_prog_aux *aux = BPF_CORE_READ(program, aux);

	out->flags |= VDT_BPF_HAS_PROGRAM | VDT_BPF_HAS_TAG;
	out->program_type = BPF_CORE_READ(program, type);
	out->attach_type = BPF_CORE_READ(program, expected_attach_type);
	BPF_CORE_READ_INTO(&out->tag, program, tag);
	item_kernel_string(s, VDT_ITEM_VALUE, &aux->name, VDT_BPF_NAME_SIZE);
}

/* False: the descriptor stands for neither. */
static __always_inline bool bpf_object_collect(struct scratch *s, s32 fd, struct vdt_bpf *out)
{
	struct file *file = current_file(fd);

	if (file && is_anon_file(file, "bpf-map")) {
		map_collect(s, BPF_CORE_READ(file, private_data), out);
		return true;
	}
	if (file && is_anon_file(file, "bpf-prog")) {
		program_collect(s, BPF_CORE_READ(file, private_data), out);
		return true;
	}
	return false;
}

#endif
