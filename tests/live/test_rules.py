# SPDX-License-Identifier: Apache-2.0
"""Rules that remember, act, and change while the pair runs."""
import signal

import pytest
from acts import act, acts
from alerts import by
from conftest import finish, start
from harness import make_state_dir
from pair import rule_of, wait_for

MEMORY = """
rules:
  - id: secret_read
    expression: process.file.name == "act" && open.file.name == "secret"
    silent: true
    actions:
      - set: {name: reader, scope: process, value: true, inherited: true}
      - set: {name: reads, append: true, field: process.pid}
      - log: {level: warning, message: the secret was read}
  - id: reader_connected
    expression: process.file.name == "act" && connect.addr.port == 9 && ${process.reader}
  - id: reader_ran
    expression: exec.file.name == "true" && ${process.reader}
  - id: first_of_name
    expression: process.file.name == "act" && open.file.name == ~"first-*" && open.file.name not in ${cgroup.known}
    actions:
      - set: {name: known, scope: cgroup, append: true, size: 1000, field: open.file.name}
  - id: told
    expression: process.file.name == "act" && open.file.name == "told"
  - id: never
    expression: process.file.name == "act" && open.file.name == "told" && ${reads.length} > 1000000
"""


@pytest.fixture(scope="module")
def memory():
    policies = make_state_dir()
    (policies / "memory.policy").write_text(MEMORY)
    pair = start(policies)
    yield pair
    finish(pair)


@pytest.fixture
def told(state_dir):
    """told(pair): everything that happened before it returns was decided."""
    def ask(pair):
        facts = act("openat", state_dir / "told", "creat,wo")
        pair.wait_alert(by("told", facts["pid"]))
    return ask


def figures(pair):
    """{rule: what status says of it}"""
    policies = pair.status()["runtimeSecurityStatus"]["policiesStatus"]
    return {rule["id"]: rule for policy in policies for rule in policy["status"]}


def alerts_of(pair, rule):
    return [alert for alert in pair.alerts() if rule_of(alert) == rule]


def test_one_event_decides_another_of_the_same_process_only(memory, state_dir, told):
    (state_dir / "secret").write_text("x")
    reader = acts("in-turn", "openat", state_dir / "secret", "--", "connect4", "127.0.0.1", "9")[0]
    stranger = act("connect4", "127.0.0.1", "9")
    memory.wait_alert(by("reader_connected", reader["pid"]))
    told(memory)
    assert not any(by("reader_connected", stranger["pid"])(alert) for alert in memory.alerts())
    assert not alerts_of(memory, "secret_read"), "a silent rule acts and says nothing"


def test_children_inherit_what_their_parent_did(memory, state_dir, told):
    (state_dir / "secret").write_text("x")
    acts("in-turn", "exec-burst", "1", "--", "openat", state_dir / "secret", "--", "exec-burst", "3")
    wait_for(lambda: len(alerts_of(memory, "reader_ran")) >= 3, 15, "three children of the reader")
    told(memory)
    assert len(alerts_of(memory, "reader_ran")) == 3, "the child of before the reading is none"


def test_a_cgroup_remembers_the_names_it_has_seen(memory, state_dir, told):
    for name in ("first-a", "first-b", "first-a", "first-a", "first-b"):
        act("openat", state_dir / name, "creat,wo")
    told(memory)
    seen = sorted(alert["file"]["name"] for alert in alerts_of(memory, "first_of_name"))
    assert seen == ["first-a", "first-b"]


def test_a_log_action_writes_to_the_agents_log(memory, state_dir, told):
    (state_dir / "secret").write_text("x")
    act("openat", state_dir / "secret")
    told(memory)
    lines = memory.log_path("security-agent").read_text().splitlines()
    said = [line for line in lines if "the secret was read" in line]
    assert said and all("secret_read" in line and "WARN" in line.upper() for line in said)


def test_status_counts_hits_and_shows_what_rules_remember(memory, state_dir, told):
    (state_dir / "secret").write_text("x")
    before = figures(memory)
    reader = act("openat", state_dir / "secret")
    told(memory)
    after = figures(memory)
    assert after["secret_read"]["hits"] == before["secret_read"]["hits"] + 1
    assert after["secret_read"]["alerts"] == 0
    assert after["told"]["alerts"] == before["told"]["alerts"] + 1
    assert after["never"]["hits"] == 0
    remembered = memory.status()["runtimeSecurityStatus"]
    assert reader["pid"] in remembered["seclGlobalVariables"]["reads"]
    assert remembered["variables"]["bytes"] > 0
    text = memory.client.request("GET", "/agent/status?format=text&verbose=true")[2]
    assert "secret_read: loaded, " in text and "reads" in text


# -- policies change while the pair runs -------------------------------------------

WATCHED = 'rules: [{id: %s, expression: process.file.name == "act" && open.file.name == "told"}]\n'


@pytest.fixture
def reloading():
    policies = make_state_dir()
    (policies / "changing.policy").write_text(WATCHED % "one")
    pair = start(policies)
    yield pair, policies / "changing.policy"
    finish(pair)


def loaded(pair):
    return {name for name, rule in figures(pair).items() if rule["status"] == "loaded"}


def check_in_force(pair, state_dir, rule):
    wait_for(lambda: loaded(pair) == {rule}, 15, f"{rule} is in force")
    facts = act("openat", state_dir / "told", "creat,wo")
    assert rule_of(pair.wait_alert(lambda alert: alert.get("process", {}).get("pid") == facts["pid"])) == rule


def test_a_changed_file_is_loaded_by_itself(reloading, state_dir):
    pair, policy = reloading
    check_in_force(pair, state_dir, "one")
    policy.write_text(WATCHED % "two")
    check_in_force(pair, state_dir, "two")
    aside = policy.with_suffix(".new")
    aside.write_text(WATCHED % "three")
    aside.replace(policy)
    check_in_force(pair, state_dir, "three")


def test_a_broken_file_leaves_the_rules_of_before_and_is_said(reloading, state_dir):
    pair, policy = reloading
    policy.write_text("rules: [{id: two, expression: ")
    failures = "vedette_agent_policy_load_failures_total"
    wait_for(lambda: pair.metrics().get(failures, 0) == 1, 15, "the failure is counted")
    check_in_force(pair, state_dir, "one")
    assert pair.metrics()["vedette_agent_policy_last_load_ok"] == 0
    done = pair.command("runtime", "policy", "reload")
    assert done.returncode == 1 and "changing.policy" in done.stdout + done.stderr
    check_in_force(pair, state_dir, "one")
    assert "changing.policy" in pair.client.request("GET", "/agent/status?format=text")[2]
    policy.write_text(WATCHED % "two")
    check_in_force(pair, state_dir, "two")
    assert pair.metrics()["vedette_agent_policy_last_load_ok"] == 1


def by_signal(pair):
    pair.agent.send_signal(signal.SIGHUP)


def by_api(pair):
    status, _, body = pair.client.request("POST", "/agent/policies/reload")
    assert status == 200, body


def by_command(pair):
    done = pair.command("runtime", "policy", "reload")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("ask", [by_signal, by_api, by_command])
def test_policies_are_loaded_again_when_asked(state_dir, ask):
    policies = make_state_dir()
    (policies / "changing.policy").write_text(WATCHED % "one")
    pair = start(policies, settings={"runtime_security_config.policies.watch_dir": "false"})
    try:
        (policies / "changing.policy").write_text(WATCHED % "two")
        check_in_force(pair, state_dir, "one")
        ask(pair)
        check_in_force(pair, state_dir, "two")
    finally:
        finish(pair)
