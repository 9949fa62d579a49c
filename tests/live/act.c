// SPDX-License-Identifier: Apache-2.0
//
// act: performs one named real act per invocation, so that a live test can do exactly one thing on the kernel
// and look for exactly one event. Linked statically, because acts also run inside chroots
// and other mount namespaces. Every act prints one line of facts, `key=value` with odd bytes as \xNN, before the act
// ends; wrappers (in-*) set a stage and run another act. Exit code 0: done as described; 2: usage; 3: could not.
#define _GNU_SOURCE
#include "act.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act.h"

extern char **environ;
static char *self_path; // absolute, for acts that run this program again

_Noreturn void give_up(const char *what)
{
	fprintf(stderr, "act: %s: %s\n", what, strerror(errno));
	exit(3);
}

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

int report_plain(long ret)
{
	printf("pid=%d ret=%ld errno=%d\n", getpid(), ret, ret < 0 ? errno : 0);
	fflush(stdout);
	return 0;
}

void *low_page(void)
{
#ifdef __x86_64__
	void *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (low == MAP_FAILED)
		give_up("mmap");
	return low;
#else
	fprintf(stderr, "act: the 32-bit entry needs x86_64\n");
	exit(3);
#endif
}

long call32(long number, long a, long b, long c, long d, long e)
{
#ifdef __x86_64__
	long ret;
	// int 0x80 clobbers r8-r11 there.
	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory", "r8", "r9", "r10", "r11");
	if (ret < 0 && ret > -4096) {
		errno = (int)-ret;
		ret = -1;
	}
	return ret;
#else
	(void)number, (void)a, (void)b, (void)c, (void)d, (void)e;
	errno = ENOSYS;
	return -1;
#endif
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

// --- open ---------------------------------------------------------------------------------------------------

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

long by_uring(const struct io_uring_sqe *request)
{
	struct io_uring_params p;
	memset(&p, 0, sizeof(p));
	int ring = (int)syscall(SYS_io_uring_setup, 1, &p);
	if (ring < 0)
		give_up("io_uring_setup");
	size_t sq_size = p.sq_off.array + p.sq_entries * sizeof(uint32_t);
	size_t cq_size = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
	char *sq =
		mmap(NULL, sq_size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	char *cq =
		mmap(NULL, cq_size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_CQ_RING);
	struct io_uring_sqe *sqe =
		mmap(NULL, sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || sqe == MAP_FAILED)
		give_up("mapping the io_uring");
	*sqe = *request;
	((uint32_t *)(void *)(sq + p.sq_off.array))[0] = 0;
	__atomic_store_n((uint32_t *)(void *)(sq + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		give_up("io_uring_enter");
	long ret = ((struct io_uring_cqe *)(void *)(cq + p.cq_off.cqes))->res;
	if (ret < 0) {
		errno = (int)-ret;
		ret = -1;
	}
	return ret;
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

static int act_connect_uring(int argc, char **argv)
{
	(void)argc;
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_port = htons((uint16_t)atoi(argv[2]))};
	struct io_uring_sqe sqe = {.opcode = IORING_OP_CONNECT};
	inet_pton(AF_INET, argv[1], &addr.sin_addr);
	sqe.fd = socket(AF_INET, SOCK_STREAM, 0);
	sqe.addr = (uintptr_t)&addr;
	sqe.off = sizeof(addr);
	return report_plain(by_uring(&sqe));
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

// --- connect ------------------------------------------------------------------------------------------------

static int connect_inet(int family, int type, const char *addr, const char *port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
				  .sin6_port = htons((uint16_t)atoi(port))};
	int fd = socket(family, type, 0);
	if (fd < 0)
		give_up("socket");
	if (family == AF_INET) {
		if (inet_pton(AF_INET, addr, &v4.sin_addr) != 1)
			exit(2);
		return report_plain(connect(fd, (struct sockaddr *)&v4, sizeof(v4)));
	}
	if (inet_pton(AF_INET6, addr, &v6.sin6_addr) != 1)
		exit(2);
	return report_plain(connect(fd, (struct sockaddr *)&v6, sizeof(v6)));
}

static int act_connect4(int argc, char **argv)
{
	(void)argc;
	return connect_inet(AF_INET, SOCK_STREAM, argv[1], argv[2]);
}

static int act_connect6(int argc, char **argv)
{
	(void)argc;
	return connect_inet(AF_INET6, SOCK_STREAM, argv[1], argv[2]);
}

static int act_connect_udp(int argc, char **argv)
{
	(void)argc;
	return connect_inet(strchr(argv[1], ':') ? AF_INET6 : AF_INET, SOCK_DGRAM, argv[1],
			    argv[2]);
}

static int act_connect_nonblock(int argc, char **argv)
{
	(void)argc;
	return connect_inet(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, argv[1], argv[2]);
}

// Listens on a port of the loopback and connects to it, so that a success needs nothing else on the host.
static int act_connect_self(int argc, char **argv)
{
	int family = argc > 1 && strcmp(argv[1], "6") == 0 ? AF_INET6 : AF_INET;
	struct sockaddr_storage addr = {.ss_family = (sa_family_t)family};
	socklen_t len =
		family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	if (family == AF_INET)
		((struct sockaddr_in *)&addr)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		((struct sockaddr_in6 *)&addr)->sin6_addr = in6addr_loopback;
	int listener = socket(family, SOCK_STREAM, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&addr, len) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&addr, &len))
		give_up("listening");
	int fd = socket(family, SOCK_STREAM, 0);
	long ret = connect(fd, (struct sockaddr *)&addr, len);
	uint16_t port = family == AF_INET ? ((struct sockaddr_in *)&addr)->sin_port
					  : ((struct sockaddr_in6 *)&addr)->sin6_port;
	printf("port=%u ", ntohs(port));
	return report_plain(ret);
}

static int act_connect_unix(int argc, char **argv)
{
	(void)argc;
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	strncpy(addr.sun_path, argv[1], sizeof(addr.sun_path) - 1);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	return report_plain(connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
}

// --- credentials --------------------------------------------------------------------------------------------

// Raw system calls: glibc would repeat each one in every thread.
static long id_arg(int argc, char **argv, int i)
{
	return i < argc ? atol(argv[i]) : -1;
}

static int act_set_id(int argc, char **argv)
{
	static const struct {
		const char *name;
		long nr;
	} calls[] = {{"setuid", SYS_setuid},	   {"setreuid", SYS_setreuid},
		     {"setresuid", SYS_setresuid}, {"setfsuid", SYS_setfsuid},
		     {"setgid", SYS_setgid},	   {"setregid", SYS_setregid},
		     {"setresgid", SYS_setresgid}, {"setfsgid", SYS_setfsgid}};
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, argv[0]) == 0)
			return report_plain(syscall(calls[i].nr, id_arg(argc, argv, 1),
						    id_arg(argc, argv, 2), id_arg(argc, argv, 3)));
	}
	return 2;
}

// --- processes ----------------------------------------------------------------------------------------------

static void announce(void)
{
	printf("pid=%d\n", getpid());
	fflush(stdout);
}

static int act_exec(int argc, char **argv)
{
	(void)argc;
	announce();
	execv(argv[1], argv + 1);
	give_up(argv[1]);
}

static void *exec_in_thread(void *argv)
{
	execv(((char **)argv)[0], argv);
	give_up("execv in a thread");
}

static int act_exec_thread(int argc, char **argv)
{
	(void)argc;
	pthread_t thread;
	announce();
	if (pthread_create(&thread, NULL, exec_in_thread, argv + 1))
		give_up("pthread_create");
	for (;;)
		pause();
}

static void copy_file(const char *from, int to)
{
	char buffer[65536];
	int fd = open(from, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	if (fd < 0)
		give_up(from);
	while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
		if (write(to, buffer, (size_t)n) != n)
			give_up("copying a program");
	}
	close(fd);
}

static int act_exec_memfd(int argc, char **argv)
{
	(void)argc;
	int fd = memfd_create(argv[1], MFD_CLOEXEC);
	if (fd < 0)
		give_up("memfd_create");
	copy_file(argv[2], fd);
	announce();
	fexecve(fd, argv + 2, environ);
	give_up("fexecve");
}

static int act_exec_deleted(int argc, char **argv)
{
	(void)argc;
	char path[4096];
	snprintf(path, sizeof(path), "%s/act-deleted-%d", argv[1], getpid());
	int out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	if (out < 0)
		give_up(path);
	copy_file(argv[2], out);
	close(out);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || unlink(path))
		give_up(path);
	announce();
	fexecve(fd, argv + 2, environ);
	give_up("fexecve");
}

// A script called by a relative name whose interpreter line is relative too: DIR/script is "#!./sh", DIR/sh a copy.
static int act_exec_script(int argc, char **argv)
{
	const char *interpreter = argc > 2 ? argv[2] : "/bin/sh";
	if (chdir(argv[1]))
		give_up(argv[1]);
	int out = open("sh", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	if (out < 0)
		give_up("sh");
	copy_file(interpreter, out);
	close(out);
	out = open("script", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	static const char text[] = "#!./sh -e\nexit 0\n";
	if (out < 0 || write(out, text, sizeof(text) - 1) != (ssize_t)sizeof(text) - 1)
		give_up("script");
	close(out);
	announce();
	execl("./script", "script-argv0", "one", (char *)NULL);
	give_up("script");
}

static int exec_self_true(char **args, char **env)
{
	announce();
	execve(self_path, args, env);
	give_up("execve of itself");
}

static int act_exec_long_arg(int argc, char **argv)
{
	size_t size = (size_t)atol(argv[1]);
	char *arg = malloc(size + 1);
	(void)argc;
	memset(arg, 'x', size);
	arg[size] = '\0';
	char *args[] = {self_path, (char *)"exit", (char *)"0", arg, NULL};
	return exec_self_true(args, environ);
}

static int act_exec_many_args(int argc, char **argv)
{
	int count = atoi(argv[1]);
	(void)argc;
	char **args = calloc((size_t)count + 4, sizeof(char *));
	args[0] = self_path;
	args[1] = (char *)"exit";
	args[2] = (char *)"0";
	for (int i = 0; i < count; i++) {
		args[i + 3] = malloc(16);
		snprintf(args[i + 3], 16, "arg%d", i);
	}
	return exec_self_true(args, environ);
}

static int act_exec_long_env(int argc, char **argv)
{
	size_t size = (size_t)atol(argv[1]);
	char *value = malloc(size + 16);
	(void)argc;
	memcpy(value, "ACT_LONG=", 9);
	memset(value + 9, 'y', size);
	value[9 + size] = '\0';
	char *env[] = {(char *)"ACT_FIRST=1", value, (char *)"ACT_LAST=1", NULL};
	char *args[] = {self_path, (char *)"exit", (char *)"0", NULL};
	return exec_self_true(args, env);
}

static int act_exec_no_args(int argc, char **argv)
{
	(void)argc;
	char *none[] = {NULL};
	announce();
	execve(argv[1], none, none);
	give_up(argv[1]);
}

static int act_exec_burst(int argc, char **argv)
{
	long count = atol(argv[1]);
	char *program = argc > 2 ? argv[2] : (char *)"/bin/true";
	char *args[] = {program, NULL};
	for (long i = 0; i < count; i++) {
		pid_t child; // posix_spawn is vfork and exec
		if (posix_spawn(&child, program, NULL, NULL, args, environ) != 0)
			give_up(program);
		int status;
		if (waitpid(child, &status, 0) != child || status != 0)
			give_up(program);
	}
	return report_plain(count);
}

static int act_double_fork(int argc, char **argv)
{
	int pipe_fds[2];
	(void)argc;
	if (pipe(pipe_fds))
		give_up("pipe");
	pid_t middle = fork();
	if (middle == 0) {
		pid_t last = fork();
		if (last == 0) {
			while (getppid() == getpid() || kill(getppid(), 0) != 0)
				usleep(1000);
			usleep(50000); // the one in the middle is gone by then
			dprintf(pipe_fds[1], "pid=%d ppid=%d\n", getpid(), getppid());
			execv(argv[1], argv + 1);
			_exit(127);
		}
		_exit(0);
	}
	close(pipe_fds[1]);
	waitpid(middle, NULL, 0);
	char line[128];
	ssize_t n = read(pipe_fds[0], line, sizeof(line) - 1);
	line[n < 0 ? 0 : n] = '\0';
	printf("creator=%d middle=%d %s", getpid(), middle, line);
	return 0;
}

static int act_exit(int argc, char **argv)
{
	announce();
	exit(argc > 1 ? atoi(argv[1]) : 0);
}

static int act_signal(int argc, char **argv)
{
	(void)argc;
	announce();
	raise(atoi(argv[1]));
	return 0;
}

static void *exit_later(void *code)
{
	usleep(20000);
	syscall(SYS_exit, *(int *)code);
	return NULL;
}

// The leader leaves first; the process ends with its last thread.
static int act_leader_exits_first(int argc, char **argv)
{
	pthread_t thread;
	static int code;
	code = argc > 1 ? atoi(argv[1]) : 0;
	announce();
	pthread_create(&thread, NULL, exit_later, &code);
	syscall(SYS_exit, 7);
	return 0;
}

static volatile int start_line;

static void *exit_at_once(void *unused)
{
	while (!start_line)
		sched_yield();
	syscall(SYS_exit, 0);
	return unused;
}

// `rounds` processes whose threads all leave in the same instant: each must give one exit event.
static int act_exit_race(int argc, char **argv)
{
	int rounds = atoi(argv[1]);
	int threads = argc > 2 ? atoi(argv[2]) : 8;
	for (int i = 0; i < rounds; i++) {
		pid_t child = fork();
		if (child == 0) {
			pthread_t id;
			for (int t = 0; t < threads; t++) {
				if (pthread_create(&id, NULL, exit_at_once, NULL))
					_exit(1);
			}
			start_line = 1;
			syscall(SYS_exit, 0);
		}
		int status;
		if (waitpid(child, &status, 0) != child || status != 0)
			give_up("a child");
	}
	return report_plain(rounds);
}

static int act_cgroup_move(int argc, char **argv)
{
	char path[4096], text[16];
	(void)argc;
	snprintf(path, sizeof(path), "%s/cgroup.procs", argv[1]);
	int fd = open(path, O_WRONLY);
	int n = snprintf(text, sizeof(text), "%d", getpid());
	if (fd < 0)
		give_up(path);
	return report_plain(write(fd, text, (size_t)n));
}

static int act_wait(int argc, char **argv)
{
	announce();
	usleep((useconds_t)(argc > 1 ? atof(argv[1]) * 1e6 : 1e6));
	return 0;
}

// --- stages -------------------------------------------------------------------------------------------------

static void private_mounts(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		give_up("a private mount namespace");
}

static int in_chroot(int argc, char **argv)
{
	if (chroot(argv[1]) || chdir("/"))
		give_up(argv[1]);
	return run(argc - 2, argv + 2);
}

static int in_bind(int argc, char **argv)
{
	private_mounts();
	if (mount(argv[1], argv[2], NULL, MS_BIND | MS_REC, NULL))
		give_up(argv[2]);
	return run(argc - 3, argv + 3);
}

static int in_tmpfs(int argc, char **argv)
{
	private_mounts();
	if (mount("none", argv[1], "tmpfs", 0, NULL))
		give_up(argv[1]);
	return run(argc - 2, argv + 2);
}

// LOWER below, everything else in a tmpfs that is made at MERGED's side: WORK/{upper,work}.
static int in_overlay(int argc, char **argv)
{
	char upper[4096], work[4096], options[16384];
	private_mounts();
	if (mount("none", argv[2], "tmpfs", 0, NULL))
		give_up(argv[2]);
	snprintf(upper, sizeof(upper), "%s/upper", argv[2]);
	snprintf(work, sizeof(work), "%s/work", argv[2]);
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s", argv[1], upper,
		 work);
	if (mkdir(upper, 0755) || mkdir(work, 0755) ||
	    mount("overlay", argv[3], "overlay", 0, options))
		give_up("overlay");
	return run(argc - 4, argv + 4);
}

static int in_namespaces(int argc, char **argv)
{
	if (unshare(CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS))
		give_up("unshare");
	pid_t child = fork();
	if (child == 0)
		exit(run(argc - 1, argv + 1));
	int status;
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}

static int in_turn(int argc, char **argv)
{
	int result = 0;
	for (int first = 1, last; result == 0 && first < argc; first = last + 1) {
		for (last = first; last < argc && strcmp(argv[last], "--") != 0; last++)
			;
		result = run(last - first, argv + first);
	}
	return result;
}

static int as_uid(int argc, char **argv)
{
	uid_t id = (uid_t)atoi(argv[1]);
	if (setgroups(0, NULL) || setresgid(id, id, id) || setresuid(id, id, id))
		give_up("changing the user");
	return run(argc - 2, argv + 2);
}

static const struct act own_acts[] = {
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
	{"connect-uring", 2, act_connect_uring, "ADDR PORT", "TCP by io_uring"},
	{"connect4", 2, act_connect4, "ADDR PORT", "TCP; ret is -1 when refused"},
	{"connect6", 2, act_connect6, "ADDR PORT", "TCP over IPv6"},
	{"connect-udp", 2, act_connect_udp, "ADDR PORT", "UDP, either family"},
	{"connect-nonblock", 2, act_connect_nonblock, "ADDR PORT",
	 "non-blocking TCP (EINPROGRESS)"},
	{"connect-self", 0, act_connect_self, "[4|6]",
	 "listens on the loopback and connects to it"},
	{"connect-unix", 1, act_connect_unix, "PATH", "AF_UNIX stream"},
	{"setuid", 1, act_set_id, "UID", "raw system call, as the seven below"},
	{"setreuid", 2, act_set_id, "R E", "-1 leaves one as it is"},
	{"setresuid", 3, act_set_id, "R E S", ""},
	{"setfsuid", 1, act_set_id, "UID", ""},
	{"setgid", 1, act_set_id, "GID", ""},
	{"setregid", 2, act_set_id, "R E", ""},
	{"setresgid", 3, act_set_id, "R E S", ""},
	{"setfsgid", 1, act_set_id, "GID", ""},
	{"exec", 1, act_exec, "PATH [ARG...]", "execv; PATH is also argv[0]"},
	{"exec-thread", 1, act_exec_thread, "PATH [ARG...]",
	 "execv from a thread that is not the leader"},
	{"exec-memfd", 2, act_exec_memfd, "NAME PROGRAM [ARG...]",
	 "copies PROGRAM into a memfd, fexecve"},
	{"exec-deleted", 2, act_exec_deleted, "DIR PROGRAM [ARG...]",
	 "runs a copy that was unlinked before"},
	{"exec-script", 1, act_exec_script, "DIR [SHELL]",
	 "./script with the line #!./sh -e, both made in DIR"},
	{"exec-long-arg", 1, act_exec_long_arg, "BYTES",
	 "one argument of that size (limit 128 KiB)"},
	{"exec-many-args", 1, act_exec_many_args, "COUNT", "that many arguments, arg0 arg1 ..."},
	{"exec-long-env", 1, act_exec_long_env, "BYTES",
	 "ACT_FIRST, ACT_LONG of that size, ACT_LAST"},
	{"exec-no-args", 1, act_exec_no_args, "PATH",
	 "argc 0 (Linux 5.18 makes it 1), no environment"},
	{"exec-burst", 1, act_exec_burst, "COUNT [PROGRAM]",
	 "vfork and exec in a tight loop (/bin/true)"},
	{"double-fork", 1, act_double_fork, "PATH [ARG...]",
	 "a grandchild outlives its parent and runs PATH"},
	{"exit", 0, act_exit, "[CODE]", "exits"},
	{"signal", 1, act_signal, "NUMBER", "dies of a signal"},
	{"leader-exits-first", 0, act_leader_exits_first, "[CODE]",
	 "the last thread is not the leader"},
	{"exit-race", 1, act_exit_race, "ROUNDS [THREADS]",
	 "all threads of a process leave at once"},
	{"cgroup-move", 1, act_cgroup_move, "DIR", "writes its pid to DIR/cgroup.procs (root)"},
	{"wait", 0, act_wait, "[SECONDS]", "prints its pid and stays for a while"},
	{"in-chroot", 2, in_chroot, "DIR ACT...", "stage: chroot (root)"},
	{"in-bind", 3, in_bind, "FROM TO ACT...",
	 "stage: a bind mount in a private namespace (root)"},
	{"in-tmpfs", 2, in_tmpfs, "DIR ACT...",
	 "stage: a tmpfs on DIR in a private namespace (root)"},
	{"in-overlay", 4, in_overlay, "LOWER WORK MERGED ACT...",
	 "stage: an overlay; WORK gets a tmpfs (root)"},
	{"in-namespaces", 1, in_namespaces, "ACT...",
	 "stage: new pid, net, mount, uts namespaces (root)"},
	{"in-turn", 1, in_turn, "ACT... [-- ACT...]",
	 "several in one process; the last may be an exec"},
	{"as-uid", 2, as_uid, "UID ACT...", "stage: all ids of another user (root)"},
	{0},
};

static const struct act *const tables[] = {own_acts,	 bypass_acts, file_acts,   kernel_acts,
					   network_acts, packet_acts, process_acts};
#define TABLES (sizeof(tables) / sizeof(tables[0]))

static int usage(FILE *out)
{
	fprintf(out,
		"usage: act ACT [ARGUMENT...]\nPerforms one real act and prints its facts.\n\n");
	for (size_t i = 0; i < TABLES; i++)
		for (const struct act *act = tables[i]; act->name; act++)
			fprintf(out, "  %-18s %-26s %s\n", act->name, act->usage, act->what);
	return out == stdout ? 0 : 2;
}

static const struct act *find_act(const char *name)
{
	for (size_t i = 0; i < TABLES; i++)
		for (const struct act *act = tables[i]; act->name; act++)
			if (strcmp(act->name, name) == 0)
				return act;
	return NULL;
}

int run(int argc, char **argv)
{
	const struct act *act = argc > 0 ? find_act(argv[0]) : NULL;
	if (act && argc - 1 < act->arguments) {
		fprintf(stderr, "usage: act %s %s\n", act->name, act->usage);
		return 2;
	}
	if (act)
		return act->perform(argc, argv);
	fprintf(stderr, "act: no act %s (--help)\n", argc > 0 ? argv[0] : "");
	return 2;
}

int main(int argc, char **argv)
{
	static char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	self_path = n > 0 ? path : argv[0];
	if (argc < 2)
		return usage(stderr);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return usage(stdout);
	return run(argc - 1, argv + 1);
}
