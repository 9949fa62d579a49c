# SPDX-License-Identifier: Apache-2.0
"""The self-test on the real kernel: what it does is seen, or it says that it was not."""
import json

import pytest
from conftest import finish, start
from pair import wait_for

ACTS = {"open", "chmod", "chown", "exec", "connect"}


@pytest.fixture(name="pair")
def pair_that_wants_nothing(policies):
    """No rule of the policy needs the events that the self-test is about."""
    pair = start(policies('rules:\n  - id: never\n    expression: exec.file.path == "/no/such/program"\n'))
    yield pair
    finish(pair)


def self_test(pair):
    status, _, body = pair.client.request("POST", "/agent/self-test")
    assert status == 200, body
    return json.loads(body)


def report_of(pair):
    whole = pair.alerts_path.read_text().rpartition("\n")[0]  # a line may be on its way into the file
    lines = map(json.loads, whole.splitlines())
    return next((line for line in lines if line["agent"]["rule_id"] == "self_test"), None)


def seen(pair, event_type):
    return {row["eventType"]: int(row.get("delivered", 0)) for row in pair.status()["probe"]["events"]}.get(event_type, 0)


def test_what_is_done_is_seen_and_not_collected_afterwards(pair):
    outcome = self_test(pair)
    assert outcome["Error"] == ""
    assert set(outcome["Success"]) == ACTS
    assert outcome["Fails"] == []
    assert all(0 < outcome["LatencyUs"][name] < 5_000_000 for name in ACTS)
    report = wait_for(lambda: report_of(pair), 10, "the self_test event")
    assert set(report["success"]) == ACTS
    assert {event["evt"]["name"] for event in report["test_events"]} == ACTS
    assert set(pair.status()["runtimeSecurityStatus"]["selfTests"]["Success"]) == ACTS
    assert not list(pair.state_dir.glob("self-test-*"))
    assert not pair.alerts()
    assert pair.metrics()['vedette_agent_self_test_ok{test="connect"}'] == 1
    connects = seen(pair, "connect")
    assert connects > 0
    pair.command("version", "--remote")  # connects; nobody wants to know
    assert seen(pair, "connect") == connects


def test_by_command(pair):
    done = pair.command("runtime", "self-test")
    assert (done.returncode, done.stdout) == (0, "Runtime self test: OK\n"), done.stderr


def test_without_the_probe_it_fails_and_says_so(pair):
    pair.stop_probe()
    wait_for(lambda: not pair.status()["runtimeSecurityStatus"]["connected"], 10, "the agent notices")
    outcome = self_test(pair)
    assert set(outcome["Fails"]) == ACTS
    assert "no connection to the probe" in outcome["Error"]
    done = pair.command("runtime", "self-test")
    assert done.returncode == 1
    assert "no connection to the probe" in done.stderr
    pair.start_probe()
    pair.wait_ready()
