/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Records of calls that change files and mounts. A file has either the kernel's object (inode, items PATH and
 * FILESYSTEM) or VDT_FILE_NO_INODE and the name that was passed (items SYSCALL_PATH and, when that is relative, CWD);
 * an object of a call that was also given a name may have both. The items of a second file are those that end in 2.
 */
#ifndef VEDETTE_BPF_ABI_FILE_RECORDS_H
#define VEDETTE_BPF_ABI_FILE_RECORDS_H

#include "records.h"

#define VDT_ID_UNCHANGED 0xffffffffu

/* CHMOD, CHOWN, MKDIR, RMDIR, UNLINK, UTIMES, SETXATTR, REMOVEXATTR (item NAME: the attribute), CHDIR. */
struct vdt_file_call {
	__s64 retval;
	struct vdt_file file;
	__s64 atime_ns; /* UTIMES, CLOCK_REALTIME; 0: now, or unchanged */
	__s64 mtime_ns;
	__s32 dirfd; /* as passed; AT_FDCWD of a call that has none */
	__u32 flags; /* of unlinkat, as passed */
	__u32 mode;  /* CHMOD, MKDIR: as passed */
	__u32 uid;   /* CHOWN: VDT_ID_UNCHANGED when it is not to change */
	__u32 gid;
	__u32 pad;
};
VDT_ASSERT(sizeof(struct vdt_file_call) == 104);

/* RENAME (`file` by its old name, `destination` by its new one), LINK. */
struct vdt_two_files {
	__s64 retval;
	struct vdt_file file;
	struct vdt_file destination;
};
VDT_ASSERT(sizeof(struct vdt_two_files) == 120);

/*
 * MOUNT. `mountpoint` and its items: the directory it was mounted on. `source` and its items: what a bind mount or a
 * move was given. Of the kernel's mount, when it is known: items PATH (where it is), ROOT_PATH (its root within its file
 * system), FILESYSTEM. As passed: NAME (the file system's type).
 */
struct vdt_mount {
	__s64 retval;
	struct vdt_file mountpoint;
	struct vdt_file source;
	__u32 mount_id; /* 0: the kernel's mount is not known */
	__u32 parent_mount_id;
	__u32 dev;
	__u32 flags; /* VDT_MOUNT_* */
};
VDT_ASSERT(sizeof(struct vdt_mount) == 136);

#define VDT_MOUNT_BIND (1u << 0)     /* of something that is mounted already */
#define VDT_MOUNT_DETACHED (1u << 1) /* attached nowhere: fsmount, open_tree */
#define VDT_MOUNT_MOVED (1u << 2)    /* it was elsewhere, or detached, before */

/* SPLICE. */
struct vdt_splice {
	__s64 retval;
	struct vdt_file file;
	__u32 entry_flags; /* PIPE_BUF_FLAG_* of the slot the call is going to fill, before it */
	__u32 exit_flags;  /* of the last slot that was filled, after it */
};
VDT_ASSERT(sizeof(struct vdt_splice) == 72);

#endif
