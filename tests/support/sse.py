# SPDX-License-Identifier: Apache-2.0
"""Server-sent events of the agent's API, read by hand."""
import json
import re
import socket
import ssl
import time

from pair import PairError


class Stream:
    """GET of an event stream: `status`, and its events as they come."""

    def __init__(self, pair, query="", last_event_id=None, token=True, receive_buffer=None):
        context = ssl.create_default_context(cafile=str(pair.state_dir / "ipc_cert.pem"))
        plain = socket.socket()
        if receive_buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        plain.settimeout(20)
        plain.connect(("127.0.0.1", pair.ports[0]))
        self.socket = context.wrap_socket(plain, server_hostname="127.0.0.1")
        head = [f"GET /agent/events/stream{query} HTTP/1.1", "Host: 127.0.0.1"]
        if token:
            head.append(f"Authorization: Bearer {(pair.state_dir / 'auth_token').read_text().strip()}")
        if last_event_id is not None:
            head.append(f"Last-Event-ID: {last_event_id}")
        self.socket.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
        self.pending = b""
        self.ended = False
        while b"\r\n\r\n" not in self.pending and not self.ended:
            self._read()
        self.head, _, self.pending = self.pending.partition(b"\r\n\r\n")
        self.status = int(self.head.split()[1])

    def _read(self):
        try:
            piece = self.socket.recv(1 << 16)
        except (ssl.SSLError, ConnectionError):
            piece = b""
        self.ended = not piece
        self.pending += piece

    def next(self, timeout=15):
        """(name, data as JSON, id or None); None at the end of the stream."""
        end = time.monotonic() + timeout
        while True:
            block, found, rest = self.pending.partition(b"\n\n")
            if found:
                self.pending = rest
                fields = dict(re.findall(rb"^(\w+): ?(.*)$", block, re.MULTILINE))
                if b"data" in fields:
                    event_id = fields.get(b"id")
                    return (fields[b"event"].decode(), json.loads(fields[b"data"]),
                            event_id.decode() if event_id else None)
                continue
            if self.ended:
                return None
            if time.monotonic() > end:
                raise PairError(f"no event within {timeout} s")
            self._read()

    def take(self, count):
        return [self.next() for _ in range(count)]

    def close(self):
        self.socket.close()
