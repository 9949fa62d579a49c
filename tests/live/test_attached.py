# SPDX-License-Identifier: Apache-2.0
"""A host pays for what its rules need: programs of other event types are not attached."""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys

import pytest
from alerts import by
from conftest import finish, start
from harness import make_state_dir
from pair import wait_for

FILES = """
rules:
  - id: file
    expression: open.file.name == "wanted"
"""
PACKETS = FILES + """
  - id: name
    expression: dns.question.name == "vedette.example"
  - id: call
    expression: splice.retval == 7
"""
PROGRAMS = """
rules:
  - id: program
    expression: exec.file.name == "true"
"""
ANCESTORS = """
rules:
  - id: program
    expression: exec.file.name == "true" && process.ancestors.uid == 4242
"""
OPENED_BY = """
rules:
  - id: opened_by
    expression: open.file.name == "wanted" && process.uid == 4242 && process.comm == "changed"
"""
# Becomes somebody else, then does what its standard input says.
CHANGER = """
import ctypes, os, subprocess, sys
sys.stdin.readline()
ctypes.CDLL(None).prctl(15, b"changed")
os.setuid(4242)
print("changed", flush=True)
for line in sys.stdin:
    if line.strip() == "fork":
        subprocess.run(["/bin/true"])
    else:
        try:
            open(line.strip())
        except OSError:
            pass
    print("done", flush=True)
"""
QUESTION = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07vedette\x07example\x00\x00\x01\x00\x01"
SYS_ENTER, CGROUP = "tp_name:\tsys_enter", "link_type:\tcgroup"


@pytest.fixture
def policies():
    path = make_state_dir()
    yield path
    shutil.rmtree(path)


def links(pid):
    """What the kernel says of each BPF link that the process holds."""
    texts = []
    for fd in pathlib.Path(f"/proc/{pid}/fdinfo").iterdir():
        try:
            text = fd.read_text()
        except OSError:
            continue  # closed meanwhile
        if "link_type:" in text:
            texts.append(text)
    return texts


def attached(pair, what):
    return sum(what in text for text in links(pair.probe.pid))


def not_needed(pair):
    return {hook["eventType"] for hook in pair.status()["probe"]["hooks"]
            if hook.get("backend") and not hook.get("attached")}


def test_programs_come_and_go_with_the_rules(policies):
    policy = policies / "rules.policy"
    policy.write_text(FILES)
    pair = start(policies)
    older = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        assert attached(pair, CGROUP) == 0 and attached(pair, SYS_ENTER) == 0
        assert attached(pair, "tp_name:\tsys_exit") == 1, "the process tree needs it"
        assert {"dns", "splice", "signal"} < not_needed(pair) and "open" not in not_needed(pair)
        few = len(links(pair.probe.pid))

        policy.write_text(PACKETS)
        assert pair.command("runtime", "policy", "reload").returncode == 0
        # Confirmed means attached: the first question after it is seen, and whose it is, although the socket is older.
        older.sendto(QUESTION, ("127.0.0.1", 53))
        pair.wait_alert(by("name", os.getpid()))
        assert attached(pair, CGROUP) >= 2 and attached(pair, SYS_ENTER) == 1
        assert not {"dns", "splice"} & not_needed(pair)
        text = pair.command("status").stdout
        assert re.search(r"^ +dns +\S+ +tracepoint(?!, not needed)", text, re.M), text
        assert re.search(r"^ +signal +\S+ +tracepoint, not needed now", text, re.M), text

        policy.write_text(FILES)
        assert pair.command("runtime", "policy", "reload").returncode == 0
        wait_for(lambda: len(links(pair.probe.pid)) == few, 10, "the others are detached")
        assert {"dns", "splice"} < not_needed(pair)
    finally:
        older.close()
        finish(pair)


@pytest.fixture
def changer():
    with subprocess.Popen([sys.executable, "-c", CHANGER], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        yield process
        process.stdin.close()


def tell(process, line):
    process.stdin.write(line + "\n")
    process.stdin.flush()
    return process.stdout.readline()


def test_rules_about_programs_alone_cost_no_system_call(policies, changer):
    policy = policies / "rules.policy"
    policy.write_text(PROGRAMS)
    pair = start(policies)
    try:
        wait_for(lambda: attached(pair, "tp_name:\tsys_") == 0, 10, "nothing runs at system calls")
        assert {"setuid", "open"} < not_needed(pair)
        # Nobody follows it, and still it is known by its child.
        tell(changer, "become")
        tell(changer, "fork")
        alert = pair.wait_alert(lambda alert: alert["agent"]["rule_id"] == "program"
                                and alert["process"]["parent"]["pid"] == changer.pid)
        assert alert["process"]["credentials"]["uid"] == 4242
        assert alert["process"]["parent"]["credentials"]["uid"] == 4242

        policy.write_text(ANCESTORS)
        assert pair.command("runtime", "policy", "reload").returncode == 0
        assert attached(pair, "tp_name:\tsys_exit") == 1, "a rule asks who ancestors are"
    finally:
        finish(pair)


def test_plans_in_quick_succession_end_with_the_last_one(policies):
    """Nobody waits for a plan to be in force before the next: what all of them want is never missed meanwhile."""
    policy = policies / "rules.policy"
    program = PROGRAMS.replace("rules:\n", "")
    policy.write_text(PROGRAMS)
    (policies / "wanted").touch()
    pair = start(policies)
    children = []
    try:
        wait_for(lambda: attached(pair, "tp_name:\tsys_") == 0, 10, "nothing runs at system calls")
        for rules in [PACKETS, "rules:", FILES] * 4:
            policy.write_text(rules + program)
            pair.agent.send_signal(signal.SIGHUP)
            with subprocess.Popen(["/bin/true"]) as child:
                children.append(child.pid)
        assert pair.command("runtime", "policy", "reload").returncode == 0
        assert attached(pair, CGROUP) == 0 and attached(pair, "tp_name:\tsys_exit") == 1
        with open(policies / "wanted", encoding="utf-8"):
            pair.wait_alert(by("file", os.getpid()))
        for child in children:
            pair.wait_alert(by("program", child))
    finally:
        finish(pair)


def test_who_processes_are_is_caught_up_with(policies, changer):
    policy = policies / "rules.policy"
    policy.write_text(PROGRAMS)
    pair = start(policies)
    try:
        wait_for(lambda: attached(pair, "tp_name:\tsys_") == 0, 10, "nothing runs at system calls")
        tell(changer, "become")
        policy.write_text(OPENED_BY)
        assert pair.command("runtime", "policy", "reload").returncode == 0
        tell(changer, str(policies / "wanted"))
        pair.wait_alert(by("opened_by", changer.pid))
    finally:
        finish(pair)
