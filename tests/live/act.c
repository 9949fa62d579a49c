// SPDX-License-Identifier: Apache-2.0
//
// act: performs one named real act per invocation, so that a live test can do exactly one thing on the kernel
// and look for exactly one event. Linked statically, because acts also run inside chroots
// and other mount namespaces. Every act prints one line of facts, `key=value` with odd bytes as \xNN, before the act
// ends; wrappers (in-*) set a stage and run another act. Exit code 0: done as described; 2: usage; 3: could not.
#define _GNU_SOURCE
#include "act.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

char *self_path;

_Noreturn void give_up(const char *what)
{
	fprintf(stderr, "act: %s: %s\n", what, strerror(errno));
	exit(3);
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

void announce(void)
{
	printf("pid=%d\n", getpid());
	fflush(stdout);
}

static const struct act *const tables[] = {open_acts,	 connect_acts, exec_acts,   task_acts,
					   stage_acts,	 bypass_acts,  file_acts,   kernel_acts,
					   network_acts, packet_acts,  process_acts};
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
