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

MNTNS, NETNS = (os.stat(f"/proc/self/ns/{kind}").st_ino for kind in ("mnt", "net"))

# (name, words of act, what the rule says of the event); PLACE is a directory
URING = [
    ("mkdir", ("uring-mkdir", "PLACE/made", "0751"),
     'mkdir.file.path == "PLACE/made" && mkdir.file.destination.mode == 0751 && mkdir.retval == 0'),
    ("mkdir_failed", ("uring-mkdir", "PLACE", "0751"), 'mkdir.file.path == "PLACE" && mkdir.retval == EEXIST'),
    ("rmdir", ("uring-rmdir", "PLACE/made"), 'rmdir.file.path == "PLACE/made" && rmdir.retval == 0'),
    ("link", ("uring-link", "PLACE/file", "PLACE/linked"),
     'link.file.path == "PLACE/file" && link.file.destination.path == "PLACE/linked" && link.retval == 0'),
    ("rename", ("uring-rename", "PLACE/linked", "PLACE/renamed"),
     'rename.file.path == "PLACE/linked" && rename.file.destination.path == "PLACE/renamed" && rename.retval == 0'),
    ("unlink", ("uring-unlink", "renamed"), 'unlink.file.path == "PLACE/renamed" && unlink.retval == 0'),
    ("ftruncate", ("uring-ftruncate", "PLACE/file"),
     'open.file.path == "PLACE/file" && open.flags & O_TRUNC > 0 && open.retval == 0'),
    ("socket", ("uring-socket", 2, 2, 17),
     "socket.domain == AF_INET && socket.type == SOCK_DGRAM && socket.protocol == 17 && socket.retval >= 0"),
    ("bind", ("uring-bind", "127.0.0.1", 18021),
     "bind.addr.ip == 127.0.0.1 && bind.addr.port == 18021 && bind.retval == 0"),
    ("accept", ("uring-accept", 18022),
     "accept.addr.ip == 127.0.0.1 && accept.addr.port == 18022 && accept.retval >= 0"),
]

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
    "unshared": f"unshare.flags == CLONE_NEWNS && {ACT} && process.mntns == {MNTNS}",
    "left_mounts": f"{ACT} && exit.mntns != {MNTNS}",
    "left_net": f"{ACT} && exit.netns != {NETNS}",
    "joined_net": f"{ACT} && prctl.new_name == \"joined\" && process.netns != {NETNS}",
    **{f"uring_{name}": f"{ACT} && event.async == true && {rule}" for name, _, rule in URING},
}


@pytest.fixture(scope="module")
def watched():
    policies = make_state_dir()
    place = make_state_dir()
    rules = [{"id": name, "expression": rule.replace("PLACE", str(place))} for name, rule in RULES.items()]
    (policies / "kernel.policy").write_text(json.dumps({"version": "1", "rules": rules}))
    pair = start(policies, probe_settings={"system_probe_config.stream_buffer_size": "256MiB"})
    (place / "file").touch()
    pair.place = place
    yield pair
    finish(pair)
    shutil.rmtree(policies)
    shutil.rmtree(place)


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


def test_a_system_call_that_a_rule_names_is_told_with_its_arguments(watched):
    place = make_state_dir()
    facts = act("call", "mkdir", f":{place}/named", "0751")
    alert = watched.wait_alert(by("mkdir_called", facts["pid"]))
    assert alert["ondemand"]["arg1"]["str"] == f"{place}/named"
    shutil.rmtree(place)


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


@pytest.mark.parametrize("name,words", [case[:2] for case in URING], ids=[case[0] for case in URING])
def test_what_is_done_by_io_uring(watched, name, words):
    words = [str(word).replace("PLACE", str(watched.place)) for word in words]
    facts = act(*words, cwd=watched.place)
    watched.wait_alert(by(f"uring_{name}", facts["pid"]))


def test_namespaces_are_those_of_now(watched):
    facts = act("unshare", 0x20000)
    watched.wait_alert(by("unshared", facts["pid"]))
    watched.wait_alert(by("left_mounts", facts["pid"]))
    facts = act("unshare", 0x40000000)
    watched.wait_alert(by("left_net", facts["pid"]))


def test_a_namespace_that_is_joined_is_known(watched):
    with alive("unshare", "-n", "sleep", "600") as other:
        link = f"/proc/{other.pid}/ns/net"
        wait_for(lambda: os.stat(link).st_ino != NETNS, 15, "a network namespace of its own")
        facts = act("setns", link, "prctl-name", "joined")
        alert = watched.wait_alert(by("joined_net", facts["pid"]))
        assert alert["process"]["pid"] == facts["pid"]
