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

/* SELINUX: item NAME of a boolean; item VALUE, the number that was written. */
struct vdt_selinux {
	__u32 file; /* VDT_SELINUX_* */
	__u32 pad;
};
VDT_ASSERT(sizeof(struct vdt_selinux) == 8);

#define VDT_SELINUX_NONE 0
#define VDT_SELINUX_ENFORCE 1
#define VDT_SELINUX_BOOL 2
#define VDT_SELINUX_COMMIT 3
#define VDT_SELINUX_DISABLE 4 /* until 6.4 */

#define VDT_ONDEMAND_ARGS 6
#define VDT_ONDEMAND_TEXT 64

/* ONDEMAND: item NAME, as the rule has it. */
struct vdt_ondemand {
	__u64 arg[VDT_ONDEMAND_ARGS];
	__u32 strings; /* bit n: argument n was asked for as a string, and could be read */
	__u32 pad;
	char text[VDT_ONDEMAND_ARGS]
		 [VDT_ONDEMAND_TEXT]; /* ends at the first NUL, if there is one */
};
VDT_ASSERT(sizeof(struct vdt_ondemand) == 440);

#ifdef __cplusplus
}
#endif

#endif
