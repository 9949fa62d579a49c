# SPDX-License-Identifier: Apache-2.0
"""A flood of opens from one cgroup hides nothing: what an attacker does beside it is seen, and what is lost is said."""
import json
import pathlib
import shutil
import subprocess
import time

import pytest
from acts import binary
from conftest import finish, start
from harness import NO_HASHES, make_state_dir
from pair import rule_of, wait_for

CGROUPS = pathlib.Path(next((line.split()[1] for line in open("/proc/mounts") if line.split()[2] == "cgroup2"), ""))

POLICY = """
rules:
  - id: attack
    expression: exec.file.name == "true" && exec.argv in ["attack-inside", "attack-outside"]
  - id: every_open
    description: keeps the kernel from dropping opens
    expression: process.file.name == "act" && open.retval >= 0
"""


@pytest.fixture
def cgroup():
    """cgroup(name): a cgroup of its own, removed at the end."""
    made = []

    def make(name):
        path = CGROUPS / f"vedette-test-{name}"
        path.mkdir()
        made.append(path)
        return path

    yield make
    for path in made:
        wait_for(lambda path=path: "populated 0" in (path / "cgroup.events").read_text(), 20, f"{path} is empty")
        path.rmdir()


def inside(group, *command, **options):
    """The command, from its first instruction in this cgroup."""
    script = 'echo $$ > "$1/cgroup.procs"; shift; exec "$@"'
    return subprocess.Popen(["sh", "-c", script, "sh", str(group), *map(str, command)], stdout=subprocess.DEVNULL,
                            **options)


def ledger(pair):
    """{event type: {seen, filtered, delivered, lost by reason}} of the probe"""
    return {row["eventType"]: {**{key: int(row.get(key, 0)) for key in ("seen", "filtered", "delivered")},
                               "lost": {reason: int(count) for reason, count in row.get("lost", {}).items()}}
            for row in pair.status()["probe"]["events"]}


def reported(pair):
    """What `lost_events` said so far, entry by entry."""
    lines = (json.loads(line) for line in pair.alerts_path.read_text().splitlines())
    return [lost for line in lines if rule_of(line) == "lost_events" for lost in line["lost"]]


def test_a_flood_hides_nothing_and_is_accounted_for(state_dir, cgroup, capsys):
    policies = make_state_dir()
    (policies / "flood.policy").write_text(POLICY)
    # Small rings, so that the flood fills them in no time.
    pair = start(policies, agent_settings=NO_HASHES,
                 probe_settings={"system_probe_config.ring_buffer_size": "1MiB",
                                 "system_probe_config.reserved_ring_buffer_size": "4MiB"})
    try:
        noisy, calm = cgroup("noisy"), cgroup("calm")
        quiet = state_dir / "flood"  # the same program under a name that no rule knows
        shutil.copy(binary(), quiet)
        (state_dir / "file").write_text("x")
        floods = [inside(noisy, quiet, "open-many", state_dir / "file", 3000000) for _ in range(2)]
        wait_for(lambda: sum(ledger(pair)["open"]["lost"].values()) > 0, 60, "the flood is more than the ring takes")
        assert inside(noisy, "/bin/true", "attack-inside").wait() == 0
        assert inside(calm, "/bin/true", "attack-outside").wait() == 0
        calm_opens = inside(calm, binary(), "open-many", state_dir / "file", 50)
        assert calm_opens.wait() == 0
        for word in ("attack-inside", "attack-outside"):
            pair.wait_alert(lambda alert, word=word: rule_of(alert) == "attack" and word in alert["process"]["args"], 30)
        for flood in floods:
            flood.kill()
            flood.wait()
        ended = time.monotonic()

        def balanced():
            now = ledger(pair)
            lost = {kind: sum(row["lost"].values()) for kind, row in now.items()}
            if now["open"]["seen"] != now["open"]["delivered"] + lost["open"]:
                return None
            return now
        now = wait_for(balanced, 30, "seen = delivered + lost for opens")
        recovered = time.monotonic() - ended
        for kind in ("exec", "fork", "exit", "setuid"):
            assert not now[kind]["lost"], f"{kind}: {now[kind]['lost']}"
        total = sum(now["open"]["lost"].values())

        def said():
            entries = [lost for lost in reported(pair) if lost["event_type"] == "open"]
            return entries if sum(lost["count"] for lost in entries) >= total else None
        entries = wait_for(said, 10, "every lost open is in a lost_events line within 10 s")
        assert sum(lost["count"] for lost in entries) == total
        assert all(lost["from"] <= lost["to"] for lost in entries if "from" in lost)
        of = {"noisy": noisy.stat().st_ino, "calm": calm.stat().st_ino}
        by_cgroup = {name: sum(lost["count"] for lost in entries if lost.get("cgroup_id") == inode)
                     for name, inode in of.items()}
        assert by_cgroup["noisy"] > total * 0.9, "whose events they were is known"
        assert by_cgroup["calm"] == 0, "the neighbour lost none of its own"
        with capsys.disabled():
            print(f"\nflood: {now['open']['seen']} opens, {now['open']['delivered']} delivered, lost "
                  f"{now['open']['lost']}, by cgroup {by_cgroup}; balanced {recovered:.1f} s after its end; execs lost 0")
        assert recovered < 20
    finally:
        finish(pair)
        shutil.rmtree(policies)
