# SPDX-License-Identifier: Apache-2.0
"""Both daemons fed from recorded kernel records: what comes out is known beforehand. No privileges needed."""
import collections
import json
import re
import subprocess

import pytest
from alerts import ancestry, by
from harness import UNLIMITED
from pair import TOP, rule_of, wait_for

DATA = TOP / "tests/data"


def drained(pair):
    """All of the recording has been evaluated."""
    status = pair.status()
    stream = status["probe"].get("stream", {})
    return int(stream.get("nextSequence", 0)) > 1 and (
        int(stream.get("acknowledged", 0)) + 1 == int(stream["nextSequence"]))


@pytest.fixture
def replayed(make_pair):
    """replayed(name, **arguments): a pair that has evaluated tests/data/NAME.rec"""
    def start(name, **arguments):
        arguments.setdefault("agent_settings", UNLIMITED)
        pair = make_pair(replay=DATA / f"{name}.rec", **arguments).start()
        wait_for(lambda: drained(pair), 60, f"{name}.rec is not evaluated", interval=0.1)
        return pair
    return start


def expected(name):
    """tests/data/NAME.expected: how often each rule is raised by the recording"""
    return json.loads((DATA / f"{name}.expected.json").read_text())


def counts(pair):
    return dict(sorted(collections.Counter(rule_of(alert) for alert in pair.alerts()).items()))


@pytest.mark.parametrize("name", ["demo", "default_policy"])
def test_a_recording_raises_what_it_raised_when_it_was_made(replayed, name):
    pair = replayed(name)
    want = expected(name)
    wait_for(lambda: sum(counts(pair).values()) >= sum(want.values()), 30, f"alerts; so far {counts(pair)}")
    assert counts(pair) == want


def test_replays_are_alike(replayed):
    """The same recording gives the same alerts, to the byte, but for what is new in each run."""
    runs = []
    for _ in range(2):
        pair = replayed("demo")
        runs.append([json.dumps(alert, sort_keys=True) for alert in pair.alerts()])
    assert runs[0] and runs[0] == runs[1]


def test_demo_alert_has_the_whole_story(replayed):
    pair = replayed("demo")
    alert = pair.wait_alert(by("credential_shadow_read"))
    assert alert["file"]["path"] == "/etc/shadow"
    assert alert["evt"]["name"] == "open"
    assert ancestry(alert)[0].endswith("/cat")
    assert len(ancestry(alert)) > 2
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", alert["date"])
    for part in ("agent", "title", "evt", "process", "usr"):
        assert part in alert


def test_a_file_of_one_s_own_tunes_the_default_rules(replayed, policies):
    """As docs/rules.md says: trusted programs are merged into a macro, a rule is switched off by its id."""
    directory = policies((TOP / "deploy/policies/default.policy").read_text(), "default.policy")
    (directory / "local.policy").write_text("""
macros:
  - {id: LOCAL_TRUSTED_PROGRAMS, combine: merge, values: [/usr/bin/cat]}
rules:
  - {id: reverse_shell, disabled: true}
""")
    pair = replayed("demo", policies_dir=directory)
    assert counts(pair) == {"exec_from_temporary": 1}


def test_odd_bytes_survive_the_whole_way(replayed, policies):
    """File names with newline, quotes, ESC, invalid UTF-8 (recorded from `act open-odd`): each line is JSON, and the
    path in it stands for the bytes that were on disk."""
    pair = replayed("odd_names", policies_dir=policies(
        'rules: [{id: odd, expression: \'open.file.path =~ "/tmp/odd-names/**"\'}]\n'))
    raw = pair.alerts_path.read_bytes()
    names = set()
    assert not re.search(rb"[\x00-\x09\x0b-\x1f]", raw), "control characters are escaped"
    for alert in pair.alerts():
        text = alert["file"]["path"]
        names.add(b"".join(bytes([ord(c) - 0xF700]) if 0xF780 <= ord(c) <= 0xF7FF else c.encode() for c in text))
    listed = {bytes.fromhex(line) for line in (DATA / "odd_names.hex").read_text().split()}
    assert listed <= names
    shown = subprocess.run([str(pair.binary("security-agent")), "format", "--color", "never"], input=raw,
                           capture_output=True)
    assert shown.returncode == 0
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", shown.stdout), "nothing reaches the terminal raw"
    shown.stdout.decode("utf-8")


def test_what_the_pair_says_of_itself(replayed):
    pair = replayed("demo")
    status = pair.status()
    runtime = status["runtimeSecurityStatus"]
    assert runtime["connected"]
    assert int(runtime["eventReceived"]) > 0
    assert runtime["policiesStatus"][0]["name"] == "default.policy"
    assert status["probe"]["source"].endswith("demo.rec")
    assert pair.expvar("/ready")[0] == 200
    metrics = pair.metrics()
    alerts = sum(value for name, value in metrics.items() if re.match(r"vedette_agent_alerts_total\b", name))
    assert alerts == len(pair.alerts())


def test_replay_of_a_damaged_file_is_refused(make_pair, state_dir):
    good = (DATA / "demo.rec").read_bytes()
    wrong_version = good[:8] + bytes([good[8] ^ 0x40]) + good[9:]
    for name, data in {"empty": b"", "text": b"hello\n" * 10, "cut": good[:-7], "version": wrong_version}.items():
        file = state_dir / name
        file.write_bytes(data)
        pair = make_pair(replay=file)
        pair.prepare()
        pair.start_probe()
        assert pair.probe.wait(10) == 1, name
        assert str(file) in pair.log_tails("system-probe"), name
