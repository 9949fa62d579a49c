// SPDX-License-Identifier: Apache-2.0
//
// Ways around agents that believe what a system call is passed.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act.h"

struct flip {
	char *path;
	const char *good, *evil;
	atomic_bool stop;
};

static void *flip_path(void *argument)
{
	struct flip *flip = argument;
	size_t length = strlen(flip->good) + 1;

	while (!flip->stop) {
		memcpy(flip->path, flip->evil, length);
		memcpy(flip->path, flip->good, length);
	}
	return NULL;
}

// A second thread changes the path while the call reads it: what was opened is not what was passed.
static int act_open_race(int argc, char **argv)
{
	(void)argc;
	long rounds = atol(argv[3]), evil = 0;
	char *path = strdup(argv[1]);
	struct flip flip = {path, argv[1], argv[2], 0};
	struct stat wanted, opened;
	pthread_t thread;

	if (strlen(argv[1]) != strlen(argv[2]) || stat(argv[2], &wanted) != 0 ||
	    pthread_create(&thread, NULL, flip_path, &flip) != 0)
		give_up("open-race");
	// At least one: a machine with one CPU switches threads seldom.
	for (long i = 0; i < rounds || evil == 0; i++) {
		int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			continue;
		evil += fstat(fd, &opened) == 0 && opened.st_ino == wanted.st_ino;
		close(fd);
	}
	flip.stop = true;
	pthread_join(thread, NULL);
	printf("ret=0 evil=%ld\n", evil);
	return 0;
}

struct fault {
	int fd;
	void *page;
	const char *content;
};

static void *answer_fault(void *argument)
{
	struct fault *fault = argument;
	char *source = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_copy copy = {
		.dst = (unsigned long)fault->page, .src = (unsigned long)source, .len = 4096};
	struct uffd_msg message;

	strcpy(source, fault->content);
	if (read(fault->fd, &message, sizeof(message)) != sizeof(message) ||
	    ioctl(fault->fd, UFFDIO_COPY, &copy) != 0)
		give_up("userfaultfd");
	return NULL;
}

// The path comes into being while the kernel reads it.
static int act_open_uffd(int argc, char **argv)
{
	(void)argc;
	struct uffdio_api api = {.api = UFFD_API};
	struct fault fault = {(int)syscall(SYS_userfaultfd, O_CLOEXEC), NULL, argv[1]};
	fault.page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_register range = {.range = {(unsigned long)fault.page, 4096},
					.mode = UFFDIO_REGISTER_MODE_MISSING};
	pthread_t thread;

	if (fault.fd < 0 || ioctl(fault.fd, UFFDIO_API, &api) != 0 ||
	    ioctl(fault.fd, UFFDIO_REGISTER, &range) != 0 ||
	    pthread_create(&thread, NULL, answer_fault, &fault) != 0)
		give_up("userfaultfd");
	long ret = openat(AT_FDCWD, fault.page, O_RDONLY | O_CLOEXEC);
	pthread_join(thread, NULL);
	return report_plain(ret);
}

static void copy_into(int directory, const char *program, const char *name)
{
	int from = open(program, O_RDONLY | O_CLOEXEC);
	int to = openat(directory, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	struct stat status;

	if (from < 0 || to < 0 || fstat(from, &status) != 0 ||
	    sendfile(to, from, NULL, status.st_size) != status.st_size)
		give_up("copy of the program");
	close(from);
	close(to);
}

// Executes from a file system that is mounted nowhere.
static int act_exec_fsmount(int argc, char **argv)
{
	int fs = (int)syscall(SYS_fsopen, "tmpfs", 0);
	if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) != 0)
		give_up("fsopen");
	int mount = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	if (mount < 0)
		give_up("fsmount");
	copy_into(mount, argv[1], argv[2]);
	(void)argc;
	syscall(SYS_execveat, mount, argv[2], argv + 2, environ, 0);
	give_up("execveat");
}

const struct act bypass_acts[] = {
	{"open-race", 3, act_open_race, "GOOD EVIL ROUNDS",
	 "a thread turns GOOD into EVIL (as long) while it is opened"},
	{"open-uffd", 1, act_open_uffd, "PATH",
	 "the path is filled in by a page fault of the kernel's (root)"},
	{"exec-fsmount", 2, act_exec_fsmount, "PROGRAM NAME [ARG...]",
	 "from a tmpfs that is mounted nowhere (root)"},
	{0},
};
