# SPDX-License-Identifier: Apache-2.0
"""Fenced blocks of the documents, and what is to be done with each.

    ```console     `$ ` commands (`> ` goes on) with what they print; they run, and the output is compared
    ```sh          commands that run and must succeed
    ```yaml        parsed; policies compile, settings are valid
    ```json        parsed; members of an object may stand alone
    anything else  text to read

A comment directly above a fence says more, and a reader of the source sees it:

    <!-- not run: WHY -->     the commands are not run
    <!-- file: NAME -->       the block becomes that file in the directory in which the page's commands run
    <!-- output: WHY -->      what the commands print is not compared (numbers of another host)
    <!-- exit: N or M -->     the last command ends so, not with 0
    <!-- wrong: WHY -->       policy or settings that must be refused
    <!-- part: OF WHAT -->    a policy that compiles only beside others: its commands say whether it does

`blocks.py` as a program lists what is not run, and why.
"""
import dataclasses
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[3]
RUN = ("console", "sh")
READ = ("yaml", "json")
# Languages of blocks that nobody executes or parses.
TEXT = ("", "text", "ini", "toml", "promql", "logql", "diff", "dockerfile", "mermaid", "proto", "c", "cpp", "python",
        "lua", "make")
FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,}|~{3,})(?P<language>[\w-]*)[^`]*$")
NOTE = re.compile(r"^\s*<!-- (not run|output|file|exit|wrong|part): (.+?) -->$")
# Pages with commands for a host or cluster of their own; each is tested there.
ELSEWHERE = {
    "docs/install.md": "packages and units are installed by tests/systemd, on a machine booted by systemd",
    "docs/systemd.md": "the units run in tests/systemd, on a machine booted by systemd",
    "docs/containers.md": "images take packages: tests/live/test_container_pair.py builds and runs them",
    "docs/kubernetes.md": "the manifests and the chart are applied to a node of their own by ./dev kube",
    "docs/fleet.md": "it takes a cluster: ./dev kube",
    "docs/performance.md": "measurements take minutes: ./dev bench",
}


@dataclasses.dataclass
class Block:
    """One fenced block; `line` is that of its fence, `page` relative to the top."""
    page: str
    line: int
    language: str
    text: str
    notes: dict

    @property
    def place(self):
        return f"{self.page}:{self.line}"

    @property
    def runs(self):
        return self.language in RUN and "not run" not in self.notes

    @property
    def is_checked(self):
        """A policy or settings, to be given to the programs."""
        return self.language == "yaml" and "part" not in self.notes and self.page not in ELSEWHERE

    def commands(self):
        """Of a console block: [(command, expected output, ends with Ctrl-C)]."""
        found = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                found.append([line[2:], [], False])
            elif not found:
                raise ValueError(f"{self.place}: a console block begins with '$ '")
            elif not found[-1][1] and (found[-1][0].endswith("\\") or line.startswith("> ")):
                found[-1][0] += "\n" + line.removeprefix("> ")
            elif line == "^C":
                found[-1][2] = True
            else:
                found[-1][1].append(line)
        return [tuple(one) for one in found]


def documents():
    """Every document for users and developers, relative to the top; decisions and changes have no commands to run."""
    pages = [path for path in (TOP / "docs").rglob("*.md") if path.parent.name != "adr"]
    return sorted(path.relative_to(TOP).as_posix() for path in [*pages, *TOP.glob("*.md")] if path.name != "CHANGELOG.md")


def blocks_of(page):
    text = (TOP / page).read_text(encoding="utf-8")
    found, notes, open_fence, lines = [], {}, None, []
    for number, line in enumerate(text.splitlines(), 1):
        match = FENCE.match(line)
        if open_fence:
            if match and match["ticks"].startswith(open_fence[1]) and not match["language"]:
                indent = len(open_fence[0])
                body = "".join(f"{one[indent:] if not one[:indent].strip() else one}\n" for one in lines)
                found.append(Block(page, open_fence[3], open_fence[2], body, notes))
                notes, open_fence = {}, None
            else:
                lines.append(line)
        elif match:
            open_fence, lines = (match["indent"], match["ticks"], match["language"], number), []
            if page in ELSEWHERE:
                notes.setdefault("not run", ELSEWHERE[page])
        elif NOTE.match(line):
            notes[NOTE.match(line)[1]] = NOTE.match(line)[2]
        elif line.strip():
            notes = {}
    if open_fence:
        raise ValueError(f"{page}:{open_fence[3]}: this block has no end")
    return found


def all_blocks():
    return [block for page in documents() for block in blocks_of(page)]


def main():
    counts = {}
    for block in all_blocks():
        kind = "run" if block.runs else "not run" if block.language in RUN else block.language or "text"
        counts[kind] = counts.get(kind, 0) + 1
        if kind == "not run":
            print(f"{block.place}: {block.notes['not run']}")
    print(", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())))


if __name__ == "__main__":
    sys.exit(main())
