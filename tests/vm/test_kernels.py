# SPDX-License-Identifier: Apache-2.0
"""The pair on other kernels, in QEMU: exec, open and connect are seen there and come out as alerts."""
import json
import os
import subprocess

import pytest
from pair import TOP

KERNELS = os.environ.get("VEDETTE_VM_KERNELS", "6.1").split()
# Kernels on which every one of exec, open and connect has its trampoline.
TRAMPOLINE = {"6.1", "6.12", "6.18", "7.3"}

# Events on files that calls name.
NAMED = ["chmod", "chown", "utimes", "mkdir", "rmdir", "link", "rename", "unlink"]


def boot(kernel, build, *options, arguments=()):
    """What guest.py printed."""
    if os.geteuid() != 0:
        pytest.skip("NO VM TEST RUNS: needs root")
    done = subprocess.run([str(TOP / "tests/support/vm/vm-run"), "-t", "280", "-k", kernel, *options,
                           "env", f"VEDETTE_BUILD={build}", "/usr/bin/python3", str(TOP / "tests/vm/guest.py"),
                           *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="module", params=KERNELS)
def report(request, build):
    """(kernel, what guest.py printed), from one boot."""
    return request.param, boot(request.param, build)


def test_kernel_is_the_one_asked_for(report):
    kernel, facts = report
    assert facts["kernel"].startswith(kernel + ".")


@pytest.mark.parametrize("event", ["exec", "open", "connect", "exit", "setuid", "setgid", *NAMED, "mount", "splice"])
def test_event_becomes_an_alert(report, event):
    _, facts = report
    assert facts["alerts"].get(f"vm_{event}"), facts


@pytest.mark.parametrize("event", ["exec", "open", "connect", *NAMED])
def test_trampolines_are_used_where_the_kernel_has_them(report, event):
    kernel, facts = report
    hook = next(hook for hook in facts["hooks"] if hook["eventType"] == event)
    assert hook["state"] in ("full", "partial"), hook
    if kernel in TRAMPOLINE:
        assert hook["backend"] == "trampoline", hook


@pytest.mark.parametrize("event", NAMED)
def test_names_are_resolved_by_the_kernel_where_it_has_trampolines(report, event):
    kernel, facts = report
    if kernel in TRAMPOLINE:
        assert facts["alerts"].get(f"seen_{event}"), facts["alerts"].keys()


def test_paths_and_arguments_are_right(report):
    _, facts = report
    assert facts["alerts"]["vm_exec"]["args"] == ["one", "two"]
    assert facts["alerts"]["vm_open"]["path"] == "/run/vm-target"
    assert facts["alerts"]["vm_connect"]["addr"] == {"family": "AF_INET", "ip": "127.0.0.1", "port": 9}


def test_times_follow_a_clock_that_was_set(report):
    _, facts = report
    assert -2 < facts["stepped"] < 60, "a day was added; what follows is of the new time"


def test_nothing_was_lost(report):
    _, facts = report
    assert not facts["lost"], facts


def test_a_locked_down_kernel_without_bpf_lsm(build):
    kernel = KERNELS[0]
    facts = boot(kernel, build, "-l", "lockdown,yama", arguments=["--lockdown"])
    assert facts["lockdown"] == "integrity"
    assert {f"vm_{event}" for event in ("exec", "open", "connect", "setuid", "mount", *NAMED)} <= facts["alerts"].keys()
    assert not facts["lost"]
    hook = next(hook for hook in facts["hooks"] if hook["eventType"] == "exec")
    assert hook["backend"] == "trampoline" or kernel not in TRAMPOLINE
