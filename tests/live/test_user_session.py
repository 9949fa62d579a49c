# SPDX-License-Identifier: Apache-2.0
"""Sessions of ssh, without sshd: a process that is called sshd executes a program, as sshd does for who has logged in."""
import json
import os
import shutil

import pytest
from acts import act, binary
from alerts import by
from conftest import finish, start
from harness import make_state_dir

PORT = 40000 + os.getpid() % 20000
CLIENT = f"192.0.2.7 {PORT} 22"
IN_SESSION = f'process.user_session.session_type == ssh && process.user_session.ssh_client_ip == 192.0.2.7 && ' \
             f'process.user_session.ssh_client_port == {PORT}'
RULES = {
    "shell": f'exec.file.name == "act" && {IN_SESSION} && process.user_session.identity == "root" && '
             'process.user_session.id != "" && process.user_session.ssh_session_id > 0',
    "child": f'exec.args == "session-child" && {IN_SESSION}',
    "other_name": f'exec.args == "session-renamed" && {IN_SESSION}',
    "outside": 'exec.args == "session-outside" && process.user_session.id == ""',
    "no_client": 'exec.args == "session-without" && process.user_session.session_type == ssh && '
                 'process.user_session.ssh_client_port == 0',
    "login": f'prctl.new_name == "logged-in" && {IN_SESSION} && process.user_session.ssh_auth_method == publickey && '
             'process.user_session.ssh_public_key == "SHA256:abcDEF123"',
}


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    log = tmp_path_factory.mktemp("log") / "auth.log"
    log.write_text(f"Nov 22 12:00:00 host sshd[17]: Accepted password for eve from 192.0.2.7 port {PORT + 1} ssh2\n"
                   f"Nov 22 12:00:01 host sshd[18]: Accepted publickey for root from 192.0.2.7 port {PORT} ssh2: "
                   "ED25519 SHA256:abcDEF123\n")
    policies = make_state_dir()
    (policies / "session.policy").write_text(json.dumps(
        {"version": "1", "rules": [{"id": name, "expression": rule} for name, rule in RULES.items()]}))
    pair = start(policies, probe_settings={"runtime_security_config.user_sessions.ssh.log_files": f"[{log}]"})
    yield pair
    finish(pair)
    shutil.rmtree(policies)


def as_sshd(*words, client=CLIENT, **options):
    env = {"PATH": os.environ["PATH"], **({"SSH_CLIENT": client} if client else {})}
    return act("in-turn", "prctl-name", "sshd", "--", "exec", binary(), *words, env=env, **options)


def session(alert):
    return alert["process"]["user_session"]


def test_program_that_sshd_executes_begins_a_session(watched):
    facts = as_sshd("exit", "0")
    alert = watched.wait_alert(by("shell", facts["pid"]))
    assert session(alert)["session_type"] == "ssh" and session(alert)["ssh_client_ip"] == "192.0.2.7"
    again = as_sshd("exit", "0")
    assert session(watched.wait_alert(by("shell", again["pid"])))["id"] != session(alert)["id"]


def test_all_that_comes_after_has_the_same_session(watched):
    facts = as_sshd("double-fork", shutil.which("echo"), "session-child")
    first = watched.wait_alert(by("shell", facts["pid"]))
    alert = watched.wait_alert(by("child"))
    assert session(alert)["id"] == session(first)["id"]


def test_nobody_in_a_session_can_take_another(watched):
    """Neither by the name of sshd nor by another SSH_CLIENT."""
    pretend = (f"exec {binary()} in-turn prctl-name sshd -- exec "
               "/usr/bin/env 'SSH_CLIENT=203.0.113.1 1 22' echo session-renamed")
    facts = act("in-turn", "prctl-name", "sshd", "--", "exec", "/bin/sh", "-c", pretend,
                env={"PATH": os.environ["PATH"], "SSH_CLIENT": CLIENT})
    first = watched.wait_alert(by("shell", facts["pid"]))
    alert = watched.wait_alert(by("other_name", facts["pid"]))
    assert session(alert)["id"] == session(first)["id"]


def test_without_sshd_there_is_no_session(watched):
    facts = act("exec", shutil.which("echo"), "session-outside", env={"SSH_CLIENT": CLIENT})
    watched.wait_alert(by("outside", facts["pid"]))


@pytest.mark.parametrize("client", [None, "nonsense", "192.0.2.7 99999 22", "192.0.2.7.1 5 22"])
def test_session_without_a_client_that_makes_sense(watched, client):
    facts = act("in-turn", "prctl-name", "sshd", "--", "exec", shutil.which("echo"), "session-without",
                env={"SSH_CLIENT": client} if client else {})
    watched.wait_alert(by("no_client", facts["pid"]))


def test_log_says_how_the_client_proved_who_it_is(watched):
    """The log is read a moment after the login: the act is repeated until the session knows."""
    from acts import start as start_act
    with start_act("in-turn", "prctl-name", "sshd", "--", "exec", "/bin/sh", "-c",
                   f'while sleep 0.3; do {binary()} prctl-name logged-in > /dev/null; done',
                   env={"PATH": os.environ["PATH"], "SSH_CLIENT": CLIENT}) as process:
        try:
            alert = watched.wait_alert(by("login"))
            assert session(alert)["ssh_auth_method"] == "publickey"
        finally:
            process.kill()
