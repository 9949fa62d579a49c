# SPDX-License-Identifier: Apache-2.0
"""What the pair itself takes: CPU by event, by operation and by thread; BPF time by program; memory.

CPU is the scheduler's count of each thread, in nanoseconds. BPF time is the kernel's own (BPF_ENABLE_STATS), of a run of
its own, because counting it costs time too. The operations run as fast as they can, on a CPU that the pair does not use.
"""
import contextlib
import pathlib
import re
import subprocess
import time

import measure

# load -> (operations, the event type that an operation is)
LOADS = {"opens": (200000, "open"), "creates": (20000, "open"), "connects": (20000, "connect"), "execs": (3000, "exec"),
         "mixed": (20000, None)}
RUNS = 3
ALERTS, ALERT_RUNS, ALERT_RATE = 4000, 5, 2000
IDLE_SECONDS = 10
LIVE_PROCESSES = 1000
# What a start needs for a moment has been given back then.
SETTLED = 15


def sum_of(threads):
    return sum(threads.values())


def cpu_of_load(bench, pair, name, load, cpus):
    """Figures of one load, several times over."""
    count, kind = LOADS[load]
    count = bench.scaled(count)
    rows = []
    for _ in range(1 if bench.quick else RUNS):
        before, cpu = measure.settled(pair), measure.cpu_of(pair)
        ops = measure.workload(load, count, cpus=cpus)["ops"]
        used = measure.cpu_between(measure.cpu_when_done(pair), cpu)
        rows.append((ops, measure.settled(pair), before, used))
    prefix = f"cost.{name}.{load}"
    for process in ("probe", "agent"):
        bench.add(f"{prefix}.cpu.{process}", [sum_of(cpu[process]) / ops * 1e6 for ops, _, _, cpu in rows], "us/op")
        for thread in sorted({thread for *_, cpu in rows for thread in cpu[process]}):
            used = [cpu[process].get(thread, 0.0) / ops * 1e6 for ops, _, _, cpu in rows]
            if max(used) > 0.001:
                bench.add(f"{prefix}.thread.{process}.{thread}", used, "us/op")
    total = [sum_of(cpu["probe"]) + sum_of(cpu["agent"]) for *_, cpu in rows]
    bench.add(f"{prefix}.cpu.both", [used / row[0] * 1e6 for used, row in zip(total, rows)], "us/op")
    for what in ("seen", "delivered"):
        events = [measure.difference(after, before, what) for _, after, before, _ in rows]
        bench.add(f"{prefix}.{what}", [number / row[0] for number, row in zip(events, rows)], "events/op")
        if min(events) > count // 10:  # otherwise the events are somebody else's
            bench.add(f"{prefix}.cpu_per_{what}", [used / number * 1e6 for used, number in zip(total, events)],
                      "us/event")
    lost = [measure.difference(after, before, "lost", kind) for _, after, before, _ in rows]
    bench.add(f"{prefix}.lost", lost, "events")
    bench.say(f"{name} {load}: both {bench.figures[f'{prefix}.cpu.both']['median']:.2f} us/op")


def program_costs(pair):
    """{program: (runs, ns)}"""
    costs = pair.status()["probe"].get("costs", {})
    if not costs.get("counted"):
        raise RuntimeError(f"the kernel counts no BPF time: {costs.get('problem')}")
    return {row["name"]: (int(row.get("runs", 0)), int(row.get("runNs", 0))) for row in costs["programs"]}


def bpf_time(bench, policy_name, policy, pair_cpus, cpus):
    loads = {"getpids": 300000, **{load: count for load, (count, _) in LOADS.items()}}
    with measure.running(policy, pair_cpus, {"system_probe_config.bpf_stats": "true"}) as pair:
        measure.quiet_moment()
        for load, count in loads.items():
            before = program_costs(pair)
            ops = measure.workload(load, bench.scaled(count), cpus=cpus)["ops"]
            after = program_costs(pair)
            used = {name: (runs - before.get(name, (0, 0))[0], ns - before.get(name, (0, 0))[1])
                    for name, (runs, ns) in after.items()}
            bench.add(f"bpf.{policy_name}.{load}.total", sum(ns for _, ns in used.values()) / ops, "ns/op")
            for name, (runs, ns) in used.items():
                if runs > ops / 100:
                    bench.add(f"bpf.{policy_name}.{load}.program.{name}", ns / runs, "ns/run")
                    bench.add(f"bpf.{policy_name}.{load}.runs.{name}", runs / ops, "runs/op")


def rollup(pid):
    """{"Rss": bytes, "Pss": .., "Private": ..} of a process"""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = {name: int(size) * 1024 for name, size in re.findall(r"^(\w+):\s+(\d+) kB", text, re.M)}
    return {"rss": found["Rss"], "pss": found["Pss"], "private": found["Private_Clean"] + found["Private_Dirty"]}


def memory(bench, pair, moment):
    both = {"rss": 0, "pss": 0, "private": 0}
    for name, process in (("probe", pair.probe), ("agent", pair.agent)):
        for kind, size in rollup(process.pid).items():
            bench.add(f"memory.{moment}.{name}.{kind}", size / 2**20, "MiB")
            both[kind] += size
    for kind, size in both.items():
        bench.add(f"memory.{moment}.both.{kind}", size / 2**20, "MiB")


def kernel_memory(bench, pair):
    """What maps and programs are charged for, by the probe's descriptors of them."""
    sizes = {"map": {}, "prog": {}}
    for info in pathlib.Path(f"/proc/{pair.probe.pid}/fdinfo").iterdir():
        with contextlib.suppress(OSError):
            fields = dict(re.findall(r"^(\w+):\s+(\d+)$", info.read_text(), re.M))
            for kind, known in sizes.items():
                if f"{kind}_id" in fields and "memlock" in fields:  # a link names its program too
                    known[fields[f"{kind}_id"]] = int(fields["memlock"])
    for kind, known in sizes.items():
        bench.add(f"memory.kernel.{kind}s", sum(known.values()) / 2**20, "MiB")
        bench.add(f"memory.kernel.{kind}s.number", len(known), "objects")
    bench.add("memory.kernel.total", sum(sum(known.values()) for known in sizes.values()) / 2**20, "MiB")


@contextlib.contextmanager
def live_processes(count):
    """So many processes that do nothing but exist."""
    holder = subprocess.Popen(measure.workload_command("hold", count), stdout=subprocess.PIPE, text=True)
    try:
        if holder.stdout.readline().strip() != "holding":
            raise RuntimeError(f"{count} processes could not be started")
        yield
    finally:
        holder.terminate()
        holder.wait()


def idle(bench, pair):
    """Share of a core that the pair takes while little happens; what the host does meanwhile is said beside it."""
    seconds = bench.scaled(IDLE_SECONDS, 5)
    before, cpu = measure.counts(pair), measure.cpu_of(pair)
    begin = time.monotonic()
    time.sleep(seconds)
    used = measure.cpu_between(measure.cpu_of(pair), cpu)
    passed = time.monotonic() - begin
    delivered = measure.difference(measure.counts(pair), before, "delivered")
    bench.add("cost.idle.cpu", sum(map(sum_of, used.values())) / passed * 100, "% of a core")
    bench.add("cost.idle.delivered", delivered / passed, "events/s")


def one_run_of_alerts(pair, offender):
    """({process: us}, alerts, bytes): CPU of an alert, each operation of the offender is one"""
    before, cpu = pair.alerts_path.stat().st_size, measure.cpu_of(pair)
    offender.go()
    offender.output()
    used = measure.cpu_between(measure.cpu_when_done(pair), cpu)
    with pair.alerts_path.open("rb") as file:
        file.seek(before)
        written = file.read()
    # The agent's own lines are about no policy; those of alerts say it more than once.
    count = sum(b'"policy_name":' in line for line in written.split(b"\n"))
    if count == 0:
        raise RuntimeError("no alert came")
    return {process: sum_of(threads) / count * 1e6 for process, threads in used.items()}, count, len(written)


def alerts(bench, pair, offenders, count):
    runs = [one_run_of_alerts(pair, offender) for offender in offenders]
    for process in runs[0][0]:
        bench.add(f"cost.alert.cpu.{process}", [used[process] for used, _, _ in runs], "us/alert")
    bench.add("cost.alert.cpu.both", [sum(used.values()) for used, _, _ in runs], "us/alert")
    bench.add("cost.alert.missing", sum(max(count - written, 0) for _, written, _ in runs), "alerts")
    bench.add("cost.alert.bytes", sum(size for _, _, size in runs) / sum(written for _, written, _ in runs),
              "bytes/alert")


def cpu_of_loads(bench, pair, name, cpus):
    for load in LOADS:
        with bench.piece(f"{name} {load}"):
            cpu_of_load(bench, pair, name, load, cpus)


def run(bench):
    cpus, pair_cpus = measure.pinning()
    count = bench.scaled(ALERTS)
    offend = measure.workload_command("offend", count, rate=ALERT_RATE, wait=True)
    with bench.piece("default"), contextlib.ExitStack() as stack:
        offenders = [stack.enter_context(measure.Orphan(offend, cpus)) for _ in range(ALERT_RUNS)]
        pair = stack.enter_context(measure.running(None, pair_cpus))
        measure.quiet_moment(SETTLED)
        idle(bench, pair)
        memory(bench, pair, "idle")
        kernel_memory(bench, pair)
        cpu_of_loads(bench, pair, "default", cpus)
        alerts(bench, pair, offenders, count)
        memory(bench, pair, "loaded")
    with (bench.piece("live processes"), live_processes(bench.scaled(LIVE_PROCESSES)),
          measure.running(None, pair_cpus) as pair):
        measure.quiet_moment(SETTLED)
        memory(bench, pair, "processes")
    with bench.piece("unfiltered"), measure.running(None, pair_cpus, measure.NO_FILTERS) as pair:
        measure.quiet_moment()
        cpu_of_loads(bench, pair, "unfiltered", cpus)
    for name, policy in (("default", None), ("exec-only", measure.EXEC_ONLY)):
        with bench.piece(f"BPF time, {name}"):
            bpf_time(bench, name, policy, pair_cpus, cpus)
