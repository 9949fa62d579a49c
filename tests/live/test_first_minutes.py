# SPDX-License-Identifier: Apache-2.0
"""tail, tree, top, doctor: what a person sees of a pair on the real kernel, in a terminal."""
import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest
from conftest import finish, start
from pair import wait_for
from terminal import Terminal, only_colours, plain

POLICY = """
rules:
  - id: odd_open
    expression: open.file.name =~ "vdt-odd*"
  - id: other_open
    expression: open.file.name == "vdt-other"
"""


@pytest.fixture(name="pair", scope="module")
def running_pair(tmp_path_factory):
    directory = tmp_path_factory.mktemp("policies")
    (directory / "test.policy").write_text(POLICY)
    pair = start(directory, probe_settings={"system_probe_config.bpf_stats": "true"})
    yield pair
    finish(pair)


@pytest.fixture
def terminal(pair):
    opened = []

    def run(*words, **named):
        command = [str(pair.binary("security-agent")), *words, *pair.agent_arguments()]
        opened.append(Terminal(command, **named))
        return opened[-1]
    yield run
    for one in opened:
        one.close()


def touch(path):
    path.write_text("")


def test_tail_shows_alerts_as_they_happen_in_colour_and_ends_with_ctrl_c(terminal, tmp_path):
    tail = terminal("tail")
    tail.wait_for(rb"Ctrl-C ends")
    touch(tmp_path / "vdt-odd\x1b[2J\x1b]0;owned\x07\u009b31m\n-name")
    line = tail.wait_for(rb"[^\n]*odd_open[^\n]*\n").group(0)
    assert b"\x1b[1;31modd_open" in line
    assert b"\\x1B[2J" in line or b"\\x1b[2J" in line
    tail.type(b"\x03")
    assert tail.wait_end() == 0
    assert only_colours(tail.seen)


def test_tail_without_colours_and_of_one_rule(terminal, tmp_path):
    tail = terminal("tail", "--rule", "other_open", "-n", "0", environment={"NO_COLOR": "1"})
    tail.wait_for(rb"Ctrl-C ends")
    touch(tmp_path / "vdt-odd")
    touch(tmp_path / "vdt-other")
    tail.wait_for(rb"other_open")
    assert b"odd_open" not in tail.seen and b"\x1b" not in tail.seen


def test_tail_waits_for_an_agent_that_is_started_anew_and_shows_what_it_says_then(terminal, pair, tmp_path):
    tail = terminal("tail", "-n", "0")
    tail.wait_for(rb"Ctrl-C ends")
    pair.stop_agent()
    tail.wait_for(rb"the agent has gone")
    pair.start_agent()
    pair.wait_ready()
    tail.wait_for(rb"the agent is back")
    tail.wait_for(rb"started anew")
    touch(tmp_path / "vdt-odd")
    tail.wait_for(rb"odd_open")


def test_tail_shows_events_that_no_rule_matches_only_while_asked(terminal, tmp_path):
    tail = terminal("tail", "--events", "--no-color", "-n", "0")
    tail.wait_for(rb"Ctrl-C ends")
    subprocess.run(["/bin/echo", "vdt-marker-of-echo"], stdout=subprocess.DEVNULL, check=True)
    line = tail.wait_for(rb"[^\n]*event +exec[^\n]*vdt-marker-of-echo[^\n]*\n").group(0)
    assert b"/echo" in line


def test_tail_in_a_pipe_gives_json_and_ends_with_its_reader(pair, tmp_path):
    command = [str(pair.binary("security-agent")), "tail", "--json", "-n", "0", *pair.agent_arguments()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as tail:
        wait_for(lambda: pair.metrics()["vedette_agent_live_listeners"] > 0, 10, "tail listens")
        touch(tmp_path / "vdt-odd\x1b[1m")
        alert = json.loads(tail.stdout.readline())
        assert alert["agent"]["rule_id"] == "odd_open"
        assert alert["file"]["name"] == "vdt-odd\x1b[1m"
        tail.stdout.close()
        touch(tmp_path / "vdt-odd")
        assert tail.wait(20) == 0
        assert tail.stderr.read() == b""


def test_tail_without_an_agent_says_so():
    done = subprocess.run([os.environ.get("VEDETTE_BUILD", "build") + "/security-agent/security-agent", "tail",
                           "--set", "state_dir=/tmp/no-such-vedette"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 3
    assert "has not run here" in done.stderr


def test_tree_of_a_living_and_of_an_ended_process(pair, terminal):
    child = subprocess.Popen(["/bin/sh", "-c", "sleep 60 & wait", "shell \x1b[2Jname"])
    try:
        def descendants():
            status, _, body = pair.client.request("GET", f"/agent/processes/{child.pid}")
            return json.loads(body)["descendants"] if status == 200 else []
        wait_for(lambda: len(descendants()) == 1, 10, "sleep", interval=0.2)
        tree = terminal("tree", str(child.pid), columns=200)
        assert tree.wait_end() == 0
        assert only_colours(tree.seen)
        lines = plain(tree.seen).decode().splitlines()
        at = next(i for i, line in enumerate(lines) if f"sh({child.pid})" in line)
        assert str(os.getpid()) in lines[at - 1], "the one that started it stands above"
        assert "sleep 60" in lines[at + 1], "what it started stands below"
        assert "sleep 60 & wait" in lines[at]
    finally:
        child.terminate()
        child.wait()
    ended = subprocess.Popen(["/bin/sleep", "2"])
    ended.wait()
    shown = wait_for(lambda: pair.command("tree", str(ended.pid)).stdout, 10, "sleep is known", interval=0.2)
    assert re.search(rf"sleep\({ended.pid}\) .*exited", shown)


def test_tree_of_nobody(pair):
    done = pair.command("tree", "4194303")
    assert done.returncode == 1 and "no process 4194303 is known" in done.stderr


def test_the_process_cache_is_dumped_to_a_file_of_the_probe(pair):
    done = pair.command("runtime", "process-cache", "dump", "--with-args", "--format", "json")
    assert done.returncode == 0, done.stderr
    name = re.fullmatch(r"Process dump file: (.*)\n", done.stdout).group(1)
    with open(name, encoding="utf-8") as file:
        entries = json.load(file)["Entries"]
    assert os.getpid() in {entry["PID"] for entry in entries}
    time.sleep(1.1)  # one a second
    done = pair.command("runtime", "process-cache", "dump")
    with open(done.stdout.split(": ")[1].strip(), encoding="utf-8") as file:
        assert file.read().startswith("digraph")


def work(seconds, directory):
    script = f'end=$(($(date +%s)+{seconds})); while [ $(date +%s) -lt $end ]; do /bin/true; : > {directory}/vdt-odd; done'
    return subprocess.Popen(["/bin/sh", "-c", script])


def test_top_for_scripts(pair, tmp_path):
    busy = work(60, tmp_path)
    try:
        pair.command("top", "--once", "-d", "0.5")
        done = pair.command("top", "--json", "--once", "-d", "2")
        assert done.returncode == 0, done.stderr
        frame = json.loads(done.stdout)
        types = {row["name"]: row for row in frame["types"]}
        assert types["exec"]["delivered"] > 1
        assert {row["name"]: row for row in frame["rules"]}["odd_open"]["hits"] > 0
        assert any(row["name"].endswith("/sh") or row["name"].endswith("/dash") for row in frame["programs"])
        assert frame["containers"][0]["events"] > 0
        assert any(row["runs"] > 0 and row["ns"] > 0 for row in frame["hooks"]), frame["notes"]
        text = pair.command("top", "--once", "-d", "0.5").stdout
        assert "EVENT TYPE" in text and "HOOK" in text and "\x1b" not in text
    finally:
        busy.kill()
        busy.wait()


def test_top_on_a_terminal_fills_it_resizes_and_restores_it(terminal, tmp_path):
    busy = work(60, tmp_path)
    try:
        top = terminal("top", "-d", "0.5", rows=30, columns=90)
        top.wait_for(rb"\x1b\[\?1049h.*EVENT TYPE.*exec.*q leaves")
        assert not top.is_restored()
        top.seen = b""
        top.resize(20, 70)
        os.kill(top.process.pid, signal.SIGWINCH)
        top.wait_for(rb"\x1b\[20;1H")
        top.type(b"q")
        assert top.wait_end() == 0
        assert top.is_restored()
        assert top.seen.rstrip().endswith(b"\x1b[?1049l")
    finally:
        busy.kill()
        busy.wait()


def test_a_program_s_name_does_not_reach_the_terminal_as_it_is(terminal, state_dir):
    program = state_dir / "evil\x1b[5m\u009bname"
    shutil.copy("/bin/true", program)
    busy = subprocess.Popen(["/bin/sh", "-c", 'while :; do "$0"; done', str(program)])
    try:
        for words in (("top", "-d", "0.5"), ("tail", "--events", "-n", "0"), ("tree", str(busy.pid))):
            shown = terminal(*words, columns=250)
            shown.wait_for(rb"evil\\x1b\[5m")
            assert b"\x1b[5m" not in shown.seen and b"\xc2\x9b" not in shown.seen
            if words[0] != "tree":
                shown.process.send_signal(signal.SIGTERM)
            assert shown.wait_end() == 0
    finally:
        busy.kill()
        busy.wait()


def test_top_ended_by_a_signal_restores_the_terminal_too(terminal):
    top = terminal("top")
    top.wait_for(rb"q leaves")
    top.process.send_signal(signal.SIGTERM)
    assert top.wait_end() == 0
    assert top.is_restored() and b"\x1b[?1049l" in top.seen


def test_doctor_of_a_running_pair(pair, terminal):
    done = pair.command("doctor", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == (1 if report["fail"] else 4 if report["warn"] else 0)
    said = {(finding["level"], finding["area"]) for finding in report["findings"]}
    for area in ("settings", "access", "agent", "ports", "probe", "kernel", "rules", "outputs"):
        assert ("ok", area) in said, report
    doctor = terminal("doctor")
    doctor.wait_end()
    assert only_colours(doctor.seen) and b"\x1b[32mok" in doctor.seen


def test_doctor_names_the_rules_that_suffer(policies):
    broken = policies("rules:\n  - {id: sees_nothing, expression: 'bpf.cmd == BPF_MAP_CREATE'}\n"
                      "  - {id: sound, expression: 'exit.code == 99'}\n")
    check = subprocess.run([os.environ.get("VEDETTE_BUILD", "build") + "/system-probe/system-probe", "check", "--json"],
                           capture_output=True, text=True, timeout=60)
    programs = next(row["programs"] for row in json.loads(check.stdout)["events"] if row["type"] == "bpf")
    if not programs:
        pytest.skip("bpf events cannot be seen here anyway")
    pair = start(broken, probe_settings={
        "system_probe_config.disabled_programs": "[" + ", ".join(programs) + "]"})
    try:
        done = pair.command("doctor", "--json")
        findings = json.loads(done.stdout)["findings"]
        suffering = [finding for finding in findings if "sees_nothing" in finding["what"]]
        assert suffering and suffering[0]["area"] == "rules", findings
        assert not [finding for finding in findings if "sound" in finding["what"]]
    finally:
        finish(pair)


def test_doctor_without_a_pair_tries_the_hooks(state_dir, policies):
    directory = policies(POLICY + "  - {id: broken, expression: 'open.file.nam == \"x\"'}\n")
    done = subprocess.run(
        [os.environ.get("VEDETTE_BUILD", "build") + "/security-agent/security-agent", "doctor", "--json",
         "--set", f"state_dir={state_dir}", "--set", f"run_dir={state_dir}/run",
         "--set", f"runtime_security_config.policies.dir={directory}", "--set", "security_agent.cmd_port=1",
         "--set", "security_agent.expvar_port=0"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stderr
    findings = json.loads(done.stdout)["findings"]
    assert any("'broken'" in finding["what"] and finding["level"] == "fail" for finding in findings)
    assert any(finding["area"] == "agent" and finding["level"] == "warn" for finding in findings)
    assert any(finding["area"] == "kernel" and "event types" in finding["what"] for finding in findings)


def test_doctor_with_settings_that_make_no_sense(tmp_path):
    (tmp_path / "bad.yaml").write_text("log_levle: info\n")
    done = subprocess.run([os.environ.get("VEDETTE_BUILD", "build") + "/security-agent/security-agent", "doctor", "-c",
                           str(tmp_path / "bad.yaml")], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    assert "did you mean 'log_level'" in done.stdout
