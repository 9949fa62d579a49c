# SPDX-License-Identifier: Apache-2.0
"""Execs that no rule can match stay in the probe, and nothing that a user sees is missing for it."""
import contextlib
import pathlib
import shutil
import subprocess
import time

from alerts import by
from conftest import finish, start
from harness import make_state_dir
from pair import wait_for

LIFECYCLE = ("fork", "exec", "exit")
QUIET = 200


def counts(pair):
    """Of each type of process event: seen, delivered, filtered."""
    rows = {row["eventType"]: row for row in pair.status()["probe"]["events"]}
    return {name: tuple(int(rows[name].get(key, 0)) for key in ("seen", "delivered", "filtered"))
            for name in LIFECYCLE}


def grown(pair, before):
    return {name: tuple(b - a for a, b in zip(before[name], now)) for name, now in counts(pair).items()}


def run_quiet(times=QUIET):
    subprocess.run(["sh", "-c", f"i=0; while [ $i -lt {times} ]; do /bin/true; i=$((i+1)); done"], check=True)


def ancestors(alert):
    return {one["pid"]: one for one in alert["process"]["ancestors"]}


def test_a_quiet_exec_is_not_delivered_and_all_are_accounted_for(guarded):
    before = counts(guarded)
    run_quiet()
    wait_for(lambda: grown(guarded, before)["exit"][0] >= QUIET, 10, "the probe has read all exits")
    for name, (seen, delivered, filtered) in grown(guarded, before).items():
        assert filtered >= QUIET, name
        assert delivered < QUIET / 4, name  # others on this host may do something odd
        assert seen == delivered + filtered, name
    metrics = guarded.metrics()
    assert metrics['vedette_probe_events_filtered_total{type="exec"}'] >= QUIET


def test_who_is_alerted_has_ancestors_that_nobody_was_told_of(guarded):
    place = make_state_dir()
    program = place / "odd"
    shutil.copy("/bin/true", program)
    inner = f'exec 3>&1; sh -c "sh -c \\"{program} one; :\\"; :"; :'
    shell = subprocess.Popen(["sh", "-c", inner])
    shell.wait()
    alert = guarded.wait_alert(lambda one: by("exec_from_temporary")(one)
                               and one["process"]["executable"]["path"] == str(program))
    shutil.rmtree(place)
    chain = ancestors(alert)
    assert shell.pid in chain
    lineage = alert["process"]["ancestors"]
    assert len({one["pid"] for one in lineage[:5]}) >= 3
    assert lineage[-1]["pid"] == 1
    assert [one for one in lineage[:-1] if "executable" not in one] == []


def test_a_rule_finds_what_stands_in_two_arguments(guarded):
    done = subprocess.Popen(["/bin/sh", "-c", ":", "unset", "HISTFILE"])
    done.wait()
    alert = guarded.wait_alert(by("history_tampering", done.pid))
    assert alert["process"]["args"] == ["-c", ":", "unset", "HISTFILE"]


def test_what_is_cut_off_hides_nothing_else(guarded):
    """A program with more arguments than the kernel's programs keep is still found by its beginning, and by its path."""
    padding = ["x" * 4000] * 8
    early = subprocess.Popen(["/bin/sh", "-c", ":", "set +o history", *padding])
    early.wait()
    guarded.wait_alert(by("history_tampering", early.pid))
    place = make_state_dir()
    shutil.copy("/bin/true", place / "odd")
    by_path = subprocess.Popen([place / "odd", *padding])
    by_path.wait()
    alert = guarded.wait_alert(by("exec_from_temporary", by_path.pid))
    assert alert["process"]["args_truncated"] is True
    shutil.rmtree(place)


def test_who_lives_on_is_known(guarded):
    sleeper = subprocess.Popen(["sh", "-c", "sleep 60; :"])
    try:
        def known():
            status, _, _ = guarded.client.request("GET", f"/agent/processes/{sleeper.pid}")
            return status == 200
        wait_for(known, 5, "the shell is known")
        child = int(subprocess.check_output(["pgrep", "-P", str(sleeper.pid)], text=True).split()[0])
        wait_for(lambda: guarded.client.request("GET", f"/agent/processes/{child}")[0] == 200, 5, "and its child")
        assert str(sleeper.pid) in guarded.client.request("GET", f"/agent/processes/{child}")[2]
    finally:
        subprocess.run(["pkill", "-P", str(sleeper.pid)], check=False)
        sleeper.kill()
        sleeper.wait()


def test_processes_that_no_event_names_are_acknowledged_too():
    """Else they would fill the probe's queue, and it would take an agent that keeps up for a slow one."""
    policies = make_state_dir()
    (policies / "never.policy").write_text(
        'rules:\n  - id: never\n    expression: exec.file.path == "/nobody/runs/this"\n')
    pair = start(policies)
    sleepers = [subprocess.Popen(["sleep", "60"]) for _ in range(20)]
    try:
        last = f"/agent/processes/{sleepers[-1].pid}"
        wait_for(lambda: pair.client.request("GET", last)[0] == 200, 5, "the last one is known")
        wait_for(lambda: int(pair.status()["probe"]["stream"].get("heldBytes", 0)) == 0, 10,
                 "the probe holds what the agent has")
    finally:
        for sleeper in sleepers:
            sleeper.kill()
            sleeper.wait()
        finish(pair)
        shutil.rmtree(policies)


def delivers_all(pair):
    before = counts(pair)
    run_quiet(40)
    time.sleep(0.7)
    return all(delivered >= 40 for _, delivered, _ in grown(pair, before).values())


def keeps_back(pair):
    before = counts(pair)
    run_quiet(40)
    time.sleep(0.7)
    return all(filtered >= 40 for _, _, filtered in grown(pair, before).values())


def test_while_somebody_looks_at_events_all_are_delivered(guarded):
    command = [str(guarded.binary("security-agent")), "tail", "--events", "--json", "-n", "0",
               *guarded.agent_arguments()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as tail:
        wait_for(lambda: guarded.metrics()["vedette_agent_live_listeners"] > 0, 10, "tail listens")
        assert delivers_all(guarded)
        tail.terminate()
        tail.communicate(timeout=20)
    wait_for(lambda: keeps_back(guarded), 20, "execs are kept back again")


def test_a_recording_has_every_exec(guarded, tmp_path):
    file = pathlib.Path(tmp_path) / "recorded"
    command = [str(guarded.binary("security-agent")), "runtime", "record", "--duration", "3s",
               "--output", str(file), *guarded.agent_arguments()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as recorder:
        wait_for(lambda: guarded.client.get_json("/agent/record")["state"] == "recording", 10, "a recording has begun")
        subprocess.run(["/bin/echo", "marker-of-the-recording"], stdout=subprocess.DEVNULL, check=True)
        with contextlib.suppress(subprocess.TimeoutExpired):
            recorder.wait(20)
    assert b"marker-of-the-recording" in file.read_bytes()
    wait_for(lambda: keeps_back(guarded), 20, "execs are kept back again")
