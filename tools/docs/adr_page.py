# SPDX-License-Identifier: Apache-2.0
"""docs/adr/index.md on standard output: every decision with its title and status, from the files beside it."""
import pathlib
import re

ADR = pathlib.Path(__file__).resolve().parents[2] / "docs/adr"
HEAD = """# Decisions

<!-- Made by ./dev doc from the files of this folder: do not edit. -->

Why Vedette is built as it is: half a page each, with what was decided, what else was possible, and what follows. They say
what was true when they were written; a later one may change it, and says so.

| | decision | status |
|---|---|---|"""


def main():
    print(HEAD)
    for path in sorted(ADR.glob("[0-9]*.md")):
        text = path.read_text(encoding="utf-8")
        number, title = re.match(r"# (\d+)\. (.*)", text).groups()
        status = re.search(r"^\*\*Status:\*\* (.*)$", text, re.M)
        print(f"| {number} | [{title}]({path.name}) | {status[1] if status else ''} |")


if __name__ == "__main__":
    main()
