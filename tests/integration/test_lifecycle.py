# SPDX-License-Identifier: Apache-2.0
"""Start, stop and SIGHUP of both daemons, and the files they refuse."""
import contextlib
import os
import pwd
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time

import pytest
from harness import needs_root
from pair import AGENT_USER, TOP, PairError, wait_for

DEMO = TOP / "tests/data/demo.rec"


def log(pair, name="security-agent"):
    return pair.log_path(name).read_text(errors="replace")


def give_to_agent(path, mode=0o600):
    path.chmod(mode)
    if os.geteuid() == 0:
        shutil.chown(path, AGENT_USER, pwd.getpwnam(AGENT_USER).pw_gid)


@pytest.mark.parametrize("daemon", ["system-probe", "security-agent"])
def test_disabled_it_says_so_and_ends_well(build, state_dir, daemon):
    """A supervisor must neither call it a failure nor start it in a tight loop."""
    command = [str(build / daemon / daemon), "start", "--set", "runtime_security_config.enabled=false",
               "--set", f"run_dir={state_dir}", "--set", f"state_dir={state_dir}"]
    if daemon == "security-agent":
        command.append("--allow-root")
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
    assert done.returncode == 0
    assert "runtime_security_config.enabled" in done.stderr
    assert time.monotonic() - began >= 5


def test_pid_files(make_pair, state_dir):
    pair = make_pair(replay=DEMO)
    pair.prepare()
    pair.start_probe()
    pair.stop_probe()
    path = state_dir / "probe.pid"
    command = [str(pair.binary("system-probe")), "run", "--pid", str(path), *pair.probe_arguments()]
    probe = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: path.exists() and path.read_text() == f"{probe.pid}\n", 20, "the pid file")
        second = subprocess.run(command, capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL)
        assert second.returncode == 1 and str(probe.pid) in second.stderr
    finally:
        probe.terminate()
        assert probe.wait(20) == 0
    assert not path.exists()


def shown_certificate(pair):
    """What the API shows, whoever pinned what."""
    return ssl.get_server_certificate(("127.0.0.1", pair.ports[0]))


def agent_with(make_pair):
    pair = make_pair(replay=DEMO)
    pair.prepare()
    pair.start_agent()
    wait_for(lambda: answers(pair), 20, "the API")
    return pair


def answers(pair):
    with contextlib.suppress(OSError, PairError):
        return pair.client.request("GET", "/agent/version")[0] == 200
    return False


def new_certificate(days):
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                           "-keyout", "-", "-days", str(days), "-subj", "/CN=by hand",
                           "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
                          capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    return made.stdout


def test_sighup_shows_a_new_certificate(make_pair):
    """Who pins the new file goes on; who pinned the old one is cut off."""
    pair = agent_with(make_pair)
    path = pair.state_dir / "ipc_cert.pem"
    old = pair.state_dir / "old.pem"
    shutil.copy(path, old)
    before = shown_certificate(pair)
    fresh = pair.state_dir / "fresh.pem"
    fresh.write_text(new_certificate(30))
    give_to_agent(fresh)
    fresh.rename(path)
    pair.agent.send_signal(signal.SIGHUP)
    wait_for(lambda: shown_certificate(pair) != before, 10, "the new certificate")
    assert answers(pair)
    assert pair.command("version", "--remote").returncode == 0
    context = ssl.create_default_context(cafile=str(old))
    with pytest.raises(ssl.SSLCertVerificationError), \
            socket.create_connection(("127.0.0.1", pair.ports[0])) as plain:
        context.wrap_socket(plain, server_hostname="127.0.0.1")


def test_sighup_with_a_bad_certificate_keeps_the_good_one(make_pair):
    pair = agent_with(make_pair)
    before = shown_certificate(pair)
    bad = pair.state_dir / "bad.pem"
    bad.write_text("nonsense")
    give_to_agent(bad)
    bad.rename(pair.state_dir / "ipc_cert.pem")
    pair.agent.send_signal(signal.SIGHUP)
    wait_for(lambda: "goes on with the certificate it has" in log(pair), 10, "it is said")
    assert shown_certificate(pair) == before
    assert pair.agent.poll() is None


@pytest.mark.parametrize("daemon", ["system-probe", "security-agent"])
def test_sighup_opens_the_log_again(make_pair, daemon):
    pair = make_pair(replay=DEMO).start()
    path = pair.log_path(daemon)
    path.rename(path.with_suffix(".1"))
    if daemon == "security-agent":
        path.touch()
        give_to_agent(path)
    process = pair.agent if daemon == "security-agent" else pair.probe
    process.send_signal(signal.SIGHUP)
    if daemon == "security-agent":
        wait_for(lambda: path.read_text(), 10, "lines in the new file")
    else:
        wait_for(path.exists, 10, "the new file")
    assert process.poll() is None


def start_refused(pair):
    pair.start_agent()
    code = pair.agent.wait(20)
    pair.agent = None
    return code, log(pair)


TOKENS = {
    "short": ("0123", 0o600, r"at least 32 .*remove it"),
    "empty": ("", 0o600, r"at least 32 .*remove it"),
    "readable by others": ("a" * 64, 0o644, r"chmod 0600"),
    "not printable": ("a" * 40 + "\x01" + "b" * 20, 0o600, r"printable"),
}


@pytest.mark.parametrize("name", TOKENS)
def test_a_token_file_that_is_not_right_is_refused_with_the_fix(make_pair, name):
    content, mode, says = TOKENS[name]
    pair = make_pair(replay=DEMO)
    pair.prepare()
    path = pair.state_dir / "auth_token"
    path.write_text(content)
    give_to_agent(path, mode)
    code, said = start_refused(pair)
    assert code == 1
    assert str(path) in said and re.search(says, said)
    assert "aaaaaaaa" not in said, "the token itself is never shown"
    client = pair.command("version", "--remote")
    assert client.returncode == 1 and str(path) in client.stderr


def test_a_client_without_the_token_file_says_what_to_do(make_pair):
    pair = agent_with(make_pair)
    (pair.state_dir / "auth_token").unlink()
    done = pair.command("version", "--remote")
    assert done.returncode == 3 and "auth_token" in done.stderr


CA = """
[ca]
default_ca = here
[here]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
[any]
commonName = supplied
"""


def expired_certificate(directory, name):
    """In January 2020. `openssl req` takes no dates, `openssl ca` does."""
    (directory / "ca.conf").write_text(CA)
    (directory / "index").touch()
    (directory / "serial").write_text("01\n")
    for command in ("req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out request -subj",
                    "ca -batch -notext -selfsign -config ca.conf -keyfile key -in request -out certificate "
                    "-startdate 20200101000000Z -enddate 20200131000000Z"):
        words = command.split() + ([f"/CN={name}"] if command.startswith("req") else [])
        subprocess.run(["openssl", *words], cwd=directory, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return (directory / "certificate").read_text() + (directory / "key").read_text()


def pair_with_certificate(make_pair, content):
    pair = make_pair(replay=DEMO)
    pair.prepare()
    path = pair.state_dir / "ipc_cert.pem"
    path.write_text(content)
    give_to_agent(path)
    return pair, path


def test_an_expired_certificate_of_somebody_else_is_refused(make_pair, tmp_path):
    """We did not make it, so we do not throw it away."""
    pair, _ = pair_with_certificate(make_pair, expired_certificate(tmp_path, "by hand"))
    code, said = start_refused(pair)
    assert code == 1
    assert re.search(r"ipc_cert.pem' expired on 2020-01-31", said), said
    assert "remove it" in said


def test_an_expired_certificate_of_ours_is_renewed_at_the_start(make_pair, tmp_path):
    old = expired_certificate(tmp_path, "Vedette agent")
    pair, path = pair_with_certificate(make_pair, old)
    token = pair.state_dir / "auth_token"
    token.write_text("a" * 64)
    give_to_agent(token)
    if os.geteuid() == 0:
        pair.state_dir.chmod(0o777)  # the agent replaces a file of its own directory
    client = pair.command("version", "--remote")
    assert client.returncode == 1 and "expired on 2020-01-31" in client.stderr and "SIGHUP" in client.stderr
    pair.start_agent()
    wait_for(lambda: answers(pair), 20, "the API, with a certificate that clients take")
    assert "a new one was made" in log(pair)
    assert path.read_text() != old and path.stat().st_mode & 0o777 == 0o600


def test_a_port_in_use_is_named_with_its_setting(make_pair):
    pair = make_pair(replay=DEMO)
    pair.prepare()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", pair.ports[1]))
        taken.listen()
        code, said = start_refused(pair)
    assert code == 1
    assert f":{pair.ports[1]}" in said and "security_agent.expvar_port" in said and "ss -ltnp" in said


@needs_root
@pytest.mark.parametrize("wanted", ["false", "true"])
def test_core_dumps_only_when_asked(make_pair, wanted):
    """/proc/PID of a process that is not dumpable belongs to root; the limit follows."""
    pair = make_pair(replay=DEMO, settings={"core_dumps": wanted}).start()
    agent = os.stat(f"/proc/{pair.agent.pid}/status").st_uid
    assert agent == (pwd.getpwnam(AGENT_USER).pw_uid if wanted == "true" else 0)
    if wanted == "true":
        for process in (pair.agent, pair.probe):
            limits = open(f"/proc/{process.pid}/limits").read()
            soft, hard = re.search(r"Max core file size\s+(\S+)\s+(\S+)", limits).groups()
            assert soft == hard


def test_settings_of_the_reference_warn_once_each(make_pair):
    pair = make_pair(replay=DEMO)
    pair.prepare()
    file = pair.state_dir / "theirs.yaml"
    file.write_text("api_key: 0123456789abcdef0123456789abcdef\nsite: x\nlog_level: INFO\n")
    file.chmod(0o644)
    command = [*pair._as_agent(), str(pair.binary("security-agent")), "start", "-c", str(file),
               *pair.agent_arguments()]
    environment = {**os.environ, "DD_SERVER_TIMEOUT": "20", "VEDETTE_SERVER_TIMEOUT": "10", "DD_API_KEY": "geheim1234"}
    with open(pair.log_path("security-agent"), "ab") as out:
        pair.agent = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=out,
                                      env=environment, start_new_session=True)
    wait_for(lambda: answers(pair), 20, "the API")
    said = log(pair)
    assert len(re.findall(r"theirs\.yaml:1: 'api_key' is no setting of Vedette", said)) == 1
    assert len(re.findall(r"VEDETTE_SERVER_TIMEOUT and DD_SERVER_TIMEOUT differ", said)) == 1
    assert "0123456789abcdef" not in said and "geheim" not in said
    assert pair.client.get_json("/agent/config/server_timeout?sources=true")["sources_value"][-1]["Origin"] == \
        "VEDETTE_SERVER_TIMEOUT"
