#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the tables and plots of docs/performance.md from a result of ./dev bench --json.

report.py RESULT.json [--before RESULT.json] [--page FILE] [--check]

Between `<!-- figures: NAME -->` and `<!-- end -->` of the page everything is replaced by that table; the plots lie beside
the page in performance/. --before adds a column with an earlier run to the table of goals; --check writes nothing and fails
when the page is not what it would write.
"""
import argparse
import json
import pathlib
import re
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import compare  # noqa: E402
import plots  # noqa: E402
import tables  # noqa: E402

PAGE = HERE.parents[1] / "docs/performance.md"
SECTION = re.compile(r"(<!-- figures: ([\w-]+) -->\n).*?(<!-- end -->)", re.S)


def rendered(page, figures, result, before):
    """The page's text with every table made anew."""
    def replace(match):
        make = tables.SECTIONS.get(match.group(2))
        if make is None:
            raise SystemExit(f"report: no table {match.group(2)!r}; known: {', '.join(sorted(tables.SECTIONS))}")
        return match.group(1) + make(figures, result, before).rstrip("\n") + "\n" + match.group(3)
    return SECTION.sub(replace, page)


def parse(arguments):
    parser = argparse.ArgumentParser(prog="report.py", description=__doc__.splitlines()[0])
    parser.add_argument("result", type=pathlib.Path)
    parser.add_argument("--before", type=pathlib.Path)
    parser.add_argument("--page", type=pathlib.Path, default=PAGE)
    parser.add_argument("--check", action="store_true")
    return parser.parse_args(arguments)


def main(arguments=None):
    options = parse(arguments)
    result = {**compare.read(options.result), "file": options.result.name}
    before = {**compare.read(options.before), "file": options.before.name} if options.before else None
    figures, peers = compare.figures(result), json.loads((HERE / "peers.json").read_text())
    wanted = {options.page: rendered(options.page.read_text(), figures, result, before)}
    for name, text in plots.all_of(figures, peers).items():
        wanted[options.page.parent / "performance" / name] = text
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    if options.check:
        for path in stale:
            print(f"report: {path} is not what {options.result} says", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(exist_ok=True)
        path.write_text(wanted[path])
        print(f"report: wrote {path}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
