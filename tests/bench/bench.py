# SPDX-License-Identifier: Apache-2.0
"""Measures the pair on this kernel; `./dev bench` builds it and starts this."""
import argparse
import datetime
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from pair import Pair, PairError, rule_of, wait_for  # noqa: E402

BUILD = pathlib.Path(os.environ["VEDETTE_BUILD"])
TICKS = os.sysconf("SC_CLK_TCK")


def workload(*words):
    """(standard output, {"ops": .., "wall_s": ..}) of tests/bench/workload"""
    done = subprocess.run([str(BUILD / "tests/bench/workload"), *map(str, words)], capture_output=True, text=True,
                          check=True)
    facts = dict(re.findall(r"(\w+)=([\d.]+)", done.stdout + done.stderr))
    return done.stdout, {key: float(value) for key, value in facts.items()}


def cpu_seconds(process):
    """User and system time of a daemon so far."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss_mib(process):
    text = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s*(\d+)", text).group(1)) / 1024


def counts(pair):
    rows = pair.status()["probe"]["events"]
    return {row["eventType"]: (int(row.get("seen", 0)), int(row.get("delivered", 0)),
                               sum(int(n) for n in row.get("lost", {}).values())) for row in rows}


def settled(pair):
    """(seen, delivered, lost) by event type, once the agent has all but the last few (a host is never quite still)."""
    def caught_up():
        stream = pair.status()["probe"]["stream"]
        return int(stream["nextSequence"]) - int(stream.get("acknowledged", 0)) < 100 or None
    wait_for(caught_up, 120, "the agent does not catch up", interval=0.2)
    return counts(pair)


def nanoseconds(date):
    """RFC 3339 with nanoseconds, as alerts have it"""
    whole, _, fraction = date.rstrip("Z").partition(".")
    seconds = datetime.datetime.fromisoformat(whole + "+00:00").timestamp()
    return int(seconds) * 10**9 + int(fraction.ljust(9, "0")[:9])


def latency(pair, count):
    """Milliseconds from the system call until the line can be read, one at a time."""
    found = []
    for _ in range(count):
        size = pair.alerts_path.stat().st_size if pair.alerts_path.exists() else 0
        process = subprocess.Popen([str(BUILD / "tests/bench/workload"), "offend", "1"], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True)

        def line_is_there():
            return pair.alerts_path.exists() and pair.alerts_path.stat().st_size > size
        wait_for(line_is_there, 10, "the alert", interval=0.0002)
        now = time.time_ns()
        found.append((now - int(process.communicate()[0].split()[0])) / 1e6)
    return sorted(found)


def cost(pair, command, count, event):
    """One row of the table: workload with the pair running."""
    before, cpu = settled(pair), (cpu_seconds(pair.probe), cpu_seconds(pair.agent))
    _, facts = workload(command, count)
    after = settled(pair)
    probe, agent = cpu_seconds(pair.probe) - cpu[0], cpu_seconds(pair.agent) - cpu[1]
    seen = sum(row[0] for row in after.values()) - sum(row[0] for row in before.values())
    lost = sum(row[2] for row in after.values()) - sum(row[2] for row in before.values())
    return {"ns": facts["ns_per_op"], "ops": facts["ops_per_s"], "events": seen, "lost": lost,
            "probe": probe / max(seen, 1) * 1e6, "agent": agent / max(seen, 1) * 1e6, "event": event}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    scale = 10 if parser.parse_args().quick else 1
    plan = [("opens", 300000 // scale, "open"), ("execs", 20000 // scale, "exec"),
            ("connects", 100000 // scale, "connect"), ("mixed", 100000 // scale, "mixed")]
    # The better of two: what disturbs the first would make the watched run look cheap.
    bare = {command: min(workload(command, count)[1]["ns_per_op"] for _ in range(2)) for command, count, _ in plan}
    state = tempfile.mkdtemp(prefix="vedette-bench.", dir="/tmp")
    os.chmod(state, 0o755)
    unlimited = {"runtime_security_config.event_server.burst": 1000000,
                 "runtime_security_config.event_server.rate": 1000000}
    pair = Pair(state, agent_settings=unlimited)
    try:
        pair.start()
        values = latency(pair, 200 // scale)
        print(f"latency, system call to line: median {statistics.median(values):.2f} ms, "
              f"p99 {values[int(len(values) * 0.99)]:.2f} ms, worst {values[-1]:.2f} ms ({len(values)} tries)")
        first = next(alert for alert in pair.alerts() if rule_of(alert) == "credential_shadow_read")
        assert nanoseconds(first["date"]) < time.time_ns()
        print(f"{'workload':9} {'alone':>9} {'watched':>9} {'slower':>7} {'events':>8} {'lost':>6} "
              f"{'probe us/event':>15} {'agent us/event':>15}")
        for command, count, event in plan:
            row = cost(pair, command, count, event)
            print(f"{command:9} {bare[command] / 1000:6.2f} us {row['ns'] / 1000:6.2f} us "
                  f"{row['ns'] / bare[command]:6.2f}x {row['events']:8} {row['lost']:6} {row['probe']:15.2f} "
                  f"{row['agent']:15.2f}", flush=True)
        print(f"memory: probe {rss_mib(pair.probe):.0f} MiB, agent {rss_mib(pair.agent):.0f} MiB")
    except PairError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    finally:
        pair.stop()
        shutil.rmtree(state, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
