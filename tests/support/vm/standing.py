# SPDX-License-Identifier: Apache-2.0
"""For programs that run in a virtual machine with a time limit: where they stand when they are late.

The limit ends the whole machine, and nothing is known of it but what was printed. So shortly before, everything is told
that can say who waits for what: our own stack, what each process of the pair does in the kernel, the ends of their logs.
"""
import faulthandler
import pathlib
import sys
import threading
import time

NAMES = ("system-probe", "security-agent")


def _processes():
    for directory in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if (directory / "exe").readlink().name in NAMES:
                yield directory
        except OSError:
            continue


def _say(what, path):
    try:
        print(f"--- {what}\n{path.read_text(errors='replace')[-3000:].rstrip()}", file=sys.stderr)
    except OSError as error:
        print(f"--- {what}: {error}", file=sys.stderr)


def tell(state):
    """All of it, on stderr. `state`: the directory of the pair."""
    print("--- late; this program stands here", file=sys.stderr, flush=True)
    faulthandler.dump_traceback(sys.stderr)
    for process in _processes():
        for thread in sorted((process / "task").iterdir()):
            try:
                name = (thread / "comm").read_text().strip()
            except OSError:
                continue
            _say(f"{process.name} {name}: stack in the kernel", thread / "stack")
    for name in NAMES:
        _say(f"end of {name}.log", pathlib.Path(state) / "logs" / f"{name}.log")
    for what in ("loadavg", "meminfo"):
        _say(what, pathlib.Path("/proc") / what)
    sys.stderr.flush()


def tell_when_late(state, limit):
    """tell() half a minute before `limit`, the machine's time limit in seconds, if this program is still there."""
    # The clock began when the kernel did.
    timer = threading.Timer(max(limit - 30 - time.monotonic(), 0), tell, [state])
    timer.daemon = True
    timer.start()
