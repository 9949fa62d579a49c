# SPDX-License-Identifier: Apache-2.0
"""From the offending system call until the alert's line can be read: file, exec and connect, beside other work.

The offender reads the agent's standard output itself (latency.c), one try at a time, at random intervals. Nothing is
pinned: this is what a host would see. Background is the mixed load of workload.c.
"""
import contextlib
import os
import subprocess
import typing

import measure

TRIES = 1000
MEAN_MS = 20
# Between two alerts on a machine that does nothing else: after a longer one less is left in the caches. Tries.
PAUSES_MS = {1: 1000, 3: 1000, 100: 200}
BACKGROUND = [0, 500, 5000]
# The first is a rule of the default policy.
MARKERS = {"file": "credential_shadow_read", "exec": "bench_latency_exec", "connect": "bench_latency_connect"}
POLICY = """
rules:
  - id: bench_latency_exec
    expression: exec.file.name == "latency" && exec.argv == "offender"
  - id: bench_latency_connect
    expression: connect.addr.port == 9 && process.file.name == "latency"
"""


class Case(typing.NamedTuple):
    kind: str
    rate: int  # operations a second beside it
    mean_ms: int
    tries: int
    name: str


def policy():
    """The default policy's rules and these."""
    text = (measure.TOP / "deploy/policies/default.policy").read_text()
    return text.rstrip() + "\n" + POLICY.split("rules:\n", 1)[1]


@contextlib.contextmanager
def background(rate):
    """The mixed load at so many operations a second."""
    if rate == 0:
        yield
        return
    process = subprocess.Popen(measure.workload_command("mixed", 10**6, rate=rate), stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def tries_of(text):
    """(microseconds of each try that was answered, number that was not)"""
    lines = text.split()
    return [int(line) / 1000 for line in lines if line.isdigit()], lines.count("lost")


def add(bench, name, microseconds, lost):
    for label, share in (("p50", 0.50), ("p90", 0.90), ("p99", 0.99), ("max", 1.0)):
        bench.add(f"latency.{name}.{label}", measure.percentile(microseconds, share), "us")
    bench.add(f"latency.{name}.lost", lost, "alerts")


def run(bench):
    cases = [Case(kind, rate, MEAN_MS, bench.scaled(TRIES), f"{kind}.{rate}") for rate in BACKGROUND for kind in MARKERS]
    cases += [Case("file", 0, pause, bench.scaled(tries), f"file.pause.{pause}") for pause, tries in PAUSES_MS.items()]
    read_end, write_end = os.pipe()
    with contextlib.ExitStack() as stack:
        # All of them are there before the pair: see measure.Orphan.
        offenders = {case: stack.enter_context(measure.Orphan(
            [str(measure.BUILD / "tests/bench/latency"), case.kind, str(case.tries), str(case.mean_ms), str(read_end),
             MARKERS[case.kind]], pass_fds=[read_end])) for case in cases}
        stack.callback(os.close, read_end)
        try:
            stack.enter_context(measure.running(policy(), agent_stdout=write_end))
        finally:
            os.close(write_end)
        measure.quiet_moment(2)
        for case in cases:
            with bench.piece(case.name), background(case.rate):
                measure.quiet_moment(0.5)
                offenders[case].go()
                found, lost = tries_of(offenders[case].output())
                add(bench, case.name, found, lost)
                bench.say(f"{case.kind} beside {case.rate} ops/s, every {case.mean_ms} ms: "
                          f"p50 {bench.figures[f'latency.{case.name}.p50']['median']:.0f} us, "
                          f"p99 {bench.figures[f'latency.{case.name}.p99']['median']:.0f} us")
