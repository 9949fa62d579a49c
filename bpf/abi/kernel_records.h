/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Records of what changes the kernel itself: modules, BPF, parameters. */
#ifndef VEDETTE_BPF_ABI_KERNEL_RECORDS_H
#define VEDETTE_BPF_ABI_KERNEL_RECORDS_H

#include "records.h"

#ifdef __cplusplus
extern "C" {
#endif

/* LOAD_MODULE: items NAME (when the kernel got so far), VALUE (parameters), PATH, FILESYSTEM. */
struct vdt_load_module {
	__s64 retval;
	__u32 flags; /* VDT_MODULE_* */
	__u32 pad;
	struct vdt_file file; /* from memory: all zero */
};
VDT_ASSERT(sizeof(struct vdt_load_module) == 72);

#define VDT_MODULE_FROM_MEMORY (1u << 0)
#define VDT_MODULE_ARGS_TRUNCATED (1u << 1)

/* UNLOAD_MODULE: item NAME. */
struct vdt_unload_module {
	__s64 retval;
};

#define VDT_BPF_TAG_SIZE 8
#define VDT_BPF_NAME_SIZE 16
#define VDT_BPF_HELPERS 256 /* ids there is room for; 7.x has 211 */

/* BPF: items NAME (map), VALUE (program). */
struct vdt_bpf {
	__s64 retval;
	__u32 cmd;
	__u32 flags; /* VDT_BPF_* */
	__u32 map_type;
	__u32 program_type;
	__u32 attach_type;
	__u32 pad;
	__u8 tag[VDT_BPF_TAG_SIZE];
	__u64 helpers[VDT_BPF_HELPERS / 64]; /* bit n: helper n is called */
};
VDT_ASSERT(sizeof(struct vdt_bpf) == 72);

#define VDT_BPF_HAS_MAP (1u << 0)
#define VDT_BPF_HAS_PROGRAM (1u << 1)
#define VDT_BPF_HAS_TAG (1u << 2) /* the program is the kernel's, not a request that failed */

/* SYSCTL: items NAME, VALUE, OLD_VALUE. */
struct vdt_sysctl {
	__u32 action; /* 1 read, 2 write */
	__u32 flags;  /* VDT_SYSCTL_* */
	__u64 file_position;
};
VDT_ASSERT(sizeof(struct vdt_sysctl) == 16);

#define VDT_SYSCTL_READ 1
#define VDT_SYSCTL_WRITE 2

#define VDT_SYSCTL_NAME_TRUNCATED (1u << 0)
#define VDT_SYSCTL_VALUE_TRUNCATED (1u << 1)
#define VDT_SYSCTL_OLD_VALUE_TRUNCATED (1u << 2)

#ifdef __cplusplus
}
#endif

#endif
