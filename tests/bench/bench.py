# SPDX-License-Identifier: Apache-2.0
"""`./dev bench` builds what is needed and starts this: runs the parts, writes the figures, compares them.

Each part is a file beside this one with run(bench). A part that fails is said and does not lose the others.
"""
import argparse
import datetime
import importlib
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import compare  # noqa: E402
import gate  # noqa: E402
from measure import BUILD, TOP, Bench  # noqa: E402

# In this order: what needs the quietest machine comes first.
PARTS = ["latency", "start", "tax", "cost", "throughput", "engine", "gate", "icount"]
FORMAT = 1


def output(*command):
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def first_match(pattern, path):
    found = re.search(pattern, pathlib.Path(path).read_text(), re.M)
    return found.group(1) if found else ""


def foreign_programs():
    """BPF programs that others have in the kernel now: they slow down both "off" and "on"."""
    programs = json.loads(output("bpftool", "-j", "prog", "show") or "[]")
    kinds = ("raw_tracepoint", "tracepoint", "tracing", "kprobe", "perf_event", "lsm", "raw_tracepoint_writable")
    return sum(1 for program in programs if program.get("type") in kinds)


def machine():
    """Without which the figures mean nothing."""
    return {"cpu": first_match(r"^model name\s*:\s*(.*)$", "/proc/cpuinfo") or platform.machine(),
            "cpus": len(os.sched_getaffinity(0)),
            "memory_mib": int(first_match(r"^MemTotal:\s*(\d+)", "/proc/meminfo")) // 1024,
            "kernel": platform.release(),
            "load": os.getloadavg()[0],
            "foreign_programs": foreign_programs()}


def source():
    git = ("git", "-C", str(TOP), "-c", "safe.directory=*")
    return {"commit": output(*git, "rev-parse", "--short=12", "HEAD"),
            "changed": bool(output(*git, "status", "--porcelain", "--untracked-files=no"))}


def build_options():
    wanted = ("buildtype", "optimization", "b_sanitize", "b_ndebug")
    options = json.loads(output("meson", "introspect", "--buildoptions", str(BUILD)) or "[]")
    return {option["name"]: option["value"] for option in options if option["name"] in wanted}


def run_part(name, quick):
    """{"seconds", "figures"} and, when something failed, "error"; what was found stays."""
    bench = Bench(quick)
    begin = time.monotonic()
    print(f"{name}:", file=sys.stderr, flush=True)
    with bench.piece(name):
        importlib.import_module(name).run(bench)
    part = {"error": "; ".join(bench.errors)} if bench.errors else {}
    part.update(source(), seconds=round(time.monotonic() - begin, 1), load=os.getloadavg()[0], figures=bench.figures)
    return part


def number(value):
    """Three or four digits that matter."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def print_figures(figures, out):
    for name, figure in figures.items():
        spread = "" if len(figure["samples"]) < 2 else f"  [{number(figure['min'])} .. {number(figure['max'])}]"
        print(f"  {name:58} {number(figure['median']):>10} {figure['unit']}{spread}", file=out)


def write(path, result):
    """All or nothing: a run of twenty minutes is not lost to a full disk half-way through the file."""
    part = pathlib.Path(f"{path}.part")
    part.write_text(json.dumps(result, indent=1) + "\n")
    part.replace(path)


def parse(arguments):
    parser = argparse.ArgumentParser(prog="./dev bench")
    parser.add_argument("--json", metavar="FILE", type=pathlib.Path)
    parser.add_argument("--merge", action="store_true")
    parser.add_argument("--compare", metavar="FILE", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", metavar="PART,...", default=",".join(PARTS))
    parser.add_argument("--gate", action="store_true")
    parser.add_argument("--set-limits", action="store_true")
    options = parser.parse_args(arguments)
    options.parts = [part for part in PARTS if part in options.only.split(",")]
    unknown = set(options.only.split(",")) - set(PARTS)
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}; known: {', '.join(PARTS)}")
    if options.json and not options.json.absolute().parent.is_dir():
        parser.error(f"--json: there is no directory {options.json.absolute().parent}")
    if options.merge and not options.json:
        parser.error("--merge is for the file that --json names")
    return options


def earlier_parts(path, result):
    """The parts of the file that this run does not measure anew: of the same machine, or the page would lie."""
    if not path.exists():
        return {}
    old = compare.read(path)
    for key in ("cpu", "cpus", "kernel"):
        if old["machine"][key] != result["machine"][key]:
            raise SystemExit(f"bench: --merge: {path} is of another machine: {key} is {old['machine'][key]} there")
    if old["quick"] != result["quick"]:
        raise SystemExit(f"bench: --merge: {path} was made {'with' if old['quick'] else 'without'} --quick")
    result["machine"]["load"] = old["machine"]["load"]  # before the first part; now it is the benchmark's own
    return old["parts"]


def main(arguments=None):
    options = parse(arguments)
    if options.gate:
        return gate.main(options.set_limits)
    old = compare.read(options.compare) if options.compare else None
    result = {"format": FORMAT, "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
              "quick": options.quick, "source": source(), "build": build_options(), "machine": machine(), "parts": {}}
    if options.merge:
        result["parts"] = earlier_parts(options.json, result)
    if result["machine"]["foreign_programs"]:
        print(f"bench: beware: {result['machine']['foreign_programs']} BPF programs of others are in this kernel",
              file=sys.stderr)
    for name in options.parts:
        result["parts"][name] = run_part(name, options.quick)
        print_figures(result["parts"][name]["figures"], sys.stdout)
        sys.stdout.flush()
        if options.json:
            write(options.json, result)
    if old:
        print(compare.text(old, result))
    failed = {name: part["error"] for name, part in result["parts"].items() if "error" in part}
    for name, error in failed.items():
        print(f"bench: {name} failed: {error}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
