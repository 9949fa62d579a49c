// SPDX-License-Identifier: Apache-2.0
//
// Acts on files and mounts. Most calls differ only in their number and arguments, so one act makes any of them.
#define _GNU_SOURCE
#include "act.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ARGUMENTS 6
#define ARENA_BYTES 65536

static const struct {
	const char *name;
	long native;
	long compat; // 32-bit x86
} calls[] = {
#ifdef __x86_64__
	{"chmod", SYS_chmod, 15},
	{"chown", SYS_chown, 212},
	{"chown16", -1, 182},
	{"lchown16", -1, 16},
	{"fchown16", -1, 95},
	{"truncate64", -1, 193},
	{"ftruncate64", -1, 194},
	{"setuid16", -1, 23},
	{"setreuid16", -1, 70},
	{"setresuid16", -1, 164},
	{"setfsuid16", -1, 138},
	{"setgid16", -1, 46},
	{"setregid16", -1, 71},
	{"setresgid16", -1, 170},
	{"setfsgid16", -1, 139},
	{"lchown", SYS_lchown, 198},
	{"mkdir", SYS_mkdir, 39},
	{"rmdir", SYS_rmdir, 40},
	{"unlink", SYS_unlink, 10},
	{"rename", SYS_rename, 38},
	{"renameat", SYS_renameat, 302},
	{"link", SYS_link, 9},
	{"utime", SYS_utime, 30},
	{"utimes", SYS_utimes, 271},
	{"futimesat", SYS_futimesat, 299},
#endif
	{"fchmod", SYS_fchmod, 94},
	{"fchmodat", SYS_fchmodat, 306},
	{"fchmodat2", 452, 452},
	{"fchown", SYS_fchown, 207},
	{"fchownat", SYS_fchownat, 298},
	{"mkdirat", SYS_mkdirat, 296},
	{"unlinkat", SYS_unlinkat, 301},
	{"renameat2", SYS_renameat2, 353},
	{"linkat", SYS_linkat, 303},
	{"utimensat", SYS_utimensat, 320},
	{"utimensat_time64", -1, 412},
	{"setxattr", SYS_setxattr, 226},
	{"lsetxattr", SYS_lsetxattr, 227},
	{"fsetxattr", SYS_fsetxattr, 228},
	{"setxattrat", 463, 463},
	{"removexattr", SYS_removexattr, 235},
	{"lremovexattr", SYS_lremovexattr, 236},
	{"fremovexattr", SYS_fremovexattr, 237},
	{"removexattrat", 466, 466},
	{"chdir", SYS_chdir, 12},
	{"fchdir", SYS_fchdir, 133},
	{"mount", SYS_mount, 21},
	{"truncate", SYS_truncate, 92},
	{"ftruncate", SYS_ftruncate, 93},
	{"setuid", SYS_setuid, 213},
	{"setreuid", SYS_setreuid, 203},
	{"setresuid", SYS_setresuid, 208},
	{"setfsuid", SYS_setfsuid, 215},
	{"setgid", SYS_setgid, 214},
	{"setregid", SYS_setregid, 204},
	{"setresgid", SYS_setresgid, 210},
	{"setfsgid", SYS_setfsgid, 216},
	{"capset", SYS_capset, 185},
	{"prctl", SYS_prctl, 172},
	{"unshare", SYS_unshare, 310},
	{"setns", SYS_setns, 346},
};

static char *arena; // below 4 GiB, where 32-bit calls can point to
static size_t arena_used;

static void *keep(const void *data, size_t size)
{
	if (arena_used + size > ARENA_BYTES) {
		errno = ENOMEM;
		give_up("arguments");
	}
	void *at = memcpy(arena + arena_used, data, size);
	arena_used += (size + 7) & ~(size_t)7;
	return at;
}

// "1,2": words of `width` bytes.
static long parse_words(const char *text, size_t width)
{
	int64_t words[8];
	size_t count = 0;
	char *end = NULL;
	for (; *text && count < 8; text = *end ? end + 1 : end)
		words[count++] = strtoll(text, &end, 0);
	int32_t narrow[8];
	for (size_t i = 0; i < count; i++)
		narrow[i] = (int32_t)words[i];
	return (long)keep(width == 4 ? (void *)narrow : (void *)words, count * width);
}

static long open_argument(const char *path)
{
	int fd = open(path, O_RDWR | O_NONBLOCK);
	if (fd < 0 && (fd = open(path, O_RDONLY)) < 0)
		give_up(path);
	return fd;
}

static long parse_argument(const char *text)
{
	switch (text[0]) {
	case ':':
		return (long)keep(text + 1, strlen(text));
	case '@':
		return open_argument(text + 1);
	case '=':
		return parse_words(text + 1, 8);
	case '~':
		return parse_words(text + 1, 4);
	default:
		return strtol(text, NULL, 0);
	}
}

static int act_call(int argc, char **argv)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	bool narrow = strcmp(argv[0], "call32") == 0;
#ifdef MAP_32BIT
	flags |= MAP_32BIT;
#endif
	arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (arena == MAP_FAILED)
		give_up("mmap");
	arena_used = 0;
	long a[ARGUMENTS] = {0};
	for (int i = 0; i < ARGUMENTS && i + 2 < argc; i++)
		a[i] = parse_argument(argv[i + 2]);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, argv[1]) != 0)
			continue;
		if (narrow)
			return report_plain(call32(calls[i].compat, a[0], a[1], a[2], a[3], a[4]));
		return report_plain(syscall(calls[i].native, a[0], a[1], a[2], a[3], a[4], a[5]));
	}
	fprintf(stderr, "act: no call %s\n", argv[1]);
	return 2;
}

// A pipe that was full and is empty again keeps its buffers' flags: the state in which Dirty Pipe works.
static int act_splice(int argc, char **argv)
{
	int file = open(argv[1], O_RDONLY);
	int ends[2];
	if (file < 0 || pipe(ends))
		give_up("splice");
	if (argc > 2 && strcmp(argv[2], "used") == 0) {
		static char page[4096];
		int bytes = fcntl(ends[1], F_GETPIPE_SZ);
		for (int i = 0; i < bytes / 4096; i++)
			if (write(ends[1], page, sizeof(page)) < 0)
				give_up("filling the pipe");
		for (int i = 0; i < bytes / 4096; i++)
			if (read(ends[0], page, sizeof(page)) < 0)
				give_up("draining the pipe");
	}
	return report_plain(syscall(SYS_splice, file, NULL, ends[1], NULL, 1L, 0));
}

static int act_splice_failed(int argc, char **argv)
{
	(void)argc;
	int file = open(argv[1], O_RDWR);
	return report_plain(syscall(SYS_splice, file, NULL, file, NULL, 1L, 0)); // no pipe
}

// Linux 5.2's calls; older C libraries have no wrappers.
#define NR_OPEN_TREE 428
#define NR_MOVE_MOUNT 429
#define NR_FSOPEN 430
#define NR_FSCONFIG 431
#define NR_FSMOUNT 432
#define CMD_CREATE 6
#define CLONE_TREE 1
#define FROM_EMPTY_PATH 4

static int attach(int mount, const char *where)
{
	report_plain(mount);
	if (mount < 0)
		return 0;
	return report_plain(syscall(NR_MOVE_MOUNT, mount, "", AT_FDCWD, where, FROM_EMPTY_PATH));
}

static int act_fsmount(int argc, char **argv)
{
	(void)argc;
	int context = (int)syscall(NR_FSOPEN, "tmpfs", 0);
	if (context < 0 || syscall(NR_FSCONFIG, context, CMD_CREATE, NULL, NULL, 0))
		give_up("fsopen");
	return attach((int)syscall(NR_FSMOUNT, context, 0, 0), argv[1]);
}

static int act_open_tree(int argc, char **argv)
{
	(void)argc;
	return attach((int)syscall(NR_OPEN_TREE, AT_FDCWD, argv[1], CLONE_TREE), argv[2]);
}

static int in_mounts(int argc, char **argv)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		give_up("a mount namespace");
	return run(argc - 1, argv + 1);
}

const struct act file_acts[] = {
	{"call", 1, act_call, "NAME ARG...",
	 "a system call; ARG is a number, :TEXT, @FILE (opened), =WORDS, ~32-BIT-WORDS"},
	{"call32", 1, act_call, "NAME ARG...", "the same by int 0x80, the 32-bit entry"},
	{"splice", 1, act_splice, "FILE [used]",
	 "one byte into a pipe, perhaps one that was full before"},
	{"splice-failed", 1, act_splice_failed, "FILE", "into a file that is no pipe (EINVAL)"},
	{"fsmount", 1, act_fsmount, "DIR", "a tmpfs by fsmount and move_mount (root)"},
	{"open-tree", 2, act_open_tree, "FROM TO", "a bind mount by open_tree, move_mount (root)"},
	{"in-mounts", 1, in_mounts, "ACT...", "stage: a private mount namespace (root)"},
	{0},
};
