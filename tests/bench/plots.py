# SPDX-License-Identifier: Apache-2.0
"""The plots of docs/performance.md as SVG, drawn by hand: bars beside each other, and lines over a logarithmic axis.

Colours are readable on light and dark pages; every value stands beside its bar, so that nobody has to guess.
"""
import math
from xml.sax.saxutils import escape

COLOURS = ["#2a7fb8", "#e08214", "#7f7f7f", "#5aae61"]
FONT = 'font-family="sans-serif" font-size="12"'
GREY = "#808080"
WIDTH = 760


def text(x, y, words, anchor="start", colour=GREY, size=12):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{colour}" font-size="{size}">{escape(words)}</text>'


def document(height, title, parts):
    body = "\n".join([text(8, 20, title, size=14), *parts])
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" {FONT} role="img">\n'
            f"<title>{escape(title)}</title>\n{body}\n</svg>\n")


def legend(names, y):
    parts, x = [], 8
    for colour, name in zip(COLOURS, names):
        parts.append(f'<rect x="{x}" y="{y - 9}" width="10" height="10" fill="{colour}"/>')
        parts.append(text(x + 15, y, name))
        x += 40 + 7 * len(name)
    return parts


def bars(title, groups, unit):
    """groups: [(label, {series: value})]; a bar for each value, its length on a logarithmic scale when they differ by more
    than a hundredfold."""
    names = list(dict.fromkeys(name for _, values in groups for name in values))
    every = [value for _, values in groups for value in values.values() if value > 0]
    if not every:
        return None
    logarithmic = max(every) / min(every) > 100
    left, room = 190, WIDTH - 190 - 130

    def length(value):
        if value <= 0:
            return 0
        if not logarithmic:
            return room * value / max(every)
        lowest = min(every) / 2
        return room * math.log(value / lowest) / math.log(max(every) / lowest)
    parts, y = legend(names, 44), 62
    for label, values in groups:
        parts.append(text(left - 8, y + 8 * len(values) + 4, label, "end"))
        for name in names:
            if name in values:
                width = max(length(values[name]), 1)
                parts.append(f'<rect x="{left}" y="{y}" width="{width:.1f}" height="13" '
                             f'fill="{COLOURS[names.index(name)]}"/>')
                parts.append(text(left + width + 6, y + 11, f"{values[name]:,.3g} {unit}" if values[name] < 1000
                                  else f"{values[name]:,.0f} {unit}"))
                y += 16
        y += 10
    note = [text(WIDTH - 8, 20, "logarithmic", "end")] if logarithmic else []
    return document(y, title, parts + note)


def lines(title, series, unit, x_title):
    """series: {name: {x: y}}, both axes logarithmic."""
    points = [(x, y) for values in series.values() for x, y in values.items() if x > 0 and y > 0]
    if not points:
        return None
    left, right, top, bottom = 80, WIDTH - 30, 60, 330
    low_x, high_x = (math.log10(extreme(x for x, _ in points)) for extreme in (min, max))
    low_y = math.floor(math.log10(min(y for _, y in points)))
    high_y = math.ceil(math.log10(max(y for _, y in points)))

    def place(x, y):
        return (left + (math.log10(x) - low_x) / ((high_x - low_x) or 1) * (right - left),
                bottom - (math.log10(y) - low_y) / ((high_y - low_y) or 1) * (bottom - top))
    parts = legend(series, 44)
    for power in range(low_y, high_y + 1):
        _, y = place(10**low_x, 10**power)
        parts.append(f'<line x1="{left}" y1="{y:.0f}" x2="{right}" y2="{y:.0f}" stroke="{GREY}" stroke-opacity="0.3"/>')
        parts.append(text(left - 6, y + 4, f"{10**power:,} {unit}" if power < 3 else f"{10**power:,}", "end"))
    for x in sorted({x for x, _ in points}):
        parts.append(text(place(x, 10**low_y)[0], bottom + 18, f"{x:,}", "middle"))
    parts.append(text((left + right) / 2, bottom + 38, x_title, "middle"))
    for colour, values in zip(COLOURS, series.values()):
        drawn = [place(x, y) for x, y in sorted(values.items()) if x > 0 and y > 0]
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="'
                     + " ".join(f"{x:.1f},{y:.1f}" for x, y in drawn) + '"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in drawn]
    return document(bottom + 50, title, parts)


def known(figures, names):
    """{label: median} of those that were measured"""
    return {label: figures[name]["median"] for label, name in names.items() if name in figures}


def all_of(figures, peers):
    """{file name: SVG} of what this run measured"""
    tax, seen = peers["tax"], {"getpids": "getppid", "opens": "open, close", "creates": "create .. unlink",
                               "connects": "connect", "execs": "fork, exec", "mixed": "mixed"}
    plots = {
        "tax.svg": bars("Slower by, default policy (1 is the workload alone)", [
            (label, {**known(figures, {"Vedette": f"tax.default.{load}.ratio"}),
                     **{name: tax[name.lower()][load] for name in ("Falco", "bpftrace", "auditd")}})
            for load, label in seen.items()], "x") if "tax.default.getpids.ratio" in figures else None,
        "latency.svg": bars("From open of /etc/shadow to the alert's line", [
            (f"{rate} ops/s beside, {part}", {**known(figures, {"Vedette": f"latency.file.{rate}.{part}"}),
                                              "Falco": peers["latency_us"]["falco"][rate][index]})
            for rate in ("0", "500", "5000") for index, part in enumerate(("p50", "p99"))], "us")
        if "latency.file.0.p50" in figures else None,
        "engine.svg": lines("Opens a second on one core, as rules grow", {
            "Vedette": {rules: figures[f"engine.replay_opens.{rules}"]["median"]
                        for rules in (10, 25, 100, 300, 1000, 10000) if f"engine.replay_opens.{rules}" in figures},
            "Falco": {int(rules): rate for rules, rate in peers["engine_events_per_s"]["falco"].items()}},
            "/s", "rules") if "engine.replay_opens.100" in figures else None}
    return {name: svg for name, svg in plots.items() if svg}
