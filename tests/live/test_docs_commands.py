# SPDX-License-Identifier: Apache-2.0
"""The commands of the documents do what the documents say, on a host where the pair is installed and runs."""
import json
import subprocess
import sys
import tempfile

import pytest
from pair import TOP

SUPPORT = TOP / "tests/support/docs"
sys.path.insert(0, str(SUPPORT))
import blocks  # noqa: E402
import transcript  # noqa: E402

PERFORMED = [block for block in blocks.all_blocks() if block.runs or block.is_checked]


@pytest.fixture(scope="module")
def performed(build):
    with tempfile.TemporaryDirectory(prefix="vedette-docs.", dir="/tmp") as out:
        done = subprocess.run([SUPPORT / "as_installed", build, "/usr/bin/python3", SUPPORT / "perform.py",
                               "/tmp/out/results.json"], capture_output=True, text=True, timeout=500,
                              env={"VEDETTE_OUT": out, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                                   "PYTHONDONTWRITEBYTECODE": "1"})
        assert done.returncode == 0, done.stdout + done.stderr
        with open(f"{out}/results.json", encoding="utf-8") as file:
            yield json.load(file)


@pytest.mark.parametrize("block", PERFORMED, ids=lambda block: block.place)
def test_block(performed, block):
    outcomes = performed[block.place]
    shown = "\n".join(f"$ {one['command']}\n" + "\n".join(one["output"]) + f"\n(exit code {one['code']})"
                      for one in outcomes)
    for number, one in enumerate(outcomes):
        last = number == len(outcomes) - 1
        if "wrong" in block.notes:
            assert one["code"] != "0", f"{block.place} is said to be wrong and is not\n{shown}"
            continue
        _, expected, interrupted = block.commands()[number] if block.language == "console" else ("", [], False)
        wanted = block.notes["exit"].split(" or ") if last and "exit" in block.notes else ["0"]
        assert one["code"] in wanted + ["130"] * interrupted, f"{block.place}\n{shown}"
        if block.language == "console" and "output" not in block.notes:
            problem = transcript.difference(expected, one["output"], follows=interrupted)
            assert not problem, f"{block.place}: {problem}\n{shown}"
