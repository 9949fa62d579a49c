# SPDX-License-Identifier: Apache-2.0
"""From exec of both binaries to "ready" and to the first alert; what a reload takes and whether anything slips through.

Ready is what the service manager is told (READY=1 on NOTIFY_SOCKET). The first detection is the first alert for a
/etc/shadow that is read every 2 ms from before the start on. A reload is over when the engine says that the new rules
are in force. Meanwhile the same reads go on: as many alerts as reads, or the kernel side was unattached for a while.
"""
import contextlib
import os
import pathlib
import re
import select
import shutil
import socket
import threading
import time

import measure

STARTS = 9
RELOADS = 9
RULES = 1000
PACE = 500
READS_OF_RELOAD = 1000

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


def reader_of_shadow(count=10**6):
    """The workload that reads /etc/shadow at a steady pace, once it is told to."""
    return measure.Orphan(measure.workload_command("offend", count, rate=PACE, wait=True))


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
        with reader_of_shadow() as offender, environment("NOTIFY_SOCKET", notify.path):
            offender.go()
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


def rule_sets(pair):
    """How often rules came into force: the engine says so in a line of its own."""
    return pair.alerts_path.read_bytes().count(b'"ruleset_loaded"')


def shadow_alerts(pair, pid):
    return sum(1 for alert in pair.alerts()
               if alert["agent"]["rule_id"] == "bench_shadow" and alert["process"]["pid"] == pid)


def one_reload(pair, offender):
    """(seconds until the new rules are in force, reads that were tried, alerts that are not there)"""
    offender.go()
    time.sleep(0.5)
    before = rule_sets(pair)
    begin = time.monotonic()
    status, _, body = pair.client.request("POST", "/agent/policies/reload")
    if status != 200:
        raise RuntimeError(f"reload: {status} {body}")
    measure.wait_for(lambda: rule_sets(pair) > before, 30, "the new rules in force", interval=0.002)
    seconds = time.monotonic() - begin
    reads = len(re.findall(r"^\d+$", offender.output(), re.M))
    with contextlib.suppress(measure.PairError):
        measure.wait_for(lambda: shadow_alerts(pair, offender.pid) >= reads, 10, "alerts", interval=0.1)
    return seconds, reads, reads - shadow_alerts(pair, offender.pid)


def reloads(bench):
    """Back and forth between 1,000 rules and ten; both policies have the rule that is tried."""
    many = measure.policy_of(RULES) + SHADOW_RULE
    few = measure.policy_of(10) + SHADOW_RULE
    number = 3 if bench.quick else RELOADS
    with contextlib.ExitStack() as stack:
        offenders = [stack.enter_context(reader_of_shadow(READS_OF_RELOAD)) for _ in range(number)]
        directory = stack.enter_context(measure.policy_dir(few))
        pair = stack.enter_context(measure.running(directory, agent_settings={
            "runtime_security_config.policies.watch_dir": "false"}))
        measure.quiet_moment(1)
        times, missed, tried = [], 0, 0
        for turn, offender in enumerate(offenders):
            (directory / "bench.policy").write_text(few if turn % 2 else many)
            seconds, reads, lost = one_reload(pair, offender)
            if turn % 2 == 0:
                times.append(seconds)
            missed, tried = missed + lost, tried + reads
    bench.add("reload.1000.seconds", times, "s")
    bench.add("reload.detections.tried", tried, "reads", "higher")
    bench.add("reload.detections.missed", missed, "alerts")
    bench.say(f"reload: {bench.figures['reload.1000.seconds']['median']:.2f} s, {missed} of {tried} missed")


def run(bench):
    with bench.piece("starts"):
        starts(bench)
    with bench.piece("reloads"):
        reloads(bench)
