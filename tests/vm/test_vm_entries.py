# SPDX-License-Identifier: Apache-2.0
"""Calls that trampolines see at their own functions are seen once, by whichever entry they come, and no other call pays."""
import json
import os
import pathlib
import subprocess

import pytest
from pair import TOP
from test_kernels import KERNELS


@pytest.fixture(scope="module", params=KERNELS)
def report(request, build):
    """(kernel, what guest_entries.py printed), from one boot."""
    if os.geteuid() != 0:
        pytest.skip("NO VM TEST RUNS: needs root")
    done = subprocess.run([str(TOP / "tests/support/vm/vm-run"), "-t", "280", "-k", request.param,
                           "env", f"VEDETTE_BUILD={build}", "/usr/bin/python3",
                           str(pathlib.Path(__file__).parent / "guest_entries.py")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return tuple(map(int, request.param.split("."))), json.loads(done.stdout.strip().splitlines()[-1])


def test_each_call_is_seen_once_by_each_entry(report):
    _, facts = report
    assert {name: count for name, count in facts["seen"].items() if count != 1} == {}, facts
    assert facts["others"] == []


def test_no_other_system_call_pays(report):
    kernel, facts = report
    if kernel >= (6, 1):  # before, open and chown have no trampolines
        assert facts["at_every_call"] == []
        types = ("open", "chmod", "chown", "setuid", "setgid", "capset", "prctl", "comm", "unshare", "namespaces")
        assert {facts["backends"][event] for event in types} == {"trampoline"}
