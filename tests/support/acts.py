# SPDX-License-Identifier: Apache-2.0
"""Runs tests/live/act.c: one real act, and the facts it prints about itself."""
import os
import pathlib
import re
import subprocess

from pair import TOP


def binary():
    return pathlib.Path(os.environ.get("VEDETTE_BUILD", TOP / "build")) / "tests/live/act"


def unescape(text):
    """bytes of a word in which odd bytes are \\xNN"""
    return re.sub(rb"\\x([0-9a-f]{2})", lambda match: bytes([int(match.group(1), 16)]), text.encode())


def facts_of(line):
    """{"pid": 12, "ret": 3, "fd_path": b"/x"}: numbers as int, paths as bytes"""
    facts = {}
    for word in line.split():
        key, _, value = word.partition("=")
        facts[key] = int(value) if re.fullmatch(r"-?\d+", value) else unescape(value)
    return facts


def start(*words, **options):
    """The running act, with its output in a pipe."""
    return subprocess.Popen([str(binary()), *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, **options)


def acts(*words, code=0, **options):
    """The facts of each line the act printed. Without a "pid" of its own a line has the one of the program."""
    process = start(*words, **options)
    out, err = process.communicate(timeout=120)
    assert process.returncode == code, f"act {words}: exit code {process.returncode}: {err}"
    lines = [facts_of(line) for line in out.splitlines() if re.match(r"[a-z_]+=", line)]
    return [{"pid": process.pid, **line} for line in lines or [{}]]


def act(*words, **options):
    """The facts of the first line."""
    return acts(*words, **options)[0]
