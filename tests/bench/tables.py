# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/performance.md, in Markdown, from the figures of a run and those of peers.

What was not measured is a dash: a run of some parts makes a page with gaps, not a wrong one.
"""
import json
import pathlib

import compare

HERE = pathlib.Path(__file__).resolve().parent
PEERS = json.loads((HERE / "peers.json").read_text())
GOALS = json.loads((HERE / "goals.json").read_text())
LOADS = {"getpids": "getppid", "opens": "open, close", "creates": "create, write, rename, unlink",
         "connects": "TCP connect", "execs": "fork, exec, exit", "mixed": "mixed", "build": "a compilation"}
POLICIES = ["none", "exec-only", "default", "default-unfiltered", "300", "1000"]
NOTHING = "-"
QUIET_LOAD = 0.7


def number(value):
    """Three digits that matter, thousands apart."""
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def shown(figures, name, factor=1.0, spread=True):
    """median [min..max]"""
    figure = figures.get(name)
    if figure is None:
        return NOTHING
    text = number(figure["median"] * factor)
    if spread and len(figure["samples"]) > 1:
        text += f" [{number(figure['min'] * factor)}..{number(figure['max'] * factor)}]"
    return text


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]) + "\n"


def machine(_figures, result, before):
    facts, build, source = result["machine"], result["build"], result["source"]
    rows = [("date", result["date"]), ("CPU", f"{facts['cpus']} x {facts['cpu']}"),
            ("memory", f"{facts['memory_mib']} MiB"), ("kernel", facts["kernel"]),
            ("load before the first part", number(facts["load"])),
            ("commit", source["commit"] + (" with changes" if source["changed"] else "")),
            ("build", ", ".join(f"{name} {value}" for name, value in build.items())),
            ("raw figures", f"`tests/bench/results/{result['file']}`")]
    if before:
        rows.append(("before is", f"`tests/bench/results/{before['file']}`, commit {before['source']['commit']}"))
    if facts["load"] > QUIET_LOAD:
        rows.append(("beware", "the machine was not quiet: times and rates say little, ratios not much more"))
    if facts.get("foreign_programs"):
        rows.append(("BPF programs of others", facts["foreign_programs"]))
    if result["quick"]:
        rows.append(("beware", "made with --quick: too few operations to rely on"))
    failed = [name for name, part in result["parts"].items() if "error" in part]
    if failed:
        rows.append(("parts that failed", ", ".join(failed)))
    return table(("", "of this run"), rows)


def verdict(goal, figures):
    figure = figures.get(goal["figure"])
    if figure is None:
        return NOTHING
    value = figure["median"]
    met = value <= goal["at_most"] if "at_most" in goal else value >= goal["at_least"]
    if not met and "lost" in goal and figures.get(goal["lost"], {}).get("median") == 0:
        return "nothing lost at all the producer makes"
    return "**met**" if met else "missed"


def limit(goal):
    value = goal.get("shown") or number(goal.get("at_most", goal.get("at_least")))
    return f"{'at most' if 'at_most' in goal else 'at least'} {value} {goal['unit']}"


def goals(figures, _result, before):
    head = ["goal", "limit", "measured", "", "Falco"]
    if before:
        head.insert(2, "before")
    rows = []
    for goal in GOALS:
        row = [goal["goal"], limit(goal), shown(figures, goal["figure"]), verdict(goal, figures), goal["falco"] or NOTHING]
        if before:
            row.insert(2, shown(compare.figures(before), goal["figure"], spread=False))
        rows.append(row)
    return table(head, rows)


def tax(figures, _result, _before):
    rows = [[name, *(shown(figures, f"tax.{policy}.{load}.ratio", spread=False) for policy in POLICIES),
             *(PEERS["tax"][peer].get(load, NOTHING) for peer in ("falco", "bpftrace", "auditd"))]
            for load, name in LOADS.items()]
    return table(["slower by", "no rules", "exec only", "default", "default, filters off", "300 rules", "1,000 rules",
                  "Falco", "bpftrace", "auditd"], rows)


def added(figures, _result, _before):
    rows = [[name, shown(figures, f"tax.default.{load}.off", 1e-3), shown(figures, f"tax.default.{load}.on", 1e-3),
             shown(figures, f"tax.default.{load}.added", 1e-3), shown(figures, f"tax.default.{load}.ratio"),
             number(PEERS["added_ns"]["falco"][load] / 1e3) if load in PEERS["added_ns"]["falco"] else NOTHING]
            for load, name in LOADS.items()]
    return table(["default policy, us", "off", "on", "added", "ratio", "Falco added"], rows)


def cost(figures, _result, _before):
    rows = []
    for load, name in LOADS.items():
        for kind, label in (("default", ""), ("unfiltered", ", filters off")):
            prefix = f"cost.{kind}.{load}"
            if f"{prefix}.cpu.both" in figures:
                rows.append([name + label, shown(figures, f"{prefix}.cpu.probe"), shown(figures, f"{prefix}.cpu.agent"),
                             shown(figures, f"{prefix}.cpu.both"), shown(figures, f"{prefix}.seen", spread=False),
                             shown(figures, f"{prefix}.delivered", spread=False),
                             shown(figures, f"{prefix}.cpu_per_seen", spread=False),
                             shown(figures, f"{prefix}.cpu_per_delivered", spread=False),
                             PEERS["cpu_us_per_op"]["falco"].get(load, NOTHING) if not label else NOTHING])
    rows.append(["alert", shown(figures, "cost.alert.cpu.probe"), shown(figures, "cost.alert.cpu.agent"),
                 shown(figures, "cost.alert.cpu.both"), *[NOTHING] * 4, "72"])
    return table(["CPU, us by operation", "probe", "agent", "both", "events seen", "delivered", "CPU s by million seen",
                  "by million delivered", "Falco"], rows)


def threads(figures, _result, _before):
    cells = {}
    for name in figures:
        parts = name.split(".", 5)
        if parts[:2] == ["cost", "default"] and parts[3] == "thread":
            cells.setdefault((parts[4], parts[5]), {})[parts[2]] = figures[name]["median"]
    loads = [load for load in LOADS if any(load in row for row in cells.values())]
    rows = [[f"{process}: {thread}", *(number(row[load]) if load in row else NOTHING for load in loads)]
            for (process, thread), row in sorted(cells.items(), key=lambda item: -max(item[1].values()))
            if max(row.values()) >= 0.05]
    return table(["thread, us by operation", *(LOADS[load] for load in loads)], rows)


def bpf(figures, _result, _before):
    rows = []
    for load, name in {"getpids": "getppid", **LOADS}.items():
        prefix = f"bpf.default.{load}"
        programs = sorted(other.removeprefix(f"{prefix}.program.") for other in figures
                          if other.startswith(f"{prefix}.program."))
        rows += [[name, f"`{program}`", shown(figures, f"{prefix}.program.{program}"),
                  shown(figures, f"{prefix}.runs.{program}")] for program in programs]
        if f"{prefix}.total" in figures:
            rows.append([name, "all", shown(figures, f"{prefix}.total") + " ns/op", ""])
    return table(["load", "program", "ns a run", "runs by operation"], rows)


def memory(figures, _result, _before):
    rows = [[label, *(shown(figures, f"memory.{moment}.{process}.{kind}") for process in ("probe", "agent", "both")
                      for kind in ("rss", "pss", "private"))]
            for moment, label in (("idle", "idle"), ("loaded", "after the loads and 20,000 alerts"),
                                  ("processes", "1,000 live processes"))]
    kernel = table(["in the kernel, MiB", "maps", "programs", "both"],
                   [["charged", *(f"{shown(figures, f'memory.kernel.{kind}')}"
                                  f" ({shown(figures, f'memory.kernel.{kind}.number')})" for kind in ("maps", "progs")),
                     shown(figures, "memory.kernel.total")]])
    return table(["MiB", "probe RSS", "PSS", "private", "agent RSS", "PSS", "private", "both RSS", "PSS", "private"],
                 rows) + "\n" + kernel


def throughput(figures, _result, _before):
    rows = [[LOADS[load], cores, shown(figures, f"throughput.{load}.{cores}.lossless"),
             shown(figures, f"throughput.{load}.{cores}.lossless_delivered"),
             shown(figures, f"throughput.{load}.{cores}.offered"),
             shown(figures, f"throughput.{load}.{cores}.lost_at_most")]
            for load in ("opens", "execs", "mixed") for cores in (1, 2)]
    return table(["load, filters off", "cores of the pair", "ops/s without loss", "events/s then", "most ops/s offered",
                  "events lost then"], rows)


def detections(figures, _result, _before):
    rows = [[number_of, *(shown(figures, f"detections.{kind}.{number_of}.{what}") for kind in ("filtered", "unfiltered")
                          for what in ("kept", "lost_opens", "lost_execs")),
             PEERS["detections"]["falco"].get(str(number_of), NOTHING)] for number_of in (1, 2, 4)]
    return table(["producers", "kept of 200", "opens lost", "execs lost", "filters off: kept", "opens lost", "execs lost",
                  "Falco kept"], rows)


def latency(figures, _result, _before):
    rows = []
    for rate in (0, 500, 5000):
        for kind in ("file", "exec", "connect"):
            name = f"latency.{kind}.{rate}"
            falco = PEERS["latency_us"]["falco"][str(rate)] if kind == "file" else None
            rows.append([kind, rate, *(shown(figures, f"{name}.{part}") for part in ("p50", "p90", "p99", "max", "lost")),
                         f"{falco[0]:,} / {falco[1]:,}" if falco else NOTHING])
    return table(["alert, us", "beside ops/s", "p50", "p90", "p99", "max", "lost", "Falco p50 / p99"], rows)


def pauses(figures, _result, _before):
    rows = [[pause, *(shown(figures, f"latency.{name}.{part}") for part in ("p50", "p90", "p99"))]
            for pause, name in ((1, "file.pause.1"), (3, "file.pause.3"), (20, "file.0"), (100, "file.pause.100"))]
    return table(["ms between two alerts", "p50", "p90", "p99"], rows)


def start(figures, _result, _before):
    return table(["", "s", "Falco"],
                 [["first of the two ready", shown(figures, "start.first_ready"), NOTHING],
                  ["both ready", shown(figures, "start.both_ready"), NOTHING],
                  ["first detection", shown(figures, "start.detection"), "2.03 [1.78..2.29]"],
                  ["reload of 1,000 rules", shown(figures, "reload.1000.seconds"), NOTHING],
                  ["detections missed in reloads, of those tried",
                   f"{shown(figures, 'reload.detections.missed')} of {shown(figures, 'reload.detections.tried')}",
                   NOTHING]])


def engine(figures, _result, _before):
    rows = [[f"{rules:,}", *(shown(figures, f"engine.{name}.{rules}", 1e-6) for name in
                             ("replay_opens", "open_no_match", "exec_no_match", "connect_no_match")),
             number(PEERS["engine_events_per_s"]["falco"].get(str(rules), 0) / 1e6)
             if str(rules) in PEERS["engine_events_per_s"]["falco"] else NOTHING]
            for rules in (0, 10, 25, 100, 300, 1000, 10000)]
    rows.append(["default policy", *(shown(figures, f"engine.{name}", 1e-6) for name in (
        "replay_opens_default", "open_without_match", "exec_without_match", "connect_without_match")), "0.756"])
    return table(["rules, million events/s", "opens replayed", "opens evaluated", "execs", "connects", "Falco, opens"],
                 rows)


def instructions(figures, _result, _before):
    rows = [[name.removeprefix("instructions."), shown(figures, name)] for name in figures
            if name.startswith("instructions.")]
    return table(["step", "instructions by operation"], rows)


def icount(figures, _result, _before):
    columns = [f"{backend}.{policy}" for backend in ("trampoline", "tracepoint") for policy in ("default", "exec-only")]
    rows = [[name, shown(figures, f"icount.off.{load}"),
             *(f"{shown(figures, f'icount.{column}.{load}')} ({shown(figures, f'icount.{column}.{load}.ratio')}x)"
               for column in columns)] for load, name in LOADS.items() if f"icount.off.{load}" in figures]
    return table(["instructions by operation", "off", "trampolines, default policy", "exec only",
                  "tracepoints, default policy", "exec only"], rows)


SECTIONS = {make.__name__: make for make in (machine, goals, tax, added, cost, threads, bpf, memory, throughput, detections,
                                             latency, pauses, start, engine, instructions, icount)}
