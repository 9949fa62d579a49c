// SPDX-License-Identifier: Apache-2.0
//
// Acts on sockets. Where an act needs a peer it is its own, on the loopback.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "act.h"

// socketcall(2) and the calls in it (linux/net.h)
#define NR32_SOCKETCALL 102
enum { CALL_SOCKET = 1, CALL_BIND = 2, CALL_ACCEPT = 5, CALL_SETSOCKOPT = 14, CALL_ACCEPT4 = 18 };

#define CLOUD_PORT 80
#define DNS_PORT 53

struct endpoint {
	struct sockaddr_storage address;
	socklen_t len;
};

static struct endpoint endpoint(const char *address, int port)
{
	struct endpoint out = {0};
	struct sockaddr_in *v4 = (void *)&out.address;
	struct sockaddr_in6 *v6 = (void *)&out.address;
	if (strchr(address, ':')) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		if (inet_pton(AF_INET6, address, &v6->sin6_addr) != 1)
			exit(2);
		out.len = sizeof(*v6);
	} else {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		if (inet_pton(AF_INET, address, &v4->sin_addr) != 1)
			exit(2);
		out.len = sizeof(*v4);
	}
	return out;
}

static long socketcall(int call, long a, long b, long c, long d, long e)
{
	uint32_t *args = low_page();
	args[0] = (uint32_t)a;
	args[1] = (uint32_t)b;
	args[2] = (uint32_t)c;
	args[3] = (uint32_t)d;
	args[4] = (uint32_t)e;
	return call32(NR32_SOCKETCALL, call, (long)args, 0, 0, 0);
}

// --- bind ---------------------------------------------------------------------------------------------------

static int bind_socket(int type, char **argv)
{
	struct endpoint own = endpoint(argv[1], atoi(argv[2]));
	int fd = socket(own.address.ss_family, type, 0);
	if (fd < 0)
		give_up("socket");
	return report_plain(bind(fd, (struct sockaddr *)&own.address, own.len));
}

static int act_bind(int argc, char **argv)
{
	(void)argc;
	return bind_socket(SOCK_STREAM, argv);
}

static int act_bind_udp(int argc, char **argv)
{
	(void)argc;
	return bind_socket(SOCK_DGRAM, argv);
}

static int act_bind32(int argc, char **argv)
{
	(void)argc;
	struct endpoint own = endpoint(argv[1], atoi(argv[2]));
	int fd = socket(own.address.ss_family, SOCK_STREAM, 0);
	void *low = low_page();
	memcpy(low, &own.address, own.len);
	return report_plain(socketcall(CALL_BIND, fd, (long)low, own.len, 0, 0));
}

static int act_bind_unix(int argc, char **argv)
{
	(void)argc;
	struct sockaddr_un own = {.sun_family = AF_UNIX};
	strncpy(own.sun_path, argv[1], sizeof(own.sun_path) - 1);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	return report_plain(bind(fd, (struct sockaddr *)&own, sizeof(own)));
}

// --- accept -------------------------------------------------------------------------------------------------

static uint16_t port_of(const struct endpoint *end)
{
	return ntohs(end->address.ss_family == AF_INET
			     ? ((const struct sockaddr_in *)&end->address)->sin_port
			     : ((const struct sockaddr_in6 *)&end->address)->sin6_port);
}

// A listening socket with one connection that waits; prints the port that the connection comes from.
static int waiting_connection(const char *address)
{
	struct endpoint own = endpoint(address, 0), peer = own;
	int listener = socket(own.address.ss_family, SOCK_STREAM, 0);
	int client = socket(own.address.ss_family, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&own.address, own.len) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&own.address, &own.len) ||
	    connect(client, (struct sockaddr *)&own.address, own.len) ||
	    getsockname(client, (struct sockaddr *)&peer.address, &peer.len))
		give_up("a connection to myself");
	printf("port=%u ", port_of(&peer));
	return listener;
}

static int act_accept(int argc, char **argv)
{
	int how = argc > 2 ? atoi(argv[2]) : 0;
	int listener = waiting_connection(argv[1]);
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	switch (how) {
	case 4:
		return report_plain(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
	case 32:
		return report_plain(socketcall(CALL_ACCEPT, listener, 0, 0, 0, 0));
	default:
		return report_plain(accept(listener, (struct sockaddr *)&peer, &len));
	}
}

static int act_accept_unix(int argc, char **argv)
{
	(void)argc;
	struct sockaddr_un own = {.sun_family = AF_UNIX};
	strncpy(own.sun_path, argv[1], sizeof(own.sun_path) - 1);
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	int client = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&own, sizeof(own)) || listen(listener, 1) ||
	    connect(client, (struct sockaddr *)&own, sizeof(own)))
		give_up("a connection to myself");
	return report_plain(accept(listener, NULL, NULL));
}

static int act_accept_refused(int argc, char **argv)
{
	(void)argc, (void)argv;
	return report_plain(accept(socket(AF_INET6, SOCK_STREAM, 0), NULL, NULL));
}

// --- socket, setsockopt -------------------------------------------------------------------------------------

static int act_socket(int argc, char **argv)
{
	(void)argc;
	return report_plain(socket(atoi(argv[1]), atoi(argv[2]), atoi(argv[3])));
}

static int act_socket32(int argc, char **argv)
{
	(void)argc;
	return report_plain(
		socketcall(CALL_SOCKET, atoi(argv[1]), atoi(argv[2]), atoi(argv[3]), 0, 0));
}

static int act_setsockopt(int argc, char **argv)
{
	(void)argc;
	int value = atoi(argv[3]);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	return report_plain(setsockopt(fd, atoi(argv[1]), atoi(argv[2]), &value, sizeof(value)));
}

// COUNT instructions: a comparison with VALUE, and what makes no difference.
static struct sock_filter *make_filter(int count, uint32_t value)
{
	struct sock_filter *code = calloc((size_t)count, sizeof(*code));
	for (int i = 0; i < count; i++)
		code[i] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12);
	code[1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
	code[count - 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0xffff);
	return code;
}

static int act_attach_filter(int argc, char **argv)
{
	struct sock_fprog program = {.len = (unsigned short)atoi(argv[1])};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	program.filter = make_filter(program.len, (uint32_t)strtoul(argv[2], NULL, 0));
	if (argc > 3 && strcmp(argv[3], "bad") == 0)
		program.filter[program.len - 1].code = BPF_LD | BPF_W | BPF_ABS;
	if (argc > 3 && strcmp(argv[3], "32") == 0) {
		uint32_t *narrow = low_page();
		size_t size = program.len * sizeof(*program.filter);
		memcpy(narrow + 2, program.filter, size);
		narrow[0] = program.len;
		narrow[1] = (uint32_t)(uintptr_t)(narrow + 2);
		return report_plain(socketcall(CALL_SETSOCKOPT, fd, SOL_SOCKET, SO_ATTACH_FILTER,
					       (long)narrow, 8));
	}
	return report_plain(
		setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
}

// --- packets ------------------------------------------------------------------------------------------------

// A question in the format of RFC 1035; returns its size.
static size_t make_question(uint8_t *out, const char *name, int type)
{
	static const uint8_t header[12] = {0x12, 0x34, 1, 0, 0, 1};
	uint8_t *at = out + sizeof(header);
	memcpy(out, header, sizeof(header));
	while (*name) {
		size_t label = strcspn(name, ".");
		*at++ = (uint8_t)label;
		memcpy(at, name, label);
		at += label;
		name += label + (name[label] == '.');
	}
	*at++ = 0;
	*at++ = 0;
	*at++ = (uint8_t)type;
	*at++ = 0;
	*at++ = 1;
	return (size_t)(at - out);
}

static int act_dns(int argc, char **argv)
{
	struct endpoint server = endpoint(argv[1], DNS_PORT);
	int type = argc > 3 ? atoi(argv[3]) : 1;
	uint8_t message[2 + 512], answer[512];
	size_t size = make_question(message + 2, argv[2], type);
	int fd = socket(server.address.ss_family, SOCK_DGRAM, 0);
	if (sendto(fd, message + 2, size, 0, (struct sockaddr *)&server.address, server.len) < 0)
		give_up("asking");
	return report_plain(recv(fd, answer, sizeof(answer), 0));
}

static int act_dns_tcp(int argc, char **argv)
{
	struct endpoint server = endpoint(argv[1], DNS_PORT);
	int apart = argc > 3 && strcmp(argv[3], "apart") == 0;
	uint8_t message[2 + 512], answer[2 + 512];
	size_t size = make_question(message + 2, argv[2], 1);
	int fd = socket(server.address.ss_family, SOCK_STREAM, 0);
	message[0] = (uint8_t)(size >> 8);
	message[1] = (uint8_t)size;
	if (connect(fd, (struct sockaddr *)&server.address, server.len) ||
	    (apart && write(fd, message, 2) != 2))
		give_up("connecting");
	if (apart)
		usleep(20000); // so that it is a segment of its own
	if (write(fd, message + (apart ? 2 : 0), size + (apart ? 0 : 2)) < 0)
		give_up("asking");
	return report_plain(recv(fd, answer, sizeof(answer), 0));
}

static int act_http(int argc, char **argv)
{
	struct endpoint server = endpoint(argv[1], CLOUD_PORT);
	char request[2048], answer[4096];
	int fd = socket(server.address.ss_family, SOCK_STREAM, 0);
	int at = snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: metadata\r\n", argv[2],
			  argv[3]);
	for (int i = 4; i < argc; i++)
		at += snprintf(request + at, sizeof(request) - (size_t)at, "%s\r\n", argv[i]);
	at += snprintf(request + at, sizeof(request) - (size_t)at, "\r\n");
	if (connect(fd, (struct sockaddr *)&server.address, server.len) ||
	    write(fd, request, (size_t)at) != at)
		give_up("asking");
	return report_plain(recv(fd, answer, sizeof(answer), 0));
}

const struct act network_acts[] = {
	{"bind", 2, act_bind, "ADDR PORT", "TCP, either family"},
	{"bind-udp", 2, act_bind_udp, "ADDR PORT", "UDP, either family"},
	{"bind32", 2, act_bind32, "ADDR PORT", "TCP, through 32-bit socketcall"},
	{"bind-unix", 1, act_bind_unix, "PATH", "AF_UNIX stream"},
	{"accept", 1, act_accept, "ADDR [4|32]",
	 "accepts its own connection; accept4 or socketcall, without an address"},
	{"accept-unix", 1, act_accept_unix, "PATH", "AF_UNIX stream"},
	{"accept-refused", 0, act_accept_refused, "", "on a socket that does not listen (EINVAL)"},
	{"socket", 3, act_socket, "DOMAIN TYPE PROTOCOL", "numbers"},
	{"socket32", 3, act_socket32, "DOMAIN TYPE PROTOCOL", "through 32-bit socketcall"},
	{"setsockopt", 3, act_setsockopt, "LEVEL OPTION VALUE", "on a UDP socket; numbers"},
	{"attach-filter", 2, act_attach_filter, "COUNT VALUE [bad|32]",
	 "a filter that compares with VALUE; refused, or through socketcall"},
	{"dns", 2, act_dns, "SERVER NAME [TYPE]", "asks over UDP, waits for the answer"},
	{"dns-tcp", 2, act_dns_tcp, "SERVER NAME [apart]",
	 "asks over TCP; the length in a segment of its own"},
	{"http", 3, act_http, "ADDR METHOD PATH [HEADER...]", "a request to port 80"},
	{0},
};
