# SPDX-License-Identifier: Apache-2.0
"""Discarders: what matched nothing once is dropped by the kernel, and no trick with names makes it drop more."""
import os
import pathlib
import shutil
import socket
import subprocess
import time

import pytest
from acts import act
from alerts import by
from conftest import finish, start
from harness import UNLIMITED, make_state_dir
from pair import rule_of, wait_for

# The rule "never" has no approver, so that opens are in mode "accept" and discarders are all that helps.
POLICY = """
rules:
  - id: secret
    expression: open.file.path == "{place}/dir/secret"
  - id: guarded
    expression: open.file.path == ~"{place}/guarded/**"
  - id: never
    expression: open.file.path == ~"/*/vedette-never/**"
  - id: aliased
    expression: open.file.path in ["{place}/linked", "{place}/bound/harmless", "{place}/moved/deep/leaf"]
  - id: told
    expression: open.file.path == "{place}/told"
  - id: named
    expression: prctl.new_name == "wanted"
"""


@pytest.fixture
def place():
    path = make_state_dir()
    for folder in ("dir", "guarded", "bound", "plain/deep", "mountpoint"):
        (path / folder).mkdir(parents=True)
    for name in ("dir/harmless", "plain/leaf", "plain/deep/leaf", "bound/other"):
        (path / name).write_text("x")
    yield path
    shutil.rmtree(path)


@pytest.fixture
def pair(place):
    policies = make_state_dir()
    (policies / "discard.policy").write_text(POLICY.format(place=place))
    pair = start(policies, agent_settings={**UNLIMITED, "runtime_security_config.self_test.enabled": "false"})
    yield pair
    finish(pair)
    shutil.rmtree(policies)


def counts(pair, event="open"):
    row = next(row for row in pair.status()["probe"]["events"] if row["eventType"] == event)
    return {key: int(row.get(key, 0)) for key in ("seen", "filtered", "discarded", "delivered")} | {
        "lost": sum(map(int, row.get("lost", {}).values()))}


def dump(pair):
    """{(kind, path)} of what is in the kernel."""
    time.sleep(1.1)  # one a second
    answer = pair.command("runtime", "discarders", "dump")
    assert answer.returncode == 0, answer.stderr
    path = pathlib.Path(answer.stdout.removeprefix("Discarder dump file: ").strip())
    assert path.stat().st_mode & 0o777 == 0o400 and path.stat().st_uid == 0
    kinds, out = None, set()
    for line in path.read_text().splitlines():
        key, _, value = line.strip().partition(": ")
        if key == "kind":
            kinds = value
        if key == "path":
            out.add((kinds, value.strip('"')))
    return out


def make_discarded(pair, path):
    """Opens the file until the kernel drops it."""
    def gone():
        before = counts(pair)["discarded"]
        act("open-many", path, "50")
        return counts(pair)["discarded"] - before >= 50
    wait_for(gone, 30, f"{path} is not discarded")


def opened(pair, rule, path):
    """An open of `path` that this rule must see."""
    facts = act("openat", path)
    alert = pair.wait_alert(by(rule, facts["pid"]))
    assert alert["file"]["path"] == str(path)


def test_a_file_that_no_rule_can_match_is_dropped(pair, place):
    make_discarded(pair, place / "dir/harmless")
    assert ("path", str(place / "dir/harmless")) in dump(pair), "the directory has a file that a rule is about"
    opened(pair, "secret", shutil.copy(place / "dir/harmless", place / "dir/secret"))
    after = counts(pair)
    assert after["seen"] == sum(after[key] for key in ("filtered", "discarded", "delivered", "lost"))


def test_a_directory_below_which_no_rule_can_match(pair, place):
    make_discarded(pair, place / "plain/deep/leaf")
    found = dump(pair)
    assert ("parent", str(place / "plain")) in found, found
    before = counts(pair)["discarded"]
    act("open-many", place / "plain/leaf", "500")
    (place / "plain/deep/another").write_text("x")
    act("open-many", place / "plain/deep/another", "500")
    assert counts(pair)["discarded"] >= before + 1000
    assert not any(path in (str(place), "/tmp", "/") for _, path in found), "rules are about files below these"


def test_new_names_for_what_is_discarded(pair, place):
    """The same inode, by rename, link, symbolic link, bind mount, and in a directory that was renamed."""
    harmless = place / "dir/harmless"
    make_discarded(pair, harmless)
    os.link(harmless, place / "linked")
    opened(pair, "aliased", place / "linked")
    os.rename(harmless, place / "dir/secret")
    opened(pair, "secret", place / "dir/secret")
    os.rename(place / "dir/secret", harmless)
    make_discarded(pair, harmless)
    os.rename(harmless, place / "guarded/now")
    opened(pair, "guarded", place / "guarded/now")
    make_discarded(pair, place / "plain/deep/leaf")
    os.rename(place / "plain", place / "moved")
    opened(pair, "aliased", place / "moved/deep/leaf")


def test_another_file_behind_a_discarded_name(pair, place):
    """What is discarded is the name, and rules are about names: another inode, or a mount, changes nothing for either."""
    other = place / "bound/other"
    make_discarded(pair, other)
    subprocess.run(["mount", "--bind", place / "bound", place / "guarded"], check=True)
    try:
        opened(pair, "guarded", place / "guarded/other")
    finally:
        subprocess.run(["umount", place / "guarded"], check=True)
    (place / "guarded/file").write_text("x")
    opened(pair, "guarded", place / "guarded/file")
    os.unlink(other)
    os.link(place / "guarded/file", other)
    before = counts(pair)["discarded"]
    act("open-many", other, "500")
    assert counts(pair)["discarded"] >= before + 500


def test_a_reload_forgets_all(pair, place):
    harmless = place / "dir/harmless"
    make_discarded(pair, harmless)
    (pair.policies_dir / "discard.policy").write_text(
        f'rules: [{{id: new, expression: open.file.path == "{harmless}" && process.file.name != ""}}]\n')
    assert pair.command("runtime", "policy", "reload").returncode == 0
    opened(pair, "new", harmless)
    assert ("path", str(harmless)) not in dump(pair)


def test_names_of_threads(pair):
    def gone():
        before = counts(pair, "prctl")["discarded"]
        act("prctl-name", "ordinary")
        return counts(pair, "prctl")["discarded"] > before
    wait_for(gone, 30, "the name is not discarded")
    facts = act("prctl-name", "wanted")
    pair.wait_alert(by("named", facts["pid"]))


def test_odd_names_in_a_dump(pair, place):
    odd = place / "dir" / 'quo"te\\ \n: [x]'
    odd.write_text("x")
    make_discarded(pair, odd)
    assert ("path", f'{place}/dir/quo\\"te\\\\ \\x0a: [x]') in dump(pair)
    assert not any(rule_of(alert) == "secret" for alert in pair.alerts())


def test_dns_answers_with_a_code_that_no_rule_wants():
    policies = make_state_dir()
    (policies / "dns.policy").write_text(
        "rules: [{id: missing, expression: dns.response.code == NXDOMAIN && dns.question.type == A}]\n")
    pair = start(policies)
    answer = b"\x12\x34\x81%b\x00\x01\x00\x00\x00\x00\x00\x00\x07vedette\x04test\x00\x00\x01\x00\x01"
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            before = counts(pair, "dns")
            for _ in range(20):
                client.sendto(answer % b"\x80", ("127.0.0.1", 53))  # NOERROR
            client.sendto(answer % b"\x83", ("127.0.0.1", 53))  # NXDOMAIN
            pair.wait_alert(by("missing", os.getpid()))
        after = counts(pair, "dns")
        assert after["discarded"] - before["discarded"] >= 20
        assert after["seen"] == sum(after[key] for key in ("filtered", "discarded", "delivered", "lost"))
    finally:
        finish(pair)
        shutil.rmtree(policies)
