# SPDX-License-Identifier: Apache-2.0
"""The tax in instructions by operation, of both backends, in a virtual machine.

This machine's own kernel may have no trampolines. An emulated one has, and QEMU's -icount makes its clock count
instructions: a nanosecond of CPU time there is one instruction, so that the figures repeat where times would not.
"""
import json
import subprocess

import measure

BACKENDS = ["trampoline", "tracepoint"]
KERNEL = "6.1"
LIMIT_SECONDS = 900


def boot(backends):
    """What icount_guest.py printed."""
    done = subprocess.run([str(measure.TOP / "tests/support/vm/vm-run"), "-c", "-k", KERNEL, "-t", str(LIMIT_SECONDS),
                           "env", f"VEDETTE_BUILD={measure.BUILD}", "/usr/bin/python3",
                           str(measure.HERE / "icount_guest.py"), *backends],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise RuntimeError(f"the virtual machine: exit code {done.returncode}: {(done.stdout + done.stderr)[-3000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def add(bench, found):
    for load, alone in found["off"].items():
        again = found["off again"][load]
        bench.add(f"icount.off.{load}", [alone, again], "instructions/op")
        for name, loads in found.items():
            if name not in ("off", "off again", "backends"):
                bench.add(f"icount.{name}.{load}", loads[load], "instructions/op")
                bench.add(f"icount.{name}.{load}.ratio", loads[load] / ((alone + again) / 2), "x")


def run(bench):
    found = boot(BACKENDS[:1] if bench.quick else BACKENDS)
    add(bench, found)
    for name, attached in found["backends"].items():
        bench.say(f"{name}: " + ", ".join(f"{kind} {backend}" for kind, backend in attached.items()))
