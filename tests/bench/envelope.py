# SPDX-License-Identifier: Apache-2.0
"""The design envelope of docs/fleet.md, measured: what 5,000 opens a second and a burst cost a host with the default
policy, and how many bytes an alert is.

    VEDETTE_BUILD=build python3 tests/bench/envelope.py [SECONDS]

Needs root, BPF, and tests/bench/workload. CPU time is that of the two processes; they watch whatever else runs, too.
"""
import gzip
import os
import pathlib
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from harness import make_state_dir  # noqa: E402
from pair import Pair, wait_for  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
RATE = 5000


def cpu_seconds(pair):
    """Of both processes, user and system."""
    total = 0
    for process in (pair.probe, pair.agent):
        fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def memory(process, key):
    for line in pathlib.Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1]) / 1024
    raise KeyError(key)


def workload(pair, *words):
    done = subprocess.run([str(pair.build_dir / "tests/bench/workload"), *map(str, words)], capture_output=True, text=True,
                          check=True, timeout=600)
    return done.stdout.strip().splitlines()[-1]


def lost(pair):
    metrics = pair.metrics()
    return sum(value for name, value in metrics.items() if "events_lost_total" in name or "missed_events" in name)


def phase(pair, name, seconds, act):
    before, started = cpu_seconds(pair), time.monotonic()
    said = act()
    took = max(time.monotonic() - started, seconds)
    time.sleep(0.5)
    used = cpu_seconds(pair) - before
    print(f"{name:32} {took:6.1f} s   CPU {used:6.2f} s = {100 * used / took:5.2f}% of a core   "
          f"lost {lost(pair):.0f}   {said}", flush=True)


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    pair = Pair(make_state_dir(), settings={"runtime_security_config.self_test.enabled": "false"})
    with pair:
        time.sleep(3)
        phase(pair, "idle", seconds, lambda: time.sleep(seconds) or "")
        phase(pair, f"{RATE} opens/s, no rule matches", seconds,
              lambda: workload(pair, "--rate", RATE, "opens", RATE * seconds))
        phase(pair, "burst of 3,000,000 opens", 0, lambda: workload(pair, "opens", 3000000))
        phase(pair, "10 execs/s", seconds, lambda: workload(pair, "--rate", 10, "execs", 10 * seconds))
        count = 8 * seconds
        before = len(pair.alerts())
        phase(pair, "8 alerts/s", seconds, lambda: workload(pair, "--rate", 8, "offend", count) and "")
        wait_for(lambda: len(pair.alerts()) - before >= count, 30, "every alert")
        lines = [line + b"\n" for line in pair.alerts_path.read_bytes().splitlines() if b"credential_shadow_read" in line]
        sizes = sorted(map(len, lines))
        packed = len(gzip.compress(b"".join(lines[:100]))) / min(len(lines), 100)
        print(f"alerts: {len(lines)}, bytes of one: median {sizes[len(sizes) // 2]}, largest {sizes[-1]}; "
              f"in gzip batches of 100: {packed:.0f}")
        for name, process in (("system-probe", pair.probe), ("security-agent", pair.agent)):
            print(f"{name}: {memory(process, 'Rss'):.1f} MiB RSS, {memory(process, 'Pss'):.1f} MiB PSS")
    shutil.rmtree(pair.state_dir, ignore_errors=True)


if __name__ == "__main__":
    main()
