// SPDX-License-Identifier: Apache-2.0
//
// Acts that open a file.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act.h"

static void print_escaped(const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c < 0x21 || c == '\\' || c >= 0x7f)
			printf("\\x%02x", c);
		else
			putchar(c);
	}
}

// The kernel's own idea of an open file's path, as the tests' reference.
static void print_fd_path(int fd)
{
	static char target[65536];
	char link[64];
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, target, sizeof(target) - 1);
	target[n < 0 ? 0 : n] = '\0';
	printf(" fd_path=");
	print_escaped(target);
	struct stat st;
	if (fstat(fd, &st) == 0)
		printf(" inode=%llu", (unsigned long long)st.st_ino);
}

static int report(long ret, const char *path)
{
	int err = ret < 0 ? errno : 0;
	printf("pid=%d ret=%ld errno=%d", getpid(), ret, err);
	if (path) {
		printf(" path=");
		print_escaped(path);
	}
	if (ret >= 0 && path)
		print_fd_path((int)ret);
	putchar('\n');
	fflush(stdout);
	return 0;
}

static int parse_open_flags(const char *text)
{
	static const struct {
		const char *name;
		int bits;
	} names[] = {{"ro", O_RDONLY},	     {"wo", O_WRONLY},	       {"rw", O_RDWR},
		     {"creat", O_CREAT},     {"trunc", O_TRUNC},       {"append", O_APPEND},
		     {"excl", O_EXCL},	     {"path", O_PATH},	       {"dir", O_DIRECTORY},
		     {"tmpfile", O_TMPFILE}, {"nofollow", O_NOFOLLOW}, {"cloexec", O_CLOEXEC}};
	int flags = 0;
	char *copy = strdup(text ? text : "ro");
	for (char *word = strtok(copy, ","); word; word = strtok(NULL, ",")) {
		size_t i = 0;
		while (i < sizeof(names) / sizeof(names[0]) && strcmp(names[i].name, word) != 0)
			i++;
		if (i == sizeof(names) / sizeof(names[0])) {
			fprintf(stderr, "act: unknown open flag %s\n", word);
			exit(2);
		}
		flags |= names[i].bits;
	}
	free(copy);
	return flags;
}

static int act_openat(int argc, char **argv)
{
	return report(syscall(SYS_openat, AT_FDCWD, argv[1],
			      parse_open_flags(argc > 2 ? argv[2] : NULL), 0640),
		      argv[1]);
}

static int act_open(int argc, char **argv)
{
#ifdef SYS_open
	return report(syscall(SYS_open, argv[1], parse_open_flags(argc > 2 ? argv[2] : NULL), 0640),
		      argv[1]);
#else
	return act_openat(argc, argv);
#endif
}

static int act_creat(int argc, char **argv)
{
	(void)argc;
	return report(creat(argv[1], 0600), argv[1]);
}

static int act_openat2(int argc, char **argv)
{
	struct open_how how = {.flags = (uint64_t)parse_open_flags(argc > 2 ? argv[2] : NULL)};
	if (how.flags & O_CREAT)
		how.mode = 0640;
	return report(syscall(SYS_openat2, AT_FDCWD, argv[1], &how, sizeof(how)), argv[1]);
}

static int act_open_handle(int argc, char **argv)
{
	(void)argc;
	union {
		struct file_handle handle;
		char space[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} h;
	int mount_id;
	h.handle.handle_bytes = MAX_HANDLE_SZ;
	if (name_to_handle_at(AT_FDCWD, argv[1], &h.handle, &mount_id, 0))
		give_up("name_to_handle_at");
	char *dir = strdup(argv[1]);
	char *slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir] = '\0';
	int mount_fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY);
	if (mount_fd < 0)
		give_up(dir);
	return report(open_by_handle_at(mount_fd, &h.handle, O_RDONLY), argv[1]);
}

static int act_open_at(int argc, char **argv)
{
	int dir = open(argv[1], O_PATH | O_DIRECTORY);
	if (dir < 0)
		give_up(argv[1]);
	return report(openat(dir, argv[2], parse_open_flags(argc > 3 ? argv[3] : NULL), 0640),
		      argv[2]);
}

static int act_open_cwd(int argc, char **argv)
{
	if (chdir(argv[1]))
		give_up(argv[1]);
	return report(openat(AT_FDCWD, argv[2], parse_open_flags(argc > 3 ? argv[3] : NULL), 0640),
		      argv[2]);
}

static int act_open_denied(int argc, char **argv)
{
	(void)argc;
	if (setgroups(0, NULL) || setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		give_up("becoming nobody");
	return report(open(argv[1], O_RDONLY), argv[1]);
}

static int act_open32(int argc, char **argv)
{
	(void)argc;
	char *low = low_page();
	strncpy(low, argv[1], 4095);
	return report(call32(5, (long)low, O_RDONLY, 0, 0, 0), argv[1]); // 5: open
}

// A tree of `parts` components of `width` letters below `root`, entered as it is made, since its path is longer than
// a system call takes. Leaves the process in the deepest directory.
static void make_deep(const char *root, int parts, int width)
{
	char name[256];
	memset(name, 'd', (size_t)width);
	name[width] = '\0';
	if (chdir(root))
		give_up(root);
	for (int i = 0; i < parts; i++) {
		if ((mkdir(name, 0755) && errno != EEXIST) || chdir(name))
			give_up("making a deep directory");
	}
}

static int act_open_deep(int argc, char **argv)
{
	make_deep(argv[1], argc > 2 ? atoi(argv[2]) : 60, argc > 3 ? atoi(argv[3]) : 100);
	return report(open("leaf", O_RDWR | O_CREAT, 0600), "leaf");
}

static int act_open_narrow(int argc, char **argv)
{
	(void)argc;
	int parts = (4096 - (int)strlen(argv[1]) - 1) / 2;
	make_deep(argv[1], parts - 1, 1);
	return report(open("f", O_RDWR | O_CREAT, 0600), "f");
}

static const char *const odd_names[] = {
	"new\nline", "quo\"te", "back\\slash", "esc\x1b[31mred", "tab\tbed",  "bad\xff\xfeutf8",
	"del\x7f",   " lead",	"ümlaut",      "emoji😀",	 "$(reboot)", "nul-like\\x00"};

static int act_open_odd(int argc, char **argv)
{
	size_t count = sizeof(odd_names) / sizeof(odd_names[0]);
	size_t only = argc > 2 ? (size_t)atoi(argv[2]) : count;
	if (chdir(argv[1]))
		give_up(argv[1]);
	for (size_t i = 0; i < count; i++) {
		if (only == count || only == i)
			report(open(odd_names[i], O_RDWR | O_CREAT, 0600), odd_names[i]);
	}
	return 0;
}

static int act_open_deleted(int argc, char **argv)
{
	(void)argc;
	int fd = open(argv[1], O_RDWR | O_CREAT, 0600);
	char link[64];
	if (fd < 0 || unlink(argv[1]))
		give_up(argv[1]);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return report(open(link, O_RDONLY), link);
}

static int act_open_memfd(int argc, char **argv)
{
	(void)argc;
	int fd = memfd_create(argv[1], MFD_CLOEXEC);
	char link[64];
	if (fd < 0)
		give_up("memfd_create");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return report(open(link, O_RDWR), link);
}

static int act_open_detached(int argc, char **argv)
{
	(void)argc;
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", argv[1], "tmpfs", 0, NULL))
		give_up("mounting a tmpfs");
	int dir = open(argv[1], O_PATH | O_DIRECTORY);
	if (dir < 0 || umount2(argv[1], MNT_DETACH))
		give_up("detaching it");
	return report(openat(dir, "leaf", O_RDWR | O_CREAT, 0600), "leaf");
}

static int act_open_renaming(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 1000;
	char a[4096], b[4096], leaf[8192];
	snprintf(a, sizeof(a), "%s/a", argv[1]);
	snprintf(b, sizeof(b), "%s/b-with-a-much-longer-name-than-the-inline-one-of-a-dentry",
		 argv[1]);
	mkdir(a, 0755);
	pid_t child = fork();
	if (child == 0) {
		for (;;) {
			if (rename(a, b) || rename(b, a))
				_exit(1);
		}
	}
	long opened = 0;
	for (int i = 0; i < rounds; i++) {
		snprintf(leaf, sizeof(leaf), "%s/f", i & 1 ? a : b);
		int fd = open(leaf, O_RDWR | O_CREAT, 0600);
		opened += fd >= 0;
		close(fd);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return report_plain(opened);
}

// "async" makes one of the ring's own threads do it.
static int act_open_uring(int argc, char **argv)
{
	struct io_uring_sqe sqe = {.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD};
	sqe.flags = argc > 2 && strcmp(argv[2], "async") == 0 ? IOSQE_ASYNC : 0;
	sqe.addr = (uintptr_t)argv[1];
	sqe.open_flags = O_RDONLY;
	return report(by_uring(&sqe), argv[1]);
}

static int act_open_many(int argc, char **argv)
{
	long count = atol(argv[2]), done = 0;
	(void)argc;
	for (long i = 0; i < count; i++) {
		int fd = open(argv[1], O_RDONLY);
		done += fd >= 0;
		close(fd);
	}
	return report_plain(done);
}

const struct act open_acts[] = {
	{"openat", 1, act_openat, "PATH [FLAGS]", "openat(AT_FDCWD); FLAGS like rw,creat,trunc"},
	{"open", 1, act_open, "PATH [FLAGS]",
	 "open, the old system call (openat where there is none)"},
	{"creat", 1, act_creat, "PATH", "creat, mode 0600"},
	{"openat2", 1, act_openat2, "PATH [FLAGS]", "openat2"},
	{"open-handle", 1, act_open_handle, "PATH", "open_by_handle_at (root)"},
	{"open-at", 2, act_open_at, "DIR NAME [FLAGS]",
	 "openat relative to a directory descriptor"},
	{"open-cwd", 2, act_open_cwd, "DIR NAME [FLAGS]", "chdir, then a relative openat"},
	{"open-denied", 1, act_open_denied, "PATH", "becomes nobody and tries to open it (EACCES)"},
	{"open32", 1, act_open32, "PATH", "open through int 0x80, the 32-bit entry"},
	{"open-deep", 1, act_open_deep, "DIR [PARTS WIDTH]",
	 "makes a path beyond 4096 bytes and opens its leaf"},
	{"open-narrow", 1, act_open_narrow, "DIR", "a 4096-byte path of one-letter components"},
	{"open-odd", 1, act_open_odd, "DIR [INDEX]",
	 "names with newline, quote, ESC, invalid UTF-8 ..."},
	{"open-deleted", 1, act_open_deleted, "PATH", "opens a file that was unlinked"},
	{"open-memfd", 1, act_open_memfd, "NAME", "opens a memfd again through /proc"},
	{"open-detached", 1, act_open_detached, "DIR",
	 "opens on a tmpfs that was unmounted lazily (root)"},
	{"open-renaming", 1, act_open_renaming, "DIR [ROUNDS]",
	 "opens while the directory is renamed to and fro"},
	{"open-uring", 1, act_open_uring, "PATH [async]",
	 "openat by io_uring, or by one of its threads"},
	{"open-many", 2, act_open_many, "PATH COUNT", "opens and closes COUNT times"},
	{0},
};
