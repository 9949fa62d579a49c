# SPDX-License-Identifier: Apache-2.0
"""From exec of both binaries to "ready" and to the first alert; what a reload takes and whether anything slips through.

Ready is what the service manager is told (READY=1 on NOTIFY_SOCKET). The first detection is the first alert for a
/etc/shadow that is read every 2 ms from before the start on. During a reload of 1,000 rules the same read goes on at 500/s:
as many alerts as reads, or the kernel side was unattached for a while.
"""
import contextlib
import os
import pathlib
import select
import shutil
import socket
import subprocess
import threading
import time

import measure
from pair import RestClient

STARTS = 9
RELOADS = 9
RULES = 1000
PACE = 500

SHADOW_RULE = """  - id: bench_shadow
    expression: open.file.path == "/etc/shadow" && process.file.name == "workload"
"""


class NotifySocket:
    """What systemd listens on: when a daemon says READY=1."""

    def __init__(self, directory):
        self.path = pathlib.Path(directory) / "notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self.socket.bind(str(self.path))
        self.path.chmod(0o777)

    def ready_at(self, timeout=60):
        """time.monotonic() of the next READY=1"""
        end = time.monotonic() + timeout
        while select.select([self.socket], [], [], max(end - time.monotonic(), 0))[0]:
            if b"READY=1" in self.socket.recv(65536):
                return time.monotonic()
        raise RuntimeError(f"nobody said READY=1 within {timeout} s")


@contextlib.contextmanager
def environment(name, value):
    os.environ[name] = str(value)
    try:
        yield
    finally:
        del os.environ[name]


@contextlib.contextmanager
def paced_reads(count=10**6, rate=PACE):
    """The workload that reads /etc/shadow; ends with the block."""
    process = subprocess.Popen(measure.workload_command("offend", count, rate=rate), stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(process.stdout), daemon=True)
    reader.start()
    try:
        yield lines
    finally:
        process.terminate()
        process.wait()
        reader.join()


def first_line_at(descriptor, word, timeout=60):
    """time.monotonic() when a line with this word can be read"""
    end = time.monotonic() + timeout
    buffer = b""
    while select.select([descriptor], [], [], max(end - time.monotonic(), 0))[0]:
        buffer += os.read(descriptor, 65536)
        if word in buffer:
            return time.monotonic()
        buffer = buffer[buffer.rfind(b"\n") + 1:]
    raise RuntimeError(f"no line with {word} within {timeout} s")


def drain(descriptor):
    """Reads on, so that the agent is not held up."""
    with contextlib.suppress(OSError):
        while os.read(descriptor, 1 << 20):
            pass


def one_start():
    """Seconds until the probe's READY, the agent's READY, the first alert."""
    state = measure.make_state_dir()
    read_end, write_end = os.pipe()
    drainer = threading.Thread(target=drain, args=(read_end,), daemon=True)
    pair = measure.Pair(state, build_dir=measure.BUILD, agent_stdout=write_end, agent_settings=measure.UNLIMITED)
    try:
        pair.prepare()
        notify = NotifySocket(state)
        with paced_reads(), environment("NOTIFY_SOCKET", notify.path):
            time.sleep(0.05)
            begin = time.monotonic()
            pair.start_probe()
            pair.start_agent()
            os.close(write_end)
            write_end = None
            ready = sorted(notify.ready_at() - begin for _ in range(2))
            alert = first_line_at(read_end, b"credential_shadow_read") - begin
            drainer.start()
        return {"first_ready": ready[0], "both_ready": ready[1], "detection": alert}
    finally:
        pair.stop()
        if write_end is not None:
            os.close(write_end)
        if drainer.ident:
            drainer.join()
        os.close(read_end)
        shutil.rmtree(state, ignore_errors=True)


def starts(bench):
    rows = [one_start() for _ in range(3 if bench.quick else STARTS)]
    for name in rows[0]:
        bench.add(f"start.{name}", [row[name] for row in rows], "s")
    bench.say(f"start: first detection {bench.figures['start.detection']['median']:.2f} s")


def shadow_alerts(pair):
    return sum(1 for alert in pair.alerts() if alert["agent"]["rule_id"] == "bench_shadow")


def one_reload(bench, pair):
    """(seconds of the reload, alerts that should have been and are not)"""
    before = shadow_alerts(pair)
    with paced_reads() as reads:
        time.sleep(0.5)
        begin = time.monotonic()
        status, _, body = RestClient(pair.state_dir, pair.ports[0]).request("POST", "/agent/policies/reload")
        seconds = time.monotonic() - begin
        if status != 200:
            raise RuntimeError(f"reload: {status} {body}")
        time.sleep(0.5)
    with contextlib.suppress(Exception):
        measure.wait_for(lambda: shadow_alerts(pair) - before >= len(reads), 10, "alerts", interval=0.1)
    return seconds, len(reads), len(reads) - (shadow_alerts(pair) - before)


def reloads(bench):
    """Between two policies that both have the rule that is tried and otherwise 1,000 rules, or none but a few."""
    many = measure.policy_of(RULES) + SHADOW_RULE
    few = measure.policy_of(10) + SHADOW_RULE
    with measure.policy_dir(few) as directory:
        state = measure.make_state_dir()
        pair = measure.Pair(state, policies_dir=directory, build_dir=measure.BUILD,
                            agent_settings={**measure.UNLIMITED, "runtime_security_config.policies.watch_dir": "false"})
        try:
            pair.start()
            measure.quiet_moment(1)
            times, missed, tried = [], 0, 0
            for number in range(2 if bench.quick else RELOADS):
                (directory / "bench.policy").write_text(few if number % 2 else many)
                seconds, reads, lost = one_reload(bench, pair)
                if number % 2 == 0:
                    times.append(seconds)
                missed, tried = missed + lost, tried + reads
        finally:
            pair.stop()
            shutil.rmtree(state, ignore_errors=True)
    bench.add("reload.1000.seconds", times, "s")
    bench.add("reload.detections.tried", tried, "reads", "higher")
    bench.add("reload.detections.missed", missed, "alerts")
    bench.say(f"reload: {bench.figures['reload.1000.seconds']['median']:.2f} s, {missed} of {tried} missed")


def run(bench):
    starts(bench)
    reloads(bench)
