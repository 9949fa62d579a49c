# SPDX-License-Identifier: Apache-2.0
"""What the parts of the benchmark share: figures by name, the workload, CPUs, the pair with a policy.

A figure is a name, its samples, a unit and which way is better. Everything that a part finds out is one, so that the
comparison of two runs, the gate and the page know nothing of the parts.
"""
import contextlib
import itertools
import math
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "support"))
from harness import UNLIMITED, make_state_dir  # noqa: E402
from pair import Pair, PairError, wait_for  # noqa: E402

BUILD = pathlib.Path(os.environ.get("VEDETTE_BUILD", TOP / "build"))
WORKLOAD = BUILD / "tests/bench/workload"
# Files of the workload: in memory, as no disk is what is measured.
MEMORY_DIR = pathlib.Path("/dev/shm")
NO_FILTERS = {"system_probe_config.kernel_filters": "false"}

_places = itertools.count()

EXEC_ONLY = """
rules:
  - {id: exec_only, expression: 'exec.file.name == "vedette-bench-nobody"'}
"""
NO_RULES = """
rules: []
"""


def summary(samples, unit, better="lower"):
    """The figure as it stands in the JSON."""
    values = [float(value) for value in samples]
    if not values or not all(map(math.isfinite, values)):
        raise ValueError(f"no figure: {samples}")
    return {"unit": unit, "better": better, "median": statistics.median(values), "min": min(values),
            "max": max(values), "samples": values}


def percentile(values, share):
    """The smallest value that at least this share (0..1) of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * share) - 1, 0)]


class Bench:
    """What a part is given: whether to hurry, where its figures go, and a line for who waits."""

    def __init__(self, quick=False, out=sys.stderr):
        self.quick = quick
        self.figures = {}
        self.errors = []
        self.out = out

    def add(self, name, samples, unit, better="lower"):
        samples = samples if isinstance(samples, (list, tuple)) else [samples]
        self.figures[name] = summary(samples, unit, better)

    def say(self, text):
        print(f"    {text}", file=self.out, flush=True)

    @contextlib.contextmanager
    def piece(self, name):
        """A piece of a part: when it fails, that is said and the next goes on."""
        try:
            yield
        except Exception as error:
            self.errors.append(f"{name}: {type(error).__name__}: {error}".splitlines()[0])
            traceback.print_exc(file=self.out)

    def scaled(self, count, quick=10):
        """`count`, or what is enough to see that it works."""
        return max(count // quick, 1) if self.quick else count


@contextlib.contextmanager
def on_cpus(cpus):
    """What is started inside runs on these CPUs (None: on any); we come back to ours."""
    before = os.sched_getaffinity(0)
    if cpus is not None:
        os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def pinning():
    """(CPUs of the workload, CPUs of the pair): a core each, where there are two."""
    cpus = sorted(os.sched_getaffinity(0))
    return ({cpus[0]}, {cpus[1]}) if len(cpus) > 1 else ({cpus[0]}, {cpus[0]})


def workload_command(command, count, rounds=1, rate=None, wait=False):
    words = [WORKLOAD, "--dir", MEMORY_DIR / f"vedette-bench.{os.getpid()}.{next(_places)}", "--rounds", rounds]
    words += ["--rate", rate] if rate else []
    words += ["--wait", 1] if wait else []
    return [str(word) for word in [*words, command, count]]


def facts_of(text):
    return {key: float(value) for key, value in re.findall(r"(\w+)=([\d.]+)", text)}


def workload(command, count, rounds=1, rate=None, cpus=None):
    """{"ops": .., "ns_per_op": .., "cpu_ns_per_op": ..} of tests/bench/workload"""
    with on_cpus(cpus):
        done = subprocess.run(workload_command(command, count, rounds, rate), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=300)
    if done.returncode:
        raise RuntimeError(f"workload {command} {count}: {done.stderr.strip()}")
    return facts_of(done.stdout + done.stderr)


class Orphan:
    """A program that was there before the pair, a child of process 1: in alerts it has a short ancestry, as programs
    on a server have, and not the command line of whoever started the benchmark. It waits until go()."""

    def __init__(self, command, cpus=None, **options):
        with on_cpus(cpus):
            self._process = subprocess.Popen(["setsid", "--fork", *command], stdin=subprocess.PIPE,
                                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
        self._process.wait()
        said = self._process.stdout.readline()
        if not said.startswith("waiting "):
            raise RuntimeError(f"{command}: {said + self._process.stdout.read()}")
        self.pid = int(said.split()[1])
        self._lines = []
        self._reader = threading.Thread(target=lambda: self._lines.extend(self._process.stdout), daemon=True)
        self._reader.start()

    def go(self):
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def output(self):
        """All it says until its end."""
        self._reader.join()
        return "".join(self._lines)

    def stop(self):
        """Ends it where it is, and returns what it said."""
        if self._reader.is_alive():
            os.kill(self.pid, signal.SIGTERM)
            # One that has not begun waits for its line, whatever signal comes.
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        return self.output()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.stdout.close()


def policy_of(rules):
    """A policy of so many rules as people write them; none matches the workload."""
    return subprocess.check_output([str(BUILD / "tests/bench/print_policy"), str(rules)], text=True)


@contextlib.contextmanager
def policy_dir(text):
    """A directory with this one policy, for anybody to read; None is the default policy's."""
    if text is None:
        yield None
        return
    path = make_state_dir()
    (path / "bench.policy").write_text(text)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def running(policy=None, cpus=None, probe_settings=None, agent_settings=None, agent_stdout=None):
    """The pair, ready, with this policy: its text, or a directory; None is the default one."""
    with contextlib.nullcontext(policy) if isinstance(policy, pathlib.Path) else policy_dir(policy) as directory:
        state = make_state_dir()
        pair = Pair(state, policies_dir=directory, probe_settings=probe_settings, agent_stdout=agent_stdout,
                    agent_settings={**UNLIMITED, "runtime_security_config.self_test.enabled": "false",
                                    **(agent_settings or {})}, build_dir=BUILD)
        try:
            with on_cpus(cpus):
                pair.start()
            try:
                yield pair
            except Exception:
                pair.check_alive()  # if one of them ended, that is the news
                raise
        finally:
            pair.stop()
            shutil.rmtree(state, ignore_errors=True)


def counts(pair):
    """{event type: {"seen", "delivered", "filtered", "lost"}}"""
    found = {}
    for row in pair.status()["probe"]["events"]:
        found[row["eventType"]] = {key: int(row.get(key, 0)) for key in ("seen", "delivered", "filtered", "discarded")}
        found[row["eventType"]]["lost"] = sum(int(number) for number in row.get("lost", {}).values())
    return found


def settled(pair, timeout=120):
    """counts(), once the agent has all but the last few (a host is never quite still)."""
    def caught_up():
        stream = pair.status()["probe"]["stream"]
        return int(stream["nextSequence"]) - int(stream.get("acknowledged", 0)) < 100 or None
    wait_for(caught_up, timeout, "the agent does not catch up", interval=0.1)
    return counts(pair)


def difference(after, before, key, kind=None):
    """How much a count grew, of one event type or of all."""
    kinds = [kind] if kind else after
    return sum(after.get(name, {}).get(key, 0) - before.get(name, {}).get(key, 0) for name in kinds)


def thread_cpu(pid):
    """{thread name: CPU seconds so far}, from the scheduler's own count in nanoseconds."""
    found = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):  # it has just ended
            name = (task / "comm").read_text().strip()
            used = int((task / "schedstat").read_text().split()[0]) / 1e9
            found[name] = found.get(name, 0.0) + used
    return found


def cpu_of(pair):
    """{"probe": {thread: s}, "agent": {thread: s}}"""
    return {"probe": thread_cpu(pair.probe.pid), "agent": thread_cpu(pair.agent.pid)}


def cpu_between(after, before):
    """The same shape, what was used in between."""
    return {name: {thread: used - before[name].get(thread, 0.0) for thread, used in threads.items()}
            for name, threads in after.items()}


def cpu_when_done(pair, timeout=60):
    """cpu_of(), once what was started is worked off. Asks the pair nothing: an answer takes it CPU time. A host that is
    never still keeps the pair at it; so the longer it takes, the more is taken for the host's."""
    begin = time.monotonic()
    last = cpu_of(pair)
    while time.monotonic() < begin + timeout:
        time.sleep(0.1)
        now = cpu_of(pair)
        used = sum(sum(threads.values()) for threads in cpu_between(now, last).values())
        if used < 0.002 * (1 + time.monotonic() - begin):
            return now
        last = now
    raise RuntimeError(f"the pair is still busy after {timeout} s")


def quiet_moment(seconds=0.3):
    """After a start: what the pair looks at then is not what is measured."""
    time.sleep(seconds)
