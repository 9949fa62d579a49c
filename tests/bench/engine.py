# SPDX-License-Identifier: Apache-2.0
"""The rule engine alone, on one core: events a second as rules grow, evaluated and replayed from the wire."""
import json
import subprocess

import measure

REPETITIONS = 5
SECONDS = 0.2


def google_benchmark(program, seconds, repetitions, pattern, cpus):
    """[(name, {"real_time", "items_per_second", ...}), ...] of each repetition"""
    with measure.on_cpus(cpus):
        done = subprocess.run([str(measure.BUILD / "tests/bench" / program), "--benchmark_format=json",
                               f"--benchmark_min_time={seconds}", f"--benchmark_repetitions={repetitions}",
                               "--benchmark_report_aggregates_only=false", f"--benchmark_filter={pattern}"],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=600)
    if done.returncode:
        raise RuntimeError(f"{program}: exit code {done.returncode}: {done.stderr.strip()[-1000:]}")
    rows = json.loads(done.stdout)["benchmarks"]
    for row in rows:
        if row.get("error_occurred"):
            raise RuntimeError(f"{program}: {row['name']}: {row['error_message']}")
    return [(row["run_name"], row) for row in rows if row.get("run_type", "iteration") == "iteration"]


def run(bench):
    cpus, _ = measure.pinning()
    seconds, repetitions = (0.02, 1) if bench.quick else (SECONDS, REPETITIONS)
    found = {}
    for program in ("rules_bench", "engine_bench"):
        for name, row in google_benchmark(program, seconds, repetitions, "-^compile", cpus):
            found.setdefault(name.replace("/", "."), []).append(row["items_per_second"])
    for name, row in google_benchmark("rules_bench", seconds, 1 if bench.quick else 3, "^compile", cpus):
        bench.add(f"engine.{name.replace('/', '.')}", row["real_time"], f"{row['time_unit']}")
        bench.add(f"engine.{name.replace('/', '.')}.memory", row["MiB"], "MiB")
    for name, rates in found.items():
        bench.add(f"engine.{name}", rates, "events/s", "higher")
