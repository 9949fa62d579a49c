#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Two runs side by side: which figures changed by more than they spread.

compare.py OLD NEW
"""
import json
import pathlib
import sys

# Of a figure that was measured once, nothing is known of its spread.
SINGLE = 0.10


class BadResult(SystemExit):
    """Not a file that ./dev bench --json wrote."""


def read(path):
    try:
        result = json.loads(pathlib.Path(path).read_text())
    except (OSError, ValueError) as error:
        raise BadResult(f"bench: {path}: {error}") from None
    if not isinstance(result, dict) or result.get("format") != 1:
        raise BadResult(f"bench: {path} is not a result of ./dev bench --json (format 1)")
    return result


def figures(result):
    """{name: figure} of all parts"""
    return {name: figure for part in result["parts"].values() for name, figure in part["figures"].items()}


def verdict(old, new):
    """"better", "worse", or "" for a change that is within what either of them spreads."""
    if old["median"] == new["median"]:
        return ""
    if len(old["samples"]) > 1 and len(new["samples"]) > 1:
        outside = (not old["min"] <= new["median"] <= old["max"]) and (not new["min"] <= old["median"] <= new["max"])
    else:
        outside = abs(new["median"] - old["median"]) > SINGLE * abs(old["median"])
    if not outside:
        return ""
    return "better" if (new["median"] < old["median"]) == (new["better"] == "lower") else "worse"


def rows(old, new):
    """[(name, unit, old median, new median, new / old or None, verdict)] of what both have"""
    before, after = figures(old), figures(new)
    return [(name, figure["unit"], before[name]["median"], figure["median"],
             figure["median"] / before[name]["median"] if before[name]["median"] else None,
             verdict(before[name], figure)) for name, figure in after.items() if name in before]


def text(old, new):
    lines = [f"{'figure':58} {'old':>10} {'new':>10} {'new/old':>8}"]
    for name, unit, was, now, ratio, said in rows(old, new):
        shown = f"{ratio:8.3f}" if ratio is not None else " " * 8
        lines.append(f"{name:58} {was:10.4g} {now:10.4g} {shown} {said:6} {unit}".rstrip())
    if old["machine"]["cpu"] != new["machine"]["cpu"] or old["machine"]["kernel"] != new["machine"]["kernel"]:
        lines.append(f"beware: {old['machine']['cpu']}, {old['machine']['kernel']} against {new['machine']['cpu']}, "
                     f"{new['machine']['kernel']}")
    if old["quick"] or new["quick"]:
        lines.append("beware: --quick measures too little to rely on")
    return "\n".join(lines)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    print(text(read(sys.argv[1]), read(sys.argv[2])))
