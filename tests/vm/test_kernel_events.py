# SPDX-License-Identifier: Apache-2.0
"""On a kernel with trampolines and SELinux: functions that rules name, capabilities, SELinux, on both backends."""
import json
import os
import subprocess

import pytest
from pair import TOP


@pytest.fixture(scope="module", params=["auto", "tracepoint"])
def report(request, build):
    """(backend, what guest_kernel.py printed), from one boot."""
    if os.geteuid() != 0:
        pytest.skip("NO VM TEST RUNS: needs root")
    done = subprocess.run([str(TOP / "tests/support/vm/vm-run"), "-t", "280", "-k", "6.1",
                           "-l", "landlock,yama,selinux,bpf", "env", f"VEDETTE_BUILD={build}",
                           f"BACKEND={request.param}", "/usr/bin/python3", str(TOP / "tests/vm/guest_kernel.py")],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return request.param, json.loads(done.stdout.strip().splitlines()[-1])


@pytest.mark.parametrize("rule", ["enforcing", "permissive", "committed", "call"])
def test_both_backends_see(report, rule):
    _, facts = report
    assert rule in facts["fired"], facts


@pytest.mark.parametrize("rule", ["function", "string", "caps"])
def test_trampolines_see(report, rule):
    backend, facts = report
    if backend == "auto":
        assert rule in facts["fired"], facts


def test_selinux_is_seen_by_the_backend_that_was_asked_for(report):
    backend, facts = report
    assert facts["hooks"]["selinux"] == ("trampoline" if backend == "auto" else "tracepoint")


def test_a_function_that_is_not_there_is_a_warning(report):
    _, facts = report
    assert any("no_such_function is not watched" in line for line in facts["warnings"]), facts
