// SPDX-License-Identifier: Apache-2.0
//
// Acts on names and sockets by io_uring, and on namespaces.
#define _GNU_SOURCE
#include "act.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

// Newer than some C library's headers.
#define OP_SOCKET 45
#define OP_FTRUNCATE 55
#define OP_BIND 56

static int act_uring_mkdir(int argc, char **argv)
{
	(void)argc;
	struct io_uring_sqe sqe = {.opcode = IORING_OP_MKDIRAT, .fd = AT_FDCWD};
	sqe.addr = (uint64_t)argv[1];
	sqe.len = (uint32_t)strtoul(argv[2], NULL, 0);
	return report_plain(by_uring(&sqe));
}

static int unlinkat_by_uring(const char *path, int flags)
{
	struct io_uring_sqe sqe = {.opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD};
	sqe.addr = (uint64_t)path;
	sqe.unlink_flags = (uint32_t)flags;
	return report_plain(by_uring(&sqe));
}

static int act_uring_rmdir(int argc, char **argv)
{
	(void)argc;
	return unlinkat_by_uring(argv[1], AT_REMOVEDIR);
}

static int act_uring_unlink(int argc, char **argv)
{
	(void)argc;
	return unlinkat_by_uring(argv[1], 0);
}

static int two_names(uint8_t opcode, char **argv)
{
	struct io_uring_sqe sqe = {.opcode = opcode, .fd = AT_FDCWD};
	sqe.addr = (uint64_t)argv[1];
	sqe.addr2 = (uint64_t)argv[2];
	sqe.len = (uint32_t)AT_FDCWD;
	return report_plain(by_uring(&sqe));
}

static int act_uring_rename(int argc, char **argv)
{
	(void)argc;
	return two_names(IORING_OP_RENAMEAT, argv);
}

static int act_uring_link(int argc, char **argv)
{
	(void)argc;
	return two_names(IORING_OP_LINKAT, argv);
}

static int act_uring_ftruncate(int argc, char **argv)
{
	(void)argc;
	struct io_uring_sqe sqe = {.opcode = OP_FTRUNCATE, .fd = open(argv[1], O_WRONLY)};
	if (sqe.fd < 0)
		give_up(argv[1]);
	return report_plain(by_uring(&sqe));
}

static int act_uring_socket(int argc, char **argv)
{
	(void)argc;
	struct io_uring_sqe sqe = {.opcode = OP_SOCKET, .fd = atoi(argv[1])};
	sqe.off = strtoul(argv[2], NULL, 0);
	sqe.len = (uint32_t)strtoul(argv[3], NULL, 0);
	return report_plain(by_uring(&sqe));
}

static struct sockaddr_in address_of(const char *ip, const char *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	address.sin_port = htons((uint16_t)atoi(port));
	if (inet_pton(AF_INET, ip, &address.sin_addr) != 1)
		give_up(ip);
	return address;
}

static int act_uring_bind(int argc, char **argv)
{
	(void)argc;
	struct sockaddr_in address = address_of(argv[1], argv[2]);
	struct io_uring_sqe sqe = {.opcode = OP_BIND, .fd = socket(AF_INET, SOCK_STREAM, 0)};
	sqe.addr = (uint64_t)&address;
	sqe.addr2 = sizeof(address);
	return report_plain(by_uring(&sqe));
}

static int act_uring_accept(int argc, char **argv)
{
	(void)argc;
	struct sockaddr_in own = address_of("127.0.0.1", "0");
	struct sockaddr_in peer = address_of("127.0.0.1", argv[1]);
	socklen_t size = sizeof(own);
	int listening = socket(AF_INET, SOCK_STREAM, 0),
	    connecting = socket(AF_INET, SOCK_STREAM, 0);
	int one = 1;

	setsockopt(connecting, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listening, (void *)&own, sizeof(own)) || listen(listening, 1) ||
	    getsockname(listening, (void *)&own, &size) ||
	    bind(connecting, (void *)&peer, sizeof(peer)) ||
	    connect(connecting, (void *)&own, sizeof(own)))
		give_up("connecting to itself");
	struct io_uring_sqe sqe = {.opcode = IORING_OP_ACCEPT, .fd = listening};
	return report_plain(by_uring(&sqe));
}

static int act_setns(int argc, char **argv)
{
	int fd = open(argv[1], O_RDONLY);
	if (fd < 0)
		give_up(argv[1]);
	if (setns(fd, 0))
		give_up("setns");
	return run(argc - 2, argv + 2);
}

const struct act kernel_acts[] = {
	{"uring-mkdir", 2, act_uring_mkdir, "PATH MODE", "by io_uring"},
	{"uring-rmdir", 1, act_uring_rmdir, "PATH", "by io_uring"},
	{"uring-unlink", 1, act_uring_unlink, "PATH", "by io_uring"},
	{"uring-rename", 2, act_uring_rename, "OLD NEW", "by io_uring"},
	{"uring-link", 2, act_uring_link, "OLD NEW", "by io_uring"},
	{"uring-ftruncate", 1, act_uring_ftruncate, "PATH", "by io_uring, to nothing"},
	{"uring-socket", 3, act_uring_socket, "DOMAIN TYPE PROTOCOL", "by io_uring"},
	{"uring-bind", 2, act_uring_bind, "ADDR PORT", "TCP by io_uring"},
	{"uring-accept", 1, act_uring_accept, "PORT",
	 "of a connection from that port, by io_uring"},
	{"setns", 2, act_setns, "FILE ACT...", "stage: in the namespace of /proc/PID/ns/..."},
	{0},
};
