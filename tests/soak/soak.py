# SPDX-License-Identifier: Apache-2.0
"""What the pair must stand for hours, in minutes: see ./dev soak --help."""
import argparse
import contextlib
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from acts import binary  # noqa: E402
from harness import make_state_dir  # noqa: E402
from pair import Pair, PairError, wait_for  # noqa: E402

MIB = 1 << 20
# Of one process, anything included: caches at their bounds, rings mapped, gRPC's buffers, the allocator's slack.
MOST = 160 * MIB
# Between the second and the last quarter of the churn: what caches may still take.
GROWTH = 4 * MIB
SAMPLE_EVERY = 2.0
CGROUPS = pathlib.Path(next((line.split()[1] for line in open("/proc/mounts") if line.split()[2] == "cgroup2"), ""))


class Failure(Exception):
    """The pair did not stand it."""


def rollup(pid):
    """{"Rss": bytes, "Pss": bytes} of a process."""
    fields = (line.split() for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    return {name.rstrip(":"): int(value) * 1024 for name, value, *_ in fields if name in ("Rss:", "Pss:")}


class Memory:
    """Samples both processes in a thread."""

    def __init__(self, pair):
        self.pids = {"probe": pair.probe.pid, "agent": pair.agent.pid}
        self.samples = []  # (time, {name: Rss})
        self.peak = dict.fromkeys(self.pids, 0)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._ended.wait(SAMPLE_EVERY):
            with contextlib.suppress(OSError):
                now = {name: rollup(pid)["Rss"] for name, pid in self.pids.items()}
                self.samples.append((time.monotonic(), now))
                self.peak = {name: max(self.peak[name], size) for name, size in now.items()}

    def stop(self):
        self._ended.set()
        self._thread.join()

    def growth(self, begin, end):
        """Of each process, from the second to the last quarter of that time: bytes between the medians."""
        quarter = (end - begin) / 4

        def median(name, first, last):
            return statistics.median(size[name] for at, size in self.samples if first <= at <= last)
        return {name: median(name, end - quarter, end) - median(name, begin + quarter, begin + 2 * quarter)
                for name in self.pids}


def ledger(pair):
    """{event type: (seen, accounted for, lost)}"""
    rows = {}
    for row in pair.status()["probe"]["events"]:
        lost = sum(int(count) for count in row.get("lost", {}).values())
        known = sum(int(row.get(key, 0)) for key in ("filtered", "discarded", "delivered"))
        rows[row["eventType"]] = (int(row.get("seen", 0)), known + lost, lost)
    return rows


def check_ledger(pair):
    """Losses that the probe had in its own queue are not in the kernel's `seen`, but then in both of the others."""
    def balanced():
        rows = ledger(pair)
        return rows if all(seen <= known for seen, known, _ in rows.values()) else None
    try:
        rows = wait_for(balanced, 60, "every event that was seen is accounted for", interval=0.5)
    except PairError as error:
        wrong = {kind: row for kind, row in ledger(pair).items() if row[0] > row[1]}
        raise Failure(f"{error}: {wrong}") from None
    return {kind: lost for kind, (_, _, lost) in rows.items() if lost}


def run_act(*words):
    subprocess.run([str(binary()), *map(str, words)], check=True, stdout=subprocess.DEVNULL)


def processes(count):
    run_act("exec-burst", count, "/bin/true")


def cgroups(count):
    """A thousand at a time, each tenth with a process that was in it."""
    for begin in range(0, count, 1000):
        paths = [CGROUPS / f"vedette-soak-{number}" for number in range(begin, min(begin + 1000, count))]
        for path in paths:
            path.mkdir()
        for path in paths[::10]:
            subprocess.run(["sh", "-c", f"echo $$ > {path}/cgroup.procs; : < /etc/passwd"], check=True)
        for path in paths:
            wait_for(lambda path=path: remove(path), 10, f"{path} is empty", interval=0.001)


def remove(path):
    try:
        path.rmdir()
        return True
    except OSError:
        return False


def files(count, place):
    """Made, opened, renamed and removed."""
    for begin in range(0, count, 1000):
        names = [place / f"file-{number}" for number in range(begin, min(begin + 1000, count))]
        for name in names:
            name.touch()
        for name in names[::2]:
            name.rename(name.with_suffix(".moved"))
        for name in place.iterdir():
            name.unlink()


def connects(count):
    for _ in range(count):
        with socket.socket() as peer:
            peer.connect_ex(("127.0.0.1", 9))


def stops(pair, place):
    """A stopped agent lets the probe's queue fill, a stopped probe the kernel's rings."""
    for name, process, seconds in (("agent", pair.agent, 20), ("probe", pair.probe, 5)):
        process.send_signal(signal.SIGSTOP)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            run_act("open-many", place / "file", 20000)
            processes(100)
        process.send_signal(signal.SIGCONT)
        wait_for(lambda: responds(pair), 60, f"the {name} goes on")


def responds(pair):
    with contextlib.suppress(Exception):
        return pair.status()["runtimeSecurityStatus"]["connected"]
    return False


def churn(seconds, place, said):
    end = time.monotonic() + seconds
    rounds = 0
    while time.monotonic() < end:
        processes(100)
        run_act("open-many", place / "file", 5000)
        connects(200)
        files(500, place / "files")
        cgroups(50)
        rounds += 1
        if rounds % 50 == 0:
            said(f"churn: {rounds} rounds, {end - time.monotonic():.0f} s to go")
        time.sleep(0.05)
    return rounds


def said(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def soak(arguments):
    state = make_state_dir()
    place = state / "work"
    (place / "files").mkdir(parents=True)
    (place / "file").write_text("x")
    scale = arguments.scale / 100
    with Pair(state) as pair:
        memory = Memory(pair)
        for name, count, perform in (("processes", 100_000, processes), ("cgroups", 50_000, cgroups),
                                     ("files", 200_000, lambda count: files(count, place / "files"))):
            begin = time.monotonic()
            perform(int(count * scale))
            said(f"exhaustion: {int(count * scale)} {name} in {time.monotonic() - begin:.0f} s; lost "
                 f"{check_ledger(pair)}; memory {figures(memory.peak)}")
        stops(pair, place)
        said(f"stops: lost {check_ledger(pair)}; memory {figures(memory.peak)}")
        begin = time.monotonic()
        rounds = churn(arguments.minutes * 60, place, said)
        end = time.monotonic()
        growth = memory.growth(begin, end)
        memory.stop()
        lost = check_ledger(pair)
        resolver = pair.status()["probe"]["resolver"]
        said(f"churn: {rounds} rounds in {arguments.minutes} min; lost {lost}; growth {figures(growth)}; peak "
             f"{figures(memory.peak)}; process cache {figures({'now': int(resolver['bytes'])})}")
        status, _, body = pair.client.request("POST", "/agent/self-test")
        if status != 200 or '"Error":""' not in body:
            raise Failure(f"the self-test afterwards: {status} {body}")
        for name, size in memory.peak.items():
            if size > MOST:
                raise Failure(f"{name}: {size / MIB:.0f} MiB is more than {MOST / MIB:.0f}")
        for name, size in growth.items():
            if size > GROWTH:
                raise Failure(f"{name}: {size / MIB:.1f} MiB more at the end than after the first quarter")
    shutil.rmtree(state)
    said("passed")


def figures(sizes):
    return ", ".join(f"{name} {size / MIB:.1f} MiB" for name, size in sizes.items())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--scale", type=float, default=100, help="percent of the numbers of the exhaustion")
    try:
        soak(parser.parse_args())
    except Failure as failure:
        said(f"FAILED: {failure}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
