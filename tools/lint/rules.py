# SPDX-License-Identifier: Apache-2.0
"""The rules of the house that a machine can check. Each finding is file:line: what, and what to do.

With --links only links between documents are checked.
"""
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]

# Library -> (its headers, folders that may include them, why).
BOUNDARIES = {
    "libbpf": (r"<bpf/(?:libbpf|bpf|btf)\.h>|\.skel\.h\"", ("system-probe/ebpf/", "system-probe/filters/"),
               "only the loader talks to the kernel's BPF"),
    "Beast": (r"<boost/beast", ("security-agent/api/", "security-agent/telemetry/", "security-agent/outputs/",
                                "common/boost_impl.cpp", "common/ipc/", "system-probe/runtimes/http_get"),
              "HTTP is spoken in few places; in the probe only to ask root's own container runtimes"),
    "yaml-cpp": (r"<yaml-cpp/", ("security-agent/policy/", "common/config/"),
                 "its exceptions and limits are handled in the two loaders"),
    "gRPC": (r"<grpc(?:pp)?[/+]|\.grpc\.pb\.h\"", ("system-probe/stream/", "system-probe/commands/",
                                                 "security-agent/probe_client/", "system-probe/runtimes/cri",
                                                 "common/grpc_runtime"),
             "the wire has two ends; and container runtimes of Kubernetes are asked by CRI"),
}
# Folder -> what it may not know, because it stands below it.
LAYERS = {
    "common/": (r'"(?:system-probe|security-agent)/', "common knows neither daemon"),
    "security-agent/secl/": (r'"security-agent/(?!secl/)', "the language knows no policy, engine or API"),
    "security-agent/policy/": (r'"security-agent/(?:engine|api|outputs|probe_client|app)/', "policy knows no engine"),
    "security-agent/engine/": (r'"security-agent/(?:api|telemetry|cli|app)/', "the engine knows no HTTP"),
    "system-probe/": (r'"security-agent/', "the daemons meet on the wire only"),
    "security-agent/": (r'"system-probe/', "the daemons meet on the wire only"),
}
MAX_LINES = 700
# clang-format aims at 100, but leaves comments and strings alone. Unit tests quote whole rules.
MAX_LINE_LENGTH = 124
OLD_COMMENT = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
SOURCE_SUFFIXES = (".cpp", ".h", ".c", ".proto", ".py", ".sh", ".build")


def tracked(*patterns):
    command = ["git", "-C", str(TOP), "-c", "safe.directory=*", "ls-files", "--cached", "--others",
               "--exclude-standard", "--", *patterns]
    names = subprocess.check_output(command, text=True).splitlines()
    return [name for name in names if (TOP / name).is_file()]


def check_includes(name, number, line, found):
    match = re.match(r"\s*#\s*include\s+([<\"].*[>\"])", line)
    if not match or name.startswith(("tests/", "bpf/")):
        return
    include = match.group(1)
    for library, (pattern, allowed, why) in BOUNDARIES.items():
        if re.search(pattern, include) and not name.startswith(allowed):
            found(name, number, f"includes {library}; only {', '.join(allowed)} may: {why}")
    for folder, (pattern, why) in LAYERS.items():
        if name.startswith(folder) and re.match(pattern, include):
            found(name, number, f"includes {include}: {why}")


def check_source(name, lines, found):
    if name.startswith("bpf/vmlinux/"):
        return
    if not any("SPDX-License-Identifier:" in line for line in lines[:25]):
        found(name, 1, "has no SPDX-License-Identifier line")
    if name.endswith((".cpp", ".h", ".c", ".py")) and len(lines) > MAX_LINES:
        found(name, len(lines), f"has more than {MAX_LINES} lines: split it")
    if name.endswith(".h") and not name.startswith("bpf/") and not any(
            line.startswith("#pragma once") for line in lines):
        found(name, 1, "has no #pragma once")
    for number, line in enumerate(lines, 1):
        if name.endswith((".cpp", ".h")):
            check_includes(name, number, line, found)
        if line != line.rstrip():
            found(name, number, "ends with white space")
        if len(line.expandtabs(8)) > MAX_LINE_LENGTH and not name.startswith("tests/unit/") and not re.search(
                r"R\"|https?://|\(secl\)|\(event\)|\(computed\)|--proto_path", line):
            found(name, number, f"is longer than {MAX_LINE_LENGTH} columns")
        if OLD_COMMENT.search(line) and name != "tools/lint/rules.py":
            found(name, number, "says that work is left: do it, or file an issue")


def check_links(name, lines, found):
    """Relative links of a document lead to a file."""
    for number, line in enumerate(lines, 1):
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", line):
            if re.match(r"[a-z]+:", target):
                continue
            if not (TOP / name).parent.joinpath(target).exists():
                found(name, number, f"links to {target}, which does not exist")


def main():
    problems = []

    def found(name, number, what):
        problems.append(f"{name}:{number}: {what}")

    everything = "--links" not in sys.argv
    for name in everything and tracked(*(f"*{suffix}" for suffix in SOURCE_SUFFIXES), "dev", ".ci/run") or []:
        check_source(name, (TOP / name).read_text(errors="replace").splitlines(), found)
    for name in tracked("*.md"):
        check_links(name, (TOP / name).read_text(errors="replace").splitlines(), found)
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
