# SPDX-License-Identifier: Apache-2.0
"""The table of docs/reference/bypasses.md on other kernels: what the guest performed, and whether it was seen."""
import json
import os
import pathlib
import subprocess
import sys

import pytest
from pair import TOP
from test_kernels import KERNELS

sys.path.insert(0, str(TOP / "tests/live/bypass"))
from cases import CASES  # noqa: E402


@pytest.fixture(scope="module", params=KERNELS)
def report(request, build):
    """(kernel, what guest_bypass.py printed), from one boot."""
    if os.geteuid() != 0:
        pytest.skip("NO VM TEST RUNS: needs root")
    done = subprocess.run([str(TOP / "tests/support/vm/vm-run"), "-t", "580", "-k", request.param,
                           "env", f"VEDETTE_BUILD={build}", "/usr/bin/python3", str(pathlib.Path(__file__).parent /
                                                                                    "guest_bypass.py")],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return tuple(map(int, request.param.split("."))), json.loads(done.stdout.strip().splitlines()[-1])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.number)
def test_bypass(report, case):
    kernel, facts = report
    reason = case.blind(facts["backend"]["open"], kernel)
    assert facts["result"][case.number] == ("unseen" if reason else "seen"), reason
