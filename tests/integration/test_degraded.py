# SPDX-License-Identifier: Apache-2.0
"""What the pair must stand: killed halves, bad policies, taken sockets, second instances, no root."""
import os
import pwd
import re
import signal
import socket
import subprocess

import pytest
from alerts import by
from harness import needs_root
from pair import TOP, wait_for

DEMO = TOP / "tests/data/demo.rec"
RULE = "rules: [{id: good, expression: 'open.file.path == \"/etc/shadow\"'}]\n"


def log(pair, name):
    return pair.log_path(name).read_text(errors="replace")


# -- one half is gone -------------------------------------------------------------

def test_agent_killed(make_pair):
    """The probe stays; a new agent gets the processes again and goes on."""
    pair = make_pair(replay=DEMO).start()
    pair.wait_alert(by("credential_shadow_read"))
    pair.stop_agent(signal.SIGKILL)
    wait_for(lambda: pair.probe.poll() is None, 1, "the probe stays")
    pair.start_agent()
    pair.wait_ready()
    status = pair.status()
    assert int(status["runtimeSecurityStatus"]["processes"]) > 0, "the mirror is filled again"


def test_probe_killed_and_back(make_pair):
    """The agent keeps serving, says that it is not ready, and connects again."""
    pair = make_pair(replay=DEMO).start()
    assert pair.expvar("/ready")[0] == 200
    pair.stop_probe(signal.SIGKILL)
    wait_for(lambda: not pair.status()["runtimeSecurityStatus"]["connected"], 20, "the agent notices")
    wait_for(lambda: pair.expvar("/ready")[0] != 200, 20, "not ready without a probe")
    assert pair.expvar("/live")[0] == 200, "but alive"
    assert "error" in pair.status()["probe"]
    alerts = len(pair.alerts())
    pair.start_probe()
    pair.wait_ready(30)
    wait_for(lambda: len(pair.alerts()) > alerts, 20, "alerts of the new probe")
    wait_for(lambda: pair.expvar("/ready")[0] == 200, 20, "ready again")


def test_agent_before_probe(make_pair):
    pair = make_pair(replay=DEMO)
    pair.prepare()
    pair.start_agent()
    wait_for(lambda: pair.alerts_path.parent.joinpath("auth_token").exists(), 20, "the token")
    wait_for(lambda: _answers(pair), 20, "the API serves without a probe")
    assert not pair.status()["runtimeSecurityStatus"]["connected"]
    pair.start_probe()
    pair.wait_ready(30)
    pair.wait_alert(by("credential_shadow_read"))


def _answers(pair):
    try:
        return pair.client.request("GET", "/agent/version")[0] == 200
    except OSError:
        return False


def test_orderly_stop_leaves_nothing(make_pair):
    pair = make_pair(replay=DEMO).start()
    assert pair.stop() == (0, 0)
    left = [path.name for path in (pair.state_dir / "run").iterdir() if path.is_socket()]
    assert not left, left
    assert b"\n" == pair.alerts_path.read_bytes()[-1:]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_both_signals_stop_both(make_pair, how):
    pair = make_pair(replay=DEMO).start()
    assert pair.stop_agent(how) == 0
    assert pair.stop_probe(how) == 0


# -- policies ---------------------------------------------------------------------

BAD = {
    "no YAML": "rules: [\n  - id: {{{\n",
    "unknown field": "rules: [{id: bad, expression: 'open.file.nonsense == \"x\"'}]\n",
    "unknown key": "rules: [{id: bad, expression: 'open.file.path == \"x\"', colour: red}]\n",
    "syntax": "rules: [{id: bad, expression: 'open.file.path == '}]\n",
    "two event types": "rules: [{id: bad, expression: 'open.file.path == \"/x\" && exec.file.path == \"/y\"'}]\n",
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_policy_does_not_stop_the_good_one(make_pair, policies, name):
    directory = policies(RULE, "a.policy")
    (directory / "b.policy").write_text(BAD[name])
    pair = make_pair(replay=DEMO, policies_dir=directory).start()
    pair.wait_alert(by("good"))
    states = {policy["name"]: policy for policy in pair.status()["runtimeSecurityStatus"]["policiesStatus"]}
    assert states["a.policy"]["state"] == "loaded"
    assert states["b.policy"]["state"] != "loaded"
    assert "b.policy" in log(pair, "security-agent"), "said in the log"


@pytest.mark.parametrize("name", BAD)
def test_policy_check_names_the_place(build, policies, name):
    directory = policies(BAD[name])
    done = subprocess.run([str(build / "security-agent/security-agent"), "runtime", "policy", "check",
                           "--policies-dir", str(directory)], capture_output=True, text=True)
    assert done.returncode == 1
    assert re.search(r"test\.policy:\d+:\d+", done.stdout + done.stderr), done.stdout + done.stderr


def test_policy_check_of_the_default_policy(build):
    done = subprocess.run([str(build / "security-agent/security-agent"), "runtime", "policy", "check",
                           "--policies-dir", str(TOP / "deploy/policies")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_unknown_field_gets_a_hint(build, policies):
    directory = policies("rules: [{id: bad, expression: 'open.file.pat == \"x\"'}]\n")
    done = subprocess.run([str(build / "security-agent/security-agent"), "runtime", "policy", "check",
                           "--policies-dir", str(directory)], capture_output=True, text=True)
    assert "open.file.path" in done.stdout + done.stderr


def test_a_missing_policies_directory_is_said(make_pair, state_dir):
    pair = make_pair(replay=DEMO, policies_dir=state_dir)
    pair.agent_settings["runtime_security_config.policies.dir"] = state_dir / "nowhere"
    pair.prepare()
    pair.start_probe()
    pair.start_agent()
    wait_for(lambda: "nowhere" in log(pair, "security-agent"), 20, "the log names the directory")


# -- sockets ----------------------------------------------------------------------

def start_probe_alone(make_pair, **arguments):
    pair = make_pair(replay=DEMO, **arguments)
    pair.prepare()
    return pair


def refused(pair):
    """The probe ended with 1 and said why."""
    assert pair.probe.wait(15) == 1
    pair.probe = None
    return log(pair, "system-probe")


def test_dead_socket_of_ours_is_replaced(make_pair):
    pair = start_probe_alone(make_pair)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(pair.state_dir / "run/events.sock"))
    pair.start()


def test_a_file_in_the_socket_s_place_is_left_alone(make_pair):
    pair = start_probe_alone(make_pair)
    precious = pair.state_dir / "run/events.sock"
    precious.write_text("precious")
    pair.start_probe()
    assert str(precious) in refused(pair)
    assert precious.read_text() == "precious"


@needs_root
def test_somebody_else_s_socket_is_left_alone(make_pair):
    pair = start_probe_alone(make_pair)
    path = pair.state_dir / "run/events.sock"
    with socket.socket(socket.AF_UNIX) as foreign:
        foreign.bind(str(path))
        os.chown(path, pwd.getpwnam("daemon").pw_uid, -1)
        foreign.listen()
        pair.start_probe()
        assert str(path) in refused(pair)
    assert path.is_socket()


@needs_root
def test_a_run_directory_that_others_can_write_to_is_refused(make_pair):
    pair = start_probe_alone(make_pair)
    (pair.state_dir / "run").chmod(0o777)
    pair.start_probe()
    assert "chmod" in refused(pair)


def test_second_probe(make_pair):
    """It says that there is one already; the first is not disturbed."""
    pair = make_pair(replay=DEMO).start()
    second = make_pair(state_dir=pair.state_dir, replay=DEMO, ports=pair.ports)
    second.start_probe()
    assert second.probe.wait(15) == 1
    second.probe = None
    assert re.search(r"already|another|running", log(pair, "system-probe"))
    pair.check_alive()
    assert pair.is_ready()


def test_second_agent(make_pair):
    """Its ports are taken: it says which one and ends."""
    pair = make_pair(replay=DEMO).start()
    second = make_pair(state_dir=pair.state_dir, replay=DEMO, ports=pair.ports)
    second.start_agent()
    assert second.agent.wait(20) != 0
    second.agent = None
    assert any(str(port) in log(pair, "security-agent") for port in pair.ports)
    assert pair.is_ready()


@needs_root
def test_a_stranger_is_refused_and_counted(make_pair):
    pair = make_pair(replay=DEMO).start()
    stranger = pwd.getpwnam("daemon").pw_uid
    group = pwd.getpwnam("nobody").pw_gid  # past the socket's mode, to the check of who it is
    script = ("import os, socket, sys; os.setgroups([]); os.setgid(%d); os.setuid(%d);"
              "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.settimeout(10); print(len(s.recv(1)))")
    done = subprocess.run(["/usr/bin/python3", "-c", script % (group, stranger),
                           str(pair.state_dir / "run/events.sock")], capture_output=True, text=True)
    assert done.stdout.strip() == "0" or "ConnectionReset" in done.stderr, done
    wait_for(lambda: int(pair.status()["probe"]["stream"].get("refusedPeers", 0)) == 1, 10, "it is counted")
    assert pair.is_ready()


# -- privileges and settings ---------------------------------------------------------

@needs_root
def test_probe_without_root(make_pair, state_dir):
    """It says what is missing and how to run without the kernel."""
    state_dir.chmod(0o777)
    build = make_pair().build_dir
    done = subprocess.run(
        ["setpriv", "--reuid", "nobody", "--clear-groups", "--regid", str(pwd.getpwnam("nobody").pw_gid),
         str(_reachable(build / "system-probe/system-probe", state_dir)), "start",
         "--set", f"run_dir={state_dir}/run", "--set", f"state_dir={state_dir}"],
        capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "replay" in done.stderr
    assert re.search(r"root|CAP_BPF|privilege|permitted", done.stderr)


def _reachable(binary, place):
    copy = place / binary.name
    copy.write_bytes(binary.read_bytes())
    copy.chmod(0o755)
    return copy


@needs_root
def test_agent_refuses_root(make_pair, build):
    pair = make_pair(replay=DEMO)
    pair.prepare()
    done = subprocess.run([str(pair.binary("security-agent")), "start", *pair.agent_arguments()], capture_output=True,
                          text=True, timeout=30)
    assert done.returncode == 2
    assert "root" in done.stderr


@pytest.mark.parametrize("daemon,word", [("system-probe", "start"), ("security-agent", "start")])
@pytest.mark.parametrize("setting,says", [("log_levle=info", "log_level"), ("log_level=loud", "loud"),
                                          ("security_agent.cmd_port=99999", "99999")])
def test_wrong_settings_are_errors_that_help(build, state_dir, daemon, word, setting, says):
    command = [str(build / daemon / daemon), word, "--set", setting]
    if os.geteuid() == 0 and daemon == "security-agent":
        command.append("--allow-root")
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=state_dir)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
