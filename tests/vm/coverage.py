# SPDX-License-Identifier: Apache-2.0
"""What `system-probe check` says of kernels: docs/reference/coverage.md on standard output, from tests/data/coverage.

coverage.py --capture KERNEL...   writes tests/data/coverage/KERNEL.json instead: of a virtual machine, or `native`
"""
import json
import os
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
DATA = TOP / "tests/data/coverage"
KERNELS = ["native", "5.10", "6.1", "6.12", "6.18", "7.3"]

HEAD = """# What is seen on which kernel

<!-- Made by ./dev doc from tests/data/coverage: do not edit. -->

Each event type by each way in that a process can take: the system calls of 64-bit and 32-bit programs (on x86 also
`int 0x80` in any program), io_uring, `open_by_handle_at`. **T** is seen by trampolines (the kernel's own objects), **t** by
tracepoints, **-** is not seen. The first column is a kernel that refuses trampolines and has no modules and no SELinux; the
others are Debian's. `tests/vm` compares this page with what `system-probe check --json` says on each; `system-probe check`
prints the same of the host it runs on, with what is weaker.
"""


def capture(kernel, build):
    """What matters of `check --json` there; reasons without the kernel's full name."""
    command = [str(pathlib.Path(build) / "system-probe/system-probe"), "check", "--json"]
    if kernel != "native":
        command = [str(TOP / "tests/support/vm/vm-run"), "-t", "280", "-k", kernel, *command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    report = json.loads(done.stdout[done.stdout.index("{"):])
    return {
        "backends": {event["type"]: event["backend"] for event in report["events"] if event["backend"]},
        "unseen": {f"{row['operation']} {row['entry']}": row["reason"].replace(report["kernel"], "this kernel")
                   .replace("kernel this", "this") for row in report["coverage"] if not row["seen"]},
        "entries": [f"{row['operation']} {row['entry']}" for row in report["coverage"]],
        "missing": sorted(event["type"] for event in report["events"] if not event["backend"]),
    }


def stored(kernel):
    return json.loads((DATA / f"{kernel}.json").read_text())


def cell(facts, entry, event):
    if entry in facts["unseen"] or event in facts["missing"]:
        return "-"
    return "T" if facts["backends"][event] == "trampoline" else "t"


def page():
    kernels = {kernel: stored(kernel) for kernel in KERNELS}
    first = kernels["native"]
    print(HEAD)
    print("| event | way in | " + " | ".join(["no trampolines" if kernel == "native" else kernel for kernel in KERNELS])
          + " |\n|---|---|" + "---|" * len(KERNELS))
    with_entries = {entry.split()[0] for entry in first["entries"]}
    whole = sorted((set(first["backends"]) | set(first["missing"])) - with_entries)
    for entry in [*first["entries"], *(f"{event} any" for event in whole)]:
        event, way = entry.split(maxsplit=1)
        print(f"| {event} | {way} | " + " | ".join(cell(facts, entry, event) for facts in kernels.values()) + " |")
    print("\nWhy not:\n")
    for kernel, facts in kernels.items():
        reasons = {}
        for entry, reason in facts["unseen"].items():
            reasons.setdefault(reason, []).append(entry)
        for reason, entries in reasons.items():
            print(f"* {'no trampolines' if kernel == 'native' else kernel}: {', '.join(entries)}: {reason}")


def main():
    if sys.argv[1:2] == ["--capture"]:
        build = os.environ.get("VEDETTE_BUILD", TOP / "build")
        for kernel in sys.argv[2:] or KERNELS:
            (DATA / f"{kernel}.json").write_text(json.dumps(capture(kernel, build), indent=1) + "\n")
    else:
        page()


if __name__ == "__main__":
    main()
