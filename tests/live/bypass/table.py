# SPDX-License-Identifier: Apache-2.0
"""docs/reference/bypasses.md on standard output, from cases.py."""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from cases import CASES, ELSEWHERE  # noqa: E402

HEAD = """# Known ways around

<!-- Made by ./dev doc from tests/live/bypass/cases.py: do not edit. -->

Each row is performed for real by `tests/live/bypass`, on the machine that tests run on (tracepoint backend) and in virtual
machines (trampolines), with the rule that stands in `cases.py`; a row that stops being true fails there. The numbers are
those of the project's list of published bypasses. `{d}` is a directory of the test's own.

| # | what is done | who is exposed | event that tells | tracepoint | trampoline | before Linux 5.15 |
|---|---|---|---|---|---|---|"""


def mark(reason):
    return f"no: {reason}" if reason else "yes"


def row(case):
    newer = (6, 0)
    old = case.blind("trampoline", (5, 10)) if case.old else ""
    cells = [case.number, case.what, case.exposed, f"`{case.rule.replace('|', chr(92) + '|')}`",
             mark(case.blind("tracepoint", newer)), mark(case.blind("trampoline", newer)), mark(old)]
    return "| " + " | ".join(cells) + " |"


def main():
    print(HEAD)
    for case in CASES:
        print(row(case))
    print("\nShown elsewhere:\n\n| # | where |\n|---|---|")
    for number, where in ELSEWHERE.items():
        print(f"| {number} | {where} |")


if __name__ == "__main__":
    main()
