# SPDX-License-Identifier: Apache-2.0
"""The default rules on the real kernel: each one raised by what it is for, and not by what looks alike."""
import pathlib
import re
import subprocess
import time

import demo
import pytest
from alerts import ancestry, by, rules
from pair import TOP, rule_of
from policy_cases import CASES, descends_from, perform

POLICY = TOP / "deploy/policies/default.policy"


def rules_of_policy():
    text = POLICY.read_text().split("\nrules:\n")[1]
    return re.findall(r"^  - id: (\w+)$", text, re.M)


def test_every_rule_has_its_case():
    assert sorted(rules_of_policy()) == sorted(CASES)


def test_every_rule_names_tactic_and_technique():
    text = POLICY.read_text().split("\nrules:\n")[1]
    for rule in re.split(r"^  - id: ", text, flags=re.M)[1:]:
        assert re.search(r"tactic: TA\d{4}-[a-z-]+, technique: T\d{4}(\.\d{3})?-[a-z-]+, "
                         r"severity: (low|medium|high|critical)", rule), rule
        assert "description: " in rule


def test_the_policy_loads_without_complaint(guarded):
    done = guarded.command("runtime", "policy", "check", "--policies-dir", str(guarded.policies_dir))
    assert done.returncode == 0, done.stdout + done.stderr
    for policy in guarded.status()["runtimeSecurityStatus"]["policiesStatus"]:
        wrong = [rule for rule in policy["status"] if rule["status"] != "loaded"]
        assert not wrong, wrong


def settle(pair):
    """Whatever happened before this returns has been evaluated."""
    marker = perform("cat /etc/shadow > /dev/null")
    pair.wait_alert(lambda alert: rule_of(alert) == "credential_shadow_read" and descends_from(alert, marker))


@pytest.mark.parametrize("rule", CASES)
def test_rule(guarded, rule):
    positive, negative = CASES[rule]
    marker = perform(positive)
    alert = guarded.wait_alert(lambda alert: rule_of(alert) == rule and descends_from(alert, marker))
    tags = next(matched["tags"] for matched in alert["evt"]["matched_rules"] if matched["id"] == rule)
    assert any(tag.startswith("technique:T") for tag in tags) and any(tag.startswith("tactic:TA") for tag in tags)
    marker = perform(negative)
    settle(guarded)
    wrong = [alert for alert in guarded.alerts() if rule_of(alert) == rule and descends_from(alert, marker)]
    assert not wrong, f"raised by: {negative}: {ancestry(wrong[0])}"


def test_shadow_by_an_ordinary_shell(guarded):
    """What the README promises: `cat /etc/shadow` in a shell is one alert that says who did it."""
    process = subprocess.Popen(["sh", "-c", "cat /etc/shadow; :"], stdout=subprocess.DEVNULL)
    process.wait()
    alert = guarded.wait_alert(lambda alert: rule_of(alert) == "credential_shadow_read"
                               and any(a.get("pid") == process.pid for a in alert["process"].get("ancestors", [])))
    assert alert["file"]["path"] == "/etc/shadow"
    assert alert["process"]["args"] == ["/etc/shadow"]
    assert ancestry(alert)[0].endswith("/cat")
    assert alert["title"] and alert["agent"]["policy_name"] == "default.policy"


def test_the_demo_raises_three_different_rules(guarded):
    before = len(guarded.alerts())
    demo.perform(lambda _: None)
    expected = {"credential_shadow_read", "exec_from_temporary", "reverse_shell"}
    for rule in expected:
        guarded.wait_alert(by(rule))
    settle(guarded)
    assert expected <= set(rules(guarded.alerts()[before:]))


def test_a_quiet_minute_of_ordinary_work(guarded):
    """Package lists, users, logs, a compile: not one alert."""
    before = len(guarded.alerts())
    script = ("dpkg -l > /dev/null; apt-cache policy > /dev/null 2>&1; id; getent passwd > /dev/null;"
              " ps aux > /dev/null; find /etc -maxdepth 1 > /dev/null; mount > /dev/null;"
              " tar cf /dev/null /etc/apt 2> /dev/null; echo 'int main(void){return 0;}' | cc -x c -c -o /dev/null -;"
              " git --version; true")
    assert subprocess.run(["sh", "-c", script], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    time.sleep(0.2)
    settle(guarded)
    new = [alert for alert in guarded.alerts()[before:] if not any(
        "vedette-case" in word for image in alert["process"].get("ancestors", []) for word in image.get("args", []))]
    assert not new, [(rule_of(alert), ancestry(alert)) for alert in new]


def test_repository_holds_no_other_policy_by_that_name():
    assert [path.name for path in pathlib.Path(TOP / "deploy/policies").glob("*.policy")] == ["default.policy"]
