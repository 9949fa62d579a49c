# SPDX-License-Identifier: Apache-2.0
"""Instructions of decode, resolve, encode, parse, evaluate and of an alert, under callgrind, against limits.

Instructions, unlike times, are the same on a busy machine and on another one, so a limit can be tight and CI can hold it:
tests/bench/limits.json, with 3 % to either side. What becomes cheaper by more must lower its limit, or the gain could be
lost again without anybody noticing.

The programs are built with the tests (tests/bench/*_steps.cpp) and have their input in them. What could differ between
hosts is shut out: the environment is empty, and the C library is told of no vector instructions beyond those that every
x86_64 has, so that it chooses the same memcpy everywhere.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import measure

LIMITS = measure.HERE / "limits.json"
PROGRAMS = ["probe_steps", "engine_steps"]
TOLERANCE = 0.03
BASELINE_CPU = "glibc.cpu.hwcaps=-AVX,-AVX2,-BMI1,-BMI2,-ERMS,-FMA,-FSRM,-LZCNT,-MOVBE,-SSE4_1,-SSE4_2,-SSSE3,-XSAVEC"


def wrong_build(build=None):
    """Why the limits say nothing of this build; "" when they hold: they are of the ordinary one, as the tests run it."""
    path = pathlib.Path(build or measure.BUILD) / "meson-info/intro-buildoptions.json"
    options = {option["name"]: option["value"] for option in json.loads(path.read_text())}
    wanted = {"buildtype": "debugoptimized", "optimization": "2", "b_sanitize": "none", "b_lto": False}
    other = [f"{name} is {options.get(name)}" for name, value in wanted.items() if options.get(name) != value]
    return ", ".join(other)


class GateError(Exception):
    """Cannot be measured here; the message says what to do."""


def read_dumps(directory):
    """{step: instructions} of the files that callgrind wrote"""
    found = {}
    for path in pathlib.Path(directory).glob("callgrind.*"):
        text = path.read_text(errors="replace")
        name = re.search(r"^desc: Trigger: Client Request: (.+)$", text, re.M)
        total = re.search(r"^totals: (\d+)$", text, re.M)
        if name and total:
            found[name.group(1)] = int(total.group(1))
    return found


def run_program(program):
    """{step: instructions by event}"""
    path = measure.BUILD / "tests/bench" / program
    if not path.exists():
        raise GateError(f"{path} is missing: install valgrind (./dev deps bench) and configure the build again")
    with tempfile.TemporaryDirectory(prefix="vedette-gate.") as directory:
        done = subprocess.run(["valgrind", "--tool=callgrind", "--instr-atstart=no", "--collect-atstart=no",
                               f"--callgrind-out-file={directory}/callgrind", str(path)],
                              env={"PATH": "/usr/bin:/bin", "GLIBC_TUNABLES": BASELINE_CPU}, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=600, cwd="/")
        if done.returncode:
            raise GateError(f"{program}: exit code {done.returncode}: {done.stderr.strip()[-2000:]}")
        totals = read_dumps(directory)
    events = {name: int(count) for name, count in re.findall(r"^(\S+) (\d+)$", done.stdout, re.M)}
    if not events or events.keys() != totals.keys():
        raise GateError(f"{program}: steps {sorted(events)}, but callgrind counted {sorted(totals)}")
    return {name: totals[name] / count for name, count in events.items()}


def instructions():
    """{step: instructions by event} of all programs"""
    return {name: count for program in PROGRAMS for name, count in run_program(program).items()}


def problems(found, limits, tolerance=TOLERANCE):
    """What is off, one line each; empty: nothing."""
    said = []
    for name in sorted(found.keys() | limits.keys()):
        if name not in limits:
            said.append(f"{name}: {found[name]:.0f} instructions, and no limit for it")
        elif name not in found:
            said.append(f"{name}: has a limit and is not measured")
        elif found[name] > limits[name] * (1 + tolerance):
            said.append(f"{name}: {found[name]:.0f} instructions, {found[name] / limits[name] - 1:.1%} over its limit of "
                        f"{limits[name]:.0f}")
        elif found[name] < limits[name] * (1 - tolerance):
            said.append(f"{name}: {found[name]:.0f} instructions, {1 - found[name] / limits[name]:.1%} under its limit of "
                        f"{limits[name]:.0f}: lower it, so that it stays so")
    return said


def table(found, limits):
    lines = [f"{'step':26} {'instructions/event':>18} {'limit':>9} {'':>7}"]
    for name, count in found.items():
        limit = limits.get(name)
        lines.append(f"{name:26} {count:18.1f} " + (f"{limit:9.0f} {count / limit - 1:+7.2%}" if limit else "     none"))
    return "\n".join(lines)


def read_limits(path=LIMITS):
    return json.loads(pathlib.Path(path).read_text())


def write_limits(found, path=LIMITS):
    """Whole numbers: a tenth of an instruction is no limit."""
    limits = {name: round(count) for name, count in found.items()}
    pathlib.Path(path).write_text(json.dumps(limits, indent=2) + "\n")


def main(set_limits=False):
    """`./dev bench --gate`: 0 when all is within the limits."""
    other = wrong_build()
    if other:
        print(f"bench: the limits are those of an ordinary build; in this one {other}", file=sys.stderr)
        return 1
    try:
        found = instructions()
    except GateError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    if set_limits:
        write_limits(found)
        print(f"bench: wrote {LIMITS}", file=sys.stderr)
    limits = read_limits()
    print(table(found, limits))
    said = problems(found, limits)
    for line in said:
        print(f"bench: {line}", file=sys.stderr)
    if said:
        print(f"bench: when this is meant, ./dev bench --gate --set-limits writes {LIMITS.relative_to(measure.TOP)}",
              file=sys.stderr)
    return 1 if said else 0


def run(bench):
    """The figures alone: an optimised build, which the benchmark measures, has other numbers than the tests' build."""
    for name, count in instructions().items():
        bench.add(f"instructions.{name}", count, "instructions/event")
