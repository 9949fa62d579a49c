# SPDX-License-Identifier: Apache-2.0
"""Filters in the kernel only ever save work: the alerts are those that there would be without them."""
import random
import shutil
import subprocess

import pytest
from acts import act
from alerts import by
from conftest import finish, start
from harness import NO_HASHES, make_state_dir
from pair import rule_of

POLICY = """
rules:
  - id: exact
    expression: open.file.name == "secret.key"
  - id: path
    expression: open.file.path in ["{place}/etc/shadow", "{place}/bound/inner"]
  - id: prefix
    expression: open.file.name == ~"id_*" && open.file.name != "id_rsa.pub"
  - id: below
    expression: open.file.path == ~"{place}/cron.d/*"
  - id: created
    expression: open.file.path == ~"{place}/**" && open.flags & O_CREAT > 0
  - id: deep
    expression: open.file.path == ~"{place}/d/**"
  - id: told
    expression: open.file.name == "told"
"""

NAMES = ["secret.key", "secret.keys", "shadow", "id_rsa", "id_rsa.pub", "id_", "id", "inner", "ordinary", "cron.d",
         "x" * 70, "id_" + "y" * 80]
PLACES = ["etc", "cron.d", "plain", "bound", "plain/..", "d/e/f", "plain/below", "plain/below/f"]
FLAGS = ["ro", "wo", "rw", "creat,wo", "creat,excl,rw", "ro,nofollow", "path", "ro,dir"]


@pytest.fixture
def place():
    """Directories with files, links and a bind mount that begins below another name."""
    path = make_state_dir()
    for folder in ("etc", "cron.d", "plain", "bound"):
        (path / folder).mkdir()
        for name in NAMES:
            if not (path / folder / name).exists() and len(name) < 75:
                (path / folder / name).write_text("x")
    (path / "d/e/f").mkdir(parents=True)
    (path / "d/e/f/ordinary").write_text("x")
    (path / "plain/link").symlink_to("../etc/shadow")
    (path / "plain/below").symlink_to("../d/e")
    (path / "other").mkdir()
    (path / "other/elsewhere").write_text("x")
    (path / "bound/inner").write_text("x")
    subprocess.run(["mount", "--bind", path / "other/elsewhere", path / "bound/inner"], check=True)
    yield path
    subprocess.run(["umount", path / "bound/inner"], check=True)
    shutil.rmtree(path)


def found(pair, ended):
    pair.wait_alert(by("told", ended), timeout=30)
    return sorted((rule_of(alert), alert["process"]["pid"], alert["file"]["path"], alert["evt"]["outcome"])
                  for alert in pair.alerts()
                  if rule_of(alert) != "told" and alert["process"].get("argv0", "").endswith("act"))


def filtered(pair):
    row = next(row for row in pair.status()["probe"]["events"] if row["eventType"] == "open")
    return int(row.get("filtered", 0)), int(row["seen"])


def test_alerts_are_the_same_with_and_without(place, capsys):
    """Two pairs watch the same random opens on the same kernel, one filtering in the kernel."""
    policies = make_state_dir()
    (policies / "filters.policy").write_text(POLICY.format(place=place))
    on = start(policies, agent_settings=NO_HASHES)
    off = start(policies, agent_settings=NO_HASHES,
                probe_settings={"system_probe_config.kernel_filters": "false"})
    try:
        chance = random.Random(20261122)
        for _ in range(12):
            words = []
            for _ in range(25):
                folder, name = chance.choice(PLACES), chance.choice(NAMES)
                if chance.random() < 0.1:
                    name = "link"
                words += ["--"] if words else []
                words += ["openat", place / folder / name, chance.choice(FLAGS)]
            act("in-turn", *words)
        ended = act("openat", place / "told", "creat,wo")["pid"]
        with_filters, without = found(on, ended), found(off, ended)
        assert with_filters == without
        assert {rule for rule, *_ in without} == {"exact", "path", "prefix", "below", "created", "deep"}
        dropped, seen = filtered(on)
        assert dropped > 0, "the kernel dropped something"
        assert filtered(off)[0] == 0
        with capsys.disabled():
            print(f"\nfilters: {len(without)} alerts each way; the kernel dropped {dropped} of {seen} opens")
    finally:
        finish(on)
        finish(off)
        shutil.rmtree(policies)


def test_only_what_rules_need_is_collected(place):
    policies = make_state_dir()
    (policies / "connect.policy").write_text("rules: [{id: connects, expression: connect.addr.port == 9}]\n")
    pair = start(policies)
    try:
        act("connect4", "127.0.0.1", "9")
        pair.wait_alert(by("connects"))
        before = filtered(pair)
        act("open-many", place / "etc/shadow", "500")
        act("connect4", "127.0.0.1", "9")
        assert filtered(pair)[1] == before[1], "no rule is about opens: none is looked at"
        (policies / "connect.policy").write_text("rules: [{id: opens, expression: open.file.name == \"shadow\"}]\n")
        assert pair.command("runtime", "policy", "reload").returncode == 0
        facts = act("openat", place / "etc/shadow")
        pair.wait_alert(by("opens", facts["pid"]))
    finally:
        finish(pair)
        shutil.rmtree(policies)


def test_names_of_every_length_are_known_whole(place):
    """A dentry has short names within and long ones elsewhere; where the limit is depends on the kernel."""
    names = ["".join(chr(ord("a") + (n + 7 * i) % 26) for i in range(n)) for n in range(1, 72)]
    listed = {str(place / name / name) for name in names}
    for name in names:
        (place / name).mkdir()
        for file in (name, name[:-1] + "_"):
            (place / name / file).write_text("x")
    policies = make_state_dir()
    (policies / "names.policy").write_text(f"""
rules:
  - id: named
    expression: open.file.name in [{", ".join(f'"{name}"' for name in names)}] && process.file.name == "act"
  - id: told
    expression: open.file.name == "told_last"
""")
    pair = start(policies, agent_settings=NO_HASHES)
    try:
        words = [word for name in names for file in (name, name[:-1] + "_")
                 for word in ("--", "openat", place / name / file, "ro")]
        act("in-turn", *words[1:])
        ended = act("openat", place / "told_last", "creat,wo")["pid"]
        pair.wait_alert(by("told", ended), timeout=30)
        assert sorted(alert["file"]["path"] for alert in pair.alerts() if rule_of(alert) == "named") == sorted(listed)
        assert filtered(pair)[0] >= len(names)
    finally:
        finish(pair)
        shutil.rmtree(policies)
