# SPDX-License-Identifier: Apache-2.0
"""A command of security-agent in a pseudo-terminal, as a person would run it."""
import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

from pair import PairError


class Terminal:
    """`command` with a terminal as its standard input, output and error."""

    def __init__(self, command, rows=40, columns=120, environment=None):
        self.master, slave = pty.openpty()
        self.slave = slave
        self.resize(rows, columns)
        self.before = termios.tcgetattr(slave)
        self.seen = b""
        own = {**os.environ, "TERM": "xterm-256color", **(environment or {})}
        own.pop("NO_COLOR", None) if "NO_COLOR" not in (environment or {}) else None
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=own,
                                        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.master, keys)

    def read_more(self, seconds=0.1):
        if select.select([self.master], [], [], seconds)[0]:
            with contextlib.suppress(OSError):
                self.seen += os.read(self.master, 1 << 16)

    def wait_for(self, pattern, timeout=20):
        """The first match in what has been written so far; PairError after `timeout`."""
        end = time.monotonic() + timeout
        while True:
            found = re.search(pattern, self.seen, re.DOTALL)
            if found:
                return found
            if time.monotonic() > end:
                raise PairError(f"{pattern!r} not within {timeout} s in:\n{self.seen.decode(errors='replace')}")
            self.read_more()

    def wait_end(self, timeout=20):
        """Exit code, with all that was written in `seen`."""
        end = time.monotonic() + timeout
        while self.process.poll() is None:
            self.read_more()
            if time.monotonic() > end:
                raise PairError(f"still there after {timeout} s:\n{self.seen.decode(errors='replace')}")
        while select.select([self.master], [], [], 0.05)[0]:
            self.read_more()
        return self.process.returncode

    def is_restored(self):
        """The terminal's settings are as before the command."""
        return termios.tcgetattr(self.slave) == self.before

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


def plain(text):
    """Without colours."""
    return re.sub(rb"\x1b\[[0-9;]*m", b"", text)


def only_colours(text):
    """No escape sequence but colours, and no other control character but line ends."""
    return not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]", plain(text))
