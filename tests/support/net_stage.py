# SPDX-License-Identifier: Apache-2.0
"""A network of its own, as a program: `unshare --net python3 net_stage.py COMMAND...`

Brings the loopback up with the addresses of a cloud's metadata service, serves DNS (port 53) and metadata (port 80) on
it, runs COMMAND and ends with its exit code. No packet leaves the namespace.
"""
import fcntl
import socket
import socketserver
import struct
import subprocess
import sys
import threading

SIOCSIFADDR, SIOCSIFNETMASK, SIOCSIFFLAGS, SIOCGIFINDEX = 0x8916, 0x891c, 0x8914, 0x8933
IFF_UP_RUNNING = 0x41
IMDS4, IMDS6 = "169.254.169.254", "fd00:ec2::254"
REAL, ADDRESS4, ADDRESS6 = "real.vedette.test", "127.0.0.77", "::1"
CREDENTIALS = b'{\n  "Code" : "Success",\n  "Type" : "AWS-HMAC",\n  "AccessKeyId" : "A", "SecretAccessKey" : "B"\n}'


def bring_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP_RUNNING))
        for request, address in ((SIOCSIFADDR, IMDS4), (SIOCSIFNETMASK, "255.255.255.255")):
            body = struct.pack("16sHH4s8x", b"lo:1", socket.AF_INET, 0, socket.inet_aton(address))
            fcntl.ioctl(control, request, body)
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as control:
        index = struct.unpack_from("i", fcntl.ioctl(control, SIOCGIFINDEX, struct.pack("16s16x", b"lo")), 16)[0]
        fcntl.ioctl(control, SIOCSIFADDR, struct.pack("16sIi", socket.inet_pton(socket.AF_INET6, IMDS6), 128, index))


def wire_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def record(name, kind, data):
    return name + struct.pack("!HHIH", kind, 1, 0, len(data)) + data  # TTL 0


def dns_answer(question):
    """alias.* is another name of REAL, missing.* is none; everything else has addresses."""
    ident, _, _ = struct.unpack_from("!HHH", question)
    end = question.index(b"\0", 12) + 5
    kind = question[end - 3]
    name, real = b"\xc0\x0c", wire_name(REAL)
    records = []
    if question[13:].startswith(b"missing"):
        return struct.pack("!HHHHHH", ident, 0x8183, 1, 0, 0, 0) + question[12:end]
    if question[13:].startswith(b"alias"):
        records.append(record(name, 5, real))
        name = real
    address = socket.inet_pton(socket.AF_INET6, ADDRESS6) if kind == 28 else socket.inet_aton(ADDRESS4)
    records.append(record(name, 28 if kind == 28 else 1, address))
    return struct.pack("!HHHHHH", ident, 0x8180, 1, len(records), 0, 0) + question[12:end] + b"".join(records)


class Udp(socketserver.BaseRequestHandler):
    def handle(self):
        question, reply = self.request
        reply.sendto(dns_answer(question), self.client_address)


class Tcp(socketserver.BaseRequestHandler):
    def handle(self):
        size = struct.unpack("!H", self.request.recv(2, socket.MSG_WAITALL))[0]
        answer = dns_answer(self.request.recv(size, socket.MSG_WAITALL))
        self.request.sendall(struct.pack("!H", len(answer)) + answer)


class Metadata(socketserver.BaseRequestHandler):
    def handle(self):
        head = self.request.recv(4096)
        body = CREDENTIALS if b"security-credentials" in head else b"ok"
        self.request.sendall(b"HTTP/1.1 200 OK\r\nServer: EC2ws\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def serve(server, address, handler):
    class Server(server):
        allow_reuse_address = True
        address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    threading.Thread(target=Server(address, handler).serve_forever, daemon=True).start()


def main():
    bring_up()
    for address in ("127.0.0.1", "::1"):
        serve(socketserver.UDPServer, (address, 53), Udp)
        serve(socketserver.TCPServer, (address, 53), Tcp)
    for address in (IMDS4, IMDS6):
        serve(socketserver.TCPServer, (address, 80), Metadata)
    return subprocess.run(sys.argv[1:]).returncode


if __name__ == "__main__":
    sys.exit(main())
