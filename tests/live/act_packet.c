// SPDX-License-Identifier: Apache-2.0
//
// Acts that put certain packets on the loopback. The peer is always the act itself.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "act.h"

struct peer {
	struct sockaddr_storage address;
	socklen_t len;
};

static struct peer peer(const char *address, int port)
{
	struct peer out = {0};
	struct sockaddr_in *v4 = (void *)&out.address;
	struct sockaddr_in6 *v6 = (void *)&out.address;
	if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		out.len = sizeof(*v6);
	} else if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		out.len = sizeof(*v4);
	} else {
		exit(2);
	}
	return out;
}

// COUNT datagrams of SIZE bytes, sent and received.
static int act_datagrams(int argc, char **argv)
{
	(void)argc;
	static char data[65536];
	struct peer to = peer(argv[1], atoi(argv[2]));
	int count = atoi(argv[3]);
	size_t size = (size_t)atoi(argv[4]);
	int receiver = socket(to.address.ss_family, SOCK_DGRAM, 0);
	int sender = socket(to.address.ss_family, SOCK_DGRAM, 0);
	if (size > sizeof(data) || bind(receiver, (struct sockaddr *)&to.address, to.len))
		give_up("bind");
	for (int i = 0; i < count; i++) {
		if (sendto(sender, data, size, 0, (struct sockaddr *)&to.address, to.len) < 0 ||
		    recv(receiver, data, sizeof(data), 0) < 0)
			give_up("a datagram");
	}
	return report_plain(0);
}

static uint16_t checksum(const uint8_t *bytes, size_t size)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < size; i += 2)
		sum += (uint32_t)(bytes[i] << 8 | (i + 1 < size ? bytes[i + 1] : 0));
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

// An echo request from a raw socket, and the wait for its answer.
static int act_ping(int argc, char **argv)
{
	(void)argc;
	struct peer to = peer(argv[1], 0);
	int six = to.address.ss_family == AF_INET6;
	int fd = socket(to.address.ss_family, SOCK_RAW, six ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	uint8_t request[64] = {six ? ICMP6_ECHO_REQUEST : ICMP_ECHO}, answer[256];
	size_t at = six ? 0 : 20; // an IPv4 raw socket shows the IP header
	uint16_t sum = six ? 0 : checksum(request, sizeof(request));
	memcpy(request + 2, &sum, sizeof(sum));
	if (sendto(fd, request, sizeof(request), 0, (struct sockaddr *)&to.address, to.len) < 0)
		give_up("ping");
	do {
		if (recv(fd, answer, sizeof(answer), 0) < 0)
			give_up("the answer");
	} while (answer[at] != (six ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY));
	return report_plain(0);
}

// A TLS ClientHello (RFC 8446 4.1.2) that calls itself 1.2 and offers VERSION.
static size_t make_hello(uint8_t *out, uint16_t version)
{
	uint8_t *at = out;
	uint8_t versions[7] = {0, 43, 0, 3, 2, (uint8_t)(version >> 8), (uint8_t)version};
	const uint8_t head[] = {22, 3, 1, 0, 54, 1, 0, 0, 50, 3, 3};
	const uint8_t suites[] = {0, 0, 2, 0x13, 1, 1, 0, 0, 7};
	memcpy(at, head, sizeof(head));
	at += sizeof(head);
	memset(at, 0x5a, 32);
	at += 32;
	memcpy(at, suites, sizeof(suites));
	at += sizeof(suites);
	memcpy(at, versions, sizeof(versions));
	at += sizeof(versions);
	return (size_t)(at - out);
}

static int act_hello(int argc, char **argv)
{
	(void)argc;
	struct peer to = peer(argv[1], atoi(argv[2]));
	uint8_t hello[128], got[128];
	size_t size = make_hello(hello, (uint16_t)strtoul(argv[3], NULL, 0));
	int listener = socket(to.address.ss_family, SOCK_STREAM, 0), one = 1;
	int client = socket(to.address.ss_family, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&to.address, to.len) || listen(listener, 1) ||
	    connect(client, (struct sockaddr *)&to.address, to.len))
		give_up("a connection to myself");
	int server = accept(listener, NULL, NULL);
	if (write(client, hello, size) != (ssize_t)size)
		give_up("a hello");
	return report_plain(read(server, got, sizeof(got)) == (ssize_t)size ? 0 : -1);
}

const struct act packet_acts[] = {
	{"datagrams", 4, act_datagrams, "ADDR PORT COUNT SIZE", "UDP to itself"},
	{"ping", 1, act_ping, "ADDR", "an ICMP or ICMPv6 echo, and its answer"},
	{"hello", 3, act_hello, "ADDR PORT VERSION", "a TLS ClientHello to itself"},
	{0},
};
