# SPDX-License-Identifier: Apache-2.0
"""Is what a command printed what the page shows?

`...` alone on a line stands for any lines, elsewhere in a line for any text. What differs from day to day and host to
host is not compared: times, durations, sizes, process ids, long hexadecimal numbers, the width of columns.
"""
import re

VARIES = [(re.compile(pattern), name) for pattern, name in (
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| UTC)?", "<time>"),
    (r"\b\d\d:\d\d:\d\d(?:\.\d+)?\b", "<clock>"),
    (r"\bpid:? \d+", "pid <pid>"),
    (r"\(\d{1,7}\)", "(<pid>)"),
    (r"\b[0-9a-f]{12,}\b", "<hex>"),
    (r"\b\d+(?:\.\d+)? ?(?:bytes|[KMG]iB)", "<size>"),
    (r"\b\d+(?:\.\d+)? ?(?:ns|us|µs|ms|s|min|hours?)\b", "<duration>"),
    (r"\s+", " "),
)]


def without_what_varies(line):
    for pattern, name in VARIES:
        line = pattern.sub(name, line)
    return line.strip()


def line_matches(expected, actual):
    parts = [re.escape(without_what_varies(part)) for part in expected.split("...")]
    return re.fullmatch(r"\s*.*\s*".join(parts), without_what_varies(actual)) is not None


def difference(expected, actual, follows=False):
    """"" when the lines match; else the first expected line that does not. `follows`: other lines may stand between."""
    def match(wanted, given):
        if not wanted:
            return not given or follows
        if wanted[0].strip() == "...":
            return any(match(wanted[1:], given[skip:]) for skip in range(len(given) + 1))
        if given and line_matches(wanted[0], given[0]) and match(wanted[1:], given[1:]):
            return True
        return bool(follows and given and match(wanted, given[1:]))

    expected = [line for line in expected if line.strip()]
    actual = [line for line in actual if line.strip()]
    if match(expected, actual):
        return ""
    for line in expected:
        if line.strip() != "..." and not any(line_matches(line, given) for given in actual):
            return f"no line of the output is {line!r}"
    return "the lines are there, but others are, too, or their order is another"
