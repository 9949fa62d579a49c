# SPDX-License-Identifier: Apache-2.0
"""The commands for people who write rules: what they print, and their exit codes."""
import collections
import http.client
import json
import subprocess
import threading
import xml.etree.ElementTree

import pytest
from harness import NO_HASHES
from pair import TOP, PairError, rule_of, wait_for

DEFAULT = TOP / "deploy/policies/default.policy"
DATA = TOP / "tests/data"
NETCAT = {"type": "exec", "values": {"exec.file.path": "/usr/bin/nc", "exec.argv": ["-e", "/bin/sh"]}}


@pytest.fixture
def tool(build):
    """tool(words..., stdin=""): `security-agent runtime WORDS...`, finished"""
    def run(*words, stdin="", cwd=None):
        return subprocess.run([str(build.absolute() / "security-agent/security-agent"), "runtime", *map(str, words)],
                              input=stdin, capture_output=True, text=True, timeout=120, cwd=cwd)
    return run


def evaluate(tool, event, *words):
    return tool("policy", "eval", "--event-file", "-", *words, stdin=event if isinstance(event, str) else json.dumps(event))


def test_eval_says_whether_a_rule_matches(tool):
    for argv, matches in ((["-e", "/bin/sh"], True), (["-z", "localhost"], False)):
        event = {"type": "exec", "values": {"exec.file.path": "/usr/bin/nc", "exec.argv": argv}}
        done = evaluate(tool, event, "--rule-id", "reverse_shell", "--file", DEFAULT, "--json")
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert report["Succeeded"] is matches
        assert report["Event"]["values"]["exec.file.name"] == "nc"
        assert "Error" not in report
        text = evaluate(tool, event, "--rule-id", "reverse_shell", "--file", DEFAULT)
        assert text.stdout == f"reverse_shell {'matches' if matches else 'does not match'}\n"


def test_eval_of_an_expression_with_variables_and_macros(tool):
    event = dict(NETCAT, variables={"count": 3})
    assert json.loads(evaluate(tool, event, "--expression", "exec.file.name == \"nc\" && ${count} > 2",
                               "--json").stdout)["Succeeded"] is True
    assert json.loads(evaluate(tool, NETCAT, "--expression", "exec.file.name in SHELLS", "--file", DEFAULT,
                               "--json").stdout)["Succeeded"] is False


@pytest.mark.parametrize(("event", "words", "message"), [
    (NETCAT, ["--expression", "exec.file.nam == \"nc\""], "exec.file.name"),
    (NETCAT, ["--rule-id", "reverse_shel", "--file", DEFAULT], "did you mean 'reverse_shell'"),
    (NETCAT, ["--rule-id", "x", "--file", "/nonexistent.policy"], "/nonexistent.policy"),
    ({"type": "exec", "values": {"exec.file.pth": 1}}, ["--expression", "true"], "standard input:1:29"),
    ("{", ["--expression", "true"], "standard input:1:2"),
])
def test_eval_refuses_what_is_not_valid_and_says_where(tool, event, words, message):
    done = evaluate(tool, event, *words, "--json")
    assert done.returncode == 2
    assert message in done.stderr
    report = json.loads(done.stdout)
    assert report["Succeeded"] is False
    assert report["Error"]


def test_wrong_usage_is_2(tool):
    assert tool("policy", "eval", "--event-file", "-").returncode == 2
    assert tool("policy", "diff", "x").returncode == 2
    assert tool("replay").returncode == 2


def test_every_default_rule_has_tests_and_passes_them(tool):
    done = tool("policy", "test", TOP / "deploy/policies", "--coverage", "--json")
    report = json.loads(done.stdout)
    assert report["untested"] == []
    assert [test["name"] for test in report["tests"] if not test["ok"]] == []
    assert report["passed"] >= 40
    assert done.returncode == 0, done.stderr


@pytest.fixture
def failing(policies):
    directory = policies('rules: [{id: one, expression: open.file.path == "/a"}, '
                         '{id: two, expression: open.file.path == "/b"}]')
    (directory / "tests").mkdir()
    (directory / "tests/some.test.yaml").write_text("""
tests:
  - {name: "good & <right>", type: open, values: {open.file.path: /a}, expect: [one], excludes: [two]}
  - {name: wrong, type: open, values: {open.file.path: /a}, expect: [two]}
""")
    return directory


def test_a_failing_test_is_1_in_every_format(tool, failing):
    tap = tool("policy", "test", failing)
    assert tap.returncode == 1
    assert tap.stdout.splitlines()[:4] == ["TAP version 13", "1..2", "ok 1 - good & <right>", "not ok 2 - wrong"]
    assert "some.test.yaml:4" in tap.stdout and "expected two to match, it was one" in tap.stdout
    junit = tool("policy", "test", failing, "--junit")
    suites = xml.etree.ElementTree.fromstring(junit.stdout)
    assert (suites.get("tests"), suites.get("failures")) == ("2", "1")
    assert [case.get("name") for case in suites.iter("testcase")] == ["good & <right>", "wrong"]
    report = json.loads(tool("policy", "test", failing, "--json", "--coverage").stdout)
    assert report["failed"] == 1
    assert report["untested"] == [{"rule": "one", "positive": True, "negative": False},
                                  {"rule": "two", "positive": False, "negative": True}]


def test_tests_that_are_not_valid_are_2(tool, failing, tmp_path):
    assert tool("policy", "test", tmp_path).returncode == 2
    file = failing / "tests/some.test.yaml"
    file.write_text("tests: [{name: a, type: open, expect: [onne]}]")
    done = tool("policy", "test", failing)
    assert done.returncode == 2
    assert "some.test.yaml:1" in done.stderr and "did you mean 'one'" in done.stderr
    file.write_text("tests: [{name: a, type: open, expect: []}]")
    assert tool("policy", "test", file).returncode == 0
    assert tool("policy", "test", cwd=failing).returncode == 0
    (failing / "test.policy").write_text("rules: [{id: one, expression: open.file.pth == 1}]")
    assert tool("policy", "test", failing).returncode == 2


def alerts_of(text):
    return dict(sorted(collections.Counter(rule_of(json.loads(line)) for line in text.splitlines()).items()))


def test_replay_of_a_recorded_stream(tool):
    expected = json.loads((DATA / "demo.expected.json").read_text())
    runs = [tool("replay", DATA / "demo.stream", "--file", DEFAULT) for _ in range(3)]
    assert all(run.returncode == 0 for run in runs), runs[0].stderr
    assert alerts_of(runs[0].stdout) == expected
    assert len({run.stdout for run in runs}) == 1
    summary = json.loads(tool("replay", DATA / "demo.stream", "--file", DEFAULT, "--json").stderr)
    assert summary["alerts"] == sum(expected.values())


def test_replay_of_a_damaged_stream(tool, tmp_path):
    good = (DATA / "demo.stream").read_bytes()
    cut = tmp_path / "cut"
    cut.write_bytes(good[:-1])
    done = tool("replay", cut, "--file", DEFAULT)
    assert done.returncode == 2
    assert "at offset" in done.stderr
    cut.write_bytes(b"hello")
    assert tool("replay", cut, "--file", DEFAULT).returncode == 2
    assert tool("replay", tmp_path / "none", "--file", DEFAULT).returncode == 2


def test_diff(tool, policies):
    text = DEFAULT.read_text()
    old = policies(text, "default.policy")
    assert tool("policy", "diff", old, old, "--replay", DATA / "demo.stream").returncode == 0
    new = policies(text.replace("id: cron_change", "id: cron_changed")
                   .replace("exec.file.path in [~\"/tmp/**\"", "exec.file.path in [~\"/tmpx/**\""), "default.policy")
    (new / "more.policy").write_text("rules: [{id: credential_shadow_read, disabled: true}]")
    done = tool("policy", "diff", old, new, "--replay", DATA / "demo.stream", "--json")
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert (report["added"], report["removed"]) == (["cron_changed"], ["cron_change"])
    disabled, changed = report["changed"]
    assert (disabled["rule"], disabled["after"]["status"]) == ("credential_shadow_read", "filtered")
    assert (changed["rule"], list(changed["before"])) == ("exec_from_temporary", ["expression"])
    assert [alert["rule"] for alert in report["alerts"]["disappeared"]] == ["credential_shadow_read"]
    assert report["alerts"]["appeared"] == []
    shown = tool("policy", "diff", old, new, "--replay", DATA / "demo.stream").stdout
    assert "- rule cron_change\n" in shown and "+ rule cron_changed\n" in shown
    assert "- alert credential_shadow_read: " in shown
    assert tool("policy", "diff", old, "/nonexistent").returncode == 2


def recording(pair):
    """State of the agent's recording; {} while the agent is starting"""
    try:
        return pair.client.get_json("/agent/record")
    except (OSError, PairError, ValueError, http.client.HTTPException):
        return {}


def record(pair, output, duration="5s"):
    """Starts recording, then the probe; the finished command."""
    done = []
    pair.prepare()
    pair.start_agent()
    wait_for(lambda: recording(pair), 30, "the agent has no API", interval=0.1)
    thread = threading.Thread(target=lambda: done.append(
        pair.command("runtime", "record", "--output", str(output), "--duration", duration, "--json")))
    thread.start()
    wait_for(lambda: recording(pair).get("bytes"), 30, "the recording does not begin", interval=0.1)
    assert pair.client.request("POST", "/agent/record", "duration=1&max_bytes=1")[0] == 409, "one at a time"
    pair.start_probe()
    thread.join()
    return done[0]


def test_what_a_running_agent_records_can_be_replayed(tool, make_pair, tmp_path):
    pair = make_pair(replay=DATA / "demo.rec", agent_settings=NO_HASHES)
    output = tmp_path / "stream"
    done = record(pair, output)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["ended"] == "duration" and report["events"] > 0
    assert output.stat().st_mode & 0o777 == 0o600
    replayed = tool("replay", output, "--policies-dir", TOP / "deploy/policies")
    assert replayed.returncode == 0, replayed.stderr
    live = [dict(alert, evt=dict(alert["evt"], source="replay")) for alert in pair.alerts()]
    assert [json.loads(line) for line in replayed.stdout.splitlines()] == live
    assert recording(pair)["state"] == "none"
    for form in ("", "duration=5", "duration=x&max_bytes=1", "duration=1000000000&max_bytes=1000000000000"):
        assert pair.client.request("POST", "/agent/record", form)[0] == 400, form
    assert pair.client.request("GET", "/agent/record/data?offset=0")[0] == 404


def test_record_without_an_agent_is_3(tool, make_pair, tmp_path):
    pair = make_pair()
    pair.prepare()
    done = pair.command("runtime", "record", "--output", str(tmp_path / "x"))
    assert done.returncode == 3
    assert not (tmp_path / "x").exists()
