# SPDX-License-Identifier: Apache-2.0
"""A host pays for what its rules need: programs of other event types are not attached."""
import os
import pathlib
import re
import shutil
import socket

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
