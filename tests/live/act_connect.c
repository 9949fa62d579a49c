// SPDX-License-Identifier: Apache-2.0
//
// Acts that connect a socket.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "act.h"

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

const struct act connect_acts[] = {
	{"connect-uring", 2, act_connect_uring, "ADDR PORT", "TCP by io_uring"},
	{"connect4", 2, act_connect4, "ADDR PORT", "TCP; ret is -1 when refused"},
	{"connect6", 2, act_connect6, "ADDR PORT", "TCP over IPv6"},
	{"connect-udp", 2, act_connect_udp, "ADDR PORT", "UDP, either family"},
	{"connect-nonblock", 2, act_connect_nonblock, "ADDR PORT",
	 "non-blocking TCP (EINPROGRESS)"},
	{"connect-self", 0, act_connect_self, "[4|6]",
	 "listens on the loopback and connects to it"},
	{"connect-unix", 1, act_connect_unix, "PATH", "AF_UNIX stream"},
	{0},
};
