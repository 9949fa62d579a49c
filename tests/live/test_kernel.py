# SPDX-License-Identifier: Apache-2.0
"""What the kernel is asked, and how it decides: capabilities that processes use, calls that rules name, namespaces."""
import contextlib
import json
import os
import shutil
import subprocess

import pytest
from acts import act
from alerts import by
from conftest import finish, start
from harness import make_state_dir
from pair import rule_of, wait_for

ACT = 'process.file.name == "act"'

RULES = {
    "caps_used": f"{ACT} && capabilities.used & CAP_SYS_ADMIN > 0 && capabilities.attempted & CAP_SYS_ADMIN > 0",
    "caps_refused": f"{ACT} && capabilities.attempted & CAP_KILL > 0 && capabilities.used & CAP_KILL == 0"
                    " && capabilities.used & CAP_SETUID > 0",
    "caps_alive": 'capabilities.used & CAP_SYS_ADMIN > 0 && process.file.name == "sleep"',
    "caps_of_process": f"exit.caps_attempted & CAP_KILL > 0 && exit.caps_used & CAP_KILL == 0 && {ACT}",
    "caps_of_parent": 'exec.file.name == "true" && process.parent.caps_used & CAP_DAC_OVERRIDE > 0',
    "mkdir_called": f'{ACT} && ondemand.name == "syscall:mkdir" && ondemand.arg1.str =~ "*/named"'
                    ' && ondemand.arg2.uint == 0751',
    "exit_called": f'{ACT} && ondemand.name == "syscall:exit_group" && ondemand.arg1.uint == 0',
    "mprotect_called": f'{ACT} && ondemand.name == "syscall:mprotect" && ondemand.arg3.uint == 5',
    "mprotect": f"{ACT} && mprotect.req_protection == 5",
    "prctl_called": f'{ACT} && ondemand.name == "syscall:prctl" && ondemand.arg1.uint == 15'
                    ' && ondemand.arg2.str == "compat-name"',
    "unknown_call": 'ondemand.name == "syscall:no_such_call"',
    "unknown_function": 'ondemand.name == "no_such_function"',
    "left_mounts": f"{ACT} && open.file.name == \"seen-later\"",
}


@pytest.fixture(scope="module")
def watched():
    policies = make_state_dir()
    rules = [{"id": name, "expression": rule} for name, rule in RULES.items()]
    (policies / "kernel.policy").write_text(json.dumps({"version": "1", "rules": rules}))
    pair = start(policies, probe_settings={"system_probe_config.stream_buffer_size": "256MiB"})
    yield pair
    finish(pair)
    shutil.rmtree(policies)


def test_a_capability_that_was_granted_is_told_when_the_process_ends(watched):
    facts = act("unshare", 0x4000000)
    alert = watched.wait_alert(by("caps_used", facts["pid"]))
    assert "CAP_SYS_ADMIN" in alert["capabilities"]["used"]
    assert "CAP_SYS_ADMIN" in alert["process"]["caps_used"]


def test_one_that_was_refused_is_only_an_attempt(watched):
    facts = act("as-uid", 65534, "kill", os.getpid(), 25)
    alert = watched.wait_alert(by("caps_refused", facts["pid"]))
    assert "CAP_KILL" not in alert["capabilities"]["used"]
    watched.wait_alert(by("caps_of_process", facts["pid"]))


@contextlib.contextmanager
def alive(*command):
    process = subprocess.Popen(command)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_living_process_is_told_of_within_seconds_and_once(watched):
    with alive("sleep", "600") as sleeper:
        watched.wait_alert(by("caps_alive", sleeper.pid), timeout=30)
        # Another one has its turn, and more: nothing new of the first is told meanwhile.
        with alive("sleep", "601") as other:
            watched.wait_alert(by("caps_alive", other.pid), timeout=30)
            assert len([alert for alert in watched.alerts() if by("caps_alive", sleeper.pid)(alert)]) == 1


def test_what_a_process_used_is_known_in_its_childrens_events(watched, tmp_path):
    # Nobody may write to the file but who has CAP_DAC_OVERRIDE; what the shell used is told within seconds.
    closed = tmp_path / "closed"
    closed.touch(mode=0)
    with alive("bash", "-c", f"echo > {closed}; while :; do /bin/true; sleep 0.5; done") as shell:
        watched.wait_alert(lambda alert: rule_of(alert) == "caps_of_parent"
                           and alert["process"]["ppid"] == shell.pid, timeout=30)


def test_a_system_call_that_a_rule_names_is_told_with_its_arguments(watched, tmp_path):
    name = str(tmp_path / "named")
    facts = act("call", "mkdir", f":{name}", "0751")
    alert = watched.wait_alert(by("mkdir_called", facts["pid"]))
    assert alert["ondemand"]["arg1"]["str"] == name[:63]


def test_one_that_never_returns_is_told(watched):
    facts = act("unshare", 0)
    watched.wait_alert(by("exit_called", facts["pid"]))


def test_a_rule_on_a_call_that_has_a_handler_of_its_own_takes_nothing_from_it(watched):
    facts = act("mprotect", 3, 5)
    watched.wait_alert(by("mprotect_called", facts["pid"]))
    watched.wait_alert(by("mprotect", facts["pid"]))


def test_a_32_bit_call_is_found_by_its_own_number(watched):
    facts = act("prctl-name32", "compat-name")
    watched.wait_alert(by("prctl_called", facts["pid"]))


def test_what_cannot_be_watched_is_a_warning_of_the_status(watched):
    def warnings():
        said = watched.status()["probe"].get("warnings", [])
        return [line for line in said if line.startswith("ondemand: ")]
    wait_for(lambda: len(warnings()) >= 2, 15, "warnings")
    assert any("syscall:no_such_call is not watched: no system call has that name" in line for line in warnings())
    assert any("no_such_function is not watched: kernel" in line for line in warnings())
