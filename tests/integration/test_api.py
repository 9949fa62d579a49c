# SPDX-License-Identifier: Apache-2.0
"""The REST API and the metrics port of a running agent, from outside."""
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess

import pytest
from harness import make_state_dir
from pair import TOP, Pair, wait_for


@pytest.fixture(scope="module")
def pair():
    with Pair(make_state_dir(), replay=TOP / "tests/data/demo.rec") as pair:
        yield pair
    shutil.rmtree(pair.state_dir, ignore_errors=True)


GET_ROUTES = ["/agent/version", "/agent/hostname", "/agent/status", "/agent/status?format=text", "/agent/status/health",
              "/agent/config", "/agent/config/by-source", "/agent/config/list-runtime", "/agent/config/log_level"]


@pytest.mark.parametrize("path", GET_ROUTES)
def test_routes_answer_with_the_token(pair, path):
    status, _, body = pair.client.request("GET", path)
    assert status == 200 and body


def patient(pair, path, headers=None):
    """A request without the right token. Whoever guesses too often is told to wait (429), and so do we."""
    def answer():
        found = pair.client.request("GET", path, headers=headers, token=False)
        return found if found[0] != 429 else None
    return wait_for(answer, 60, "guessing is refused for ever", interval=0.5)


@pytest.mark.parametrize("path", [*GET_ROUTES, "/agent/nothing", "/"])
def test_no_route_answers_without_the_token(pair, path):
    status, headers, body = patient(pair, path)
    assert status == 401
    assert headers["WWW-Authenticate"].startswith("Bearer")
    assert "version" not in body.lower()


@pytest.mark.parametrize("header,expected", [
    ("Bearer " + "0" * 64, {403}), ("Bearer", {401, 403}), ("Bearer ", {401, 403}), ("Basic dXNlcjpwYXNz", {401}),
    ("", {401})])
def test_wrong_credentials(pair, header, expected):
    assert patient(pair, "/agent/version", {"Authorization": header})[0] in expected


def test_a_token_that_is_almost_right(pair):
    token = (pair.state_dir / "auth_token").read_text().strip()
    wrong = token[:-1] + ("0" if token[-1] != "0" else "1")
    for guess in (wrong, token[:-1], token + "0", token.upper() if token.upper() != token else wrong):
        assert patient(pair, "/agent/version", {"Authorization": f"Bearer {guess}"})[0] == 403, guess


def test_guessing_is_slowed_down_for_those_who_guess_only(pair):
    answers = {pair.client.request("GET", "/agent/version", headers={"Authorization": f"Bearer {number:064}"},
                                   token=False)[0] for number in range(40)}
    assert answers <= {403, 429} and 429 in answers
    assert pair.client.request("GET", "/agent/version")[0] == 200, "who has the token is served all the same"


def test_unknown_route_and_method(pair):
    assert pair.client.request("GET", "/agent/nothing")[0] == 404
    assert pair.client.request("DELETE", "/agent/version")[0] in (404, 405)
    assert pair.client.request("GET", "/agent/stop")[0] in (404, 405), "stopping is no GET"


def test_version(pair):
    version = pair.client.get_json("/agent/version")
    assert (version["Major"], version["Minor"]) == (0, 1)


def test_log_level_changes_at_run_time_and_nothing_else_does(pair):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert pair.client.request("POST", "/agent/config/log_level", "value=debug", form)[0] == 200
    assert pair.client.get_json("/agent/config/log_level")["value"] == "debug"
    assert pair.client.request("POST", "/agent/config/log_level", "value=info", form)[0] == 200
    status, _, body = pair.client.request("POST", "/agent/config/log_level", "value=loud", form)
    assert status == 400 and "loud" in body
    assert pair.client.request("POST", "/agent/config/run_dir", "value=/tmp", form)[0] == 400
    assert pair.client.request("GET", "/agent/config/no_such_setting")[0] == 400


def test_config_does_not_show_the_token(pair):
    token = (pair.state_dir / "auth_token").read_text().strip()
    for path in GET_ROUTES:
        assert token not in pair.client.request("GET", path)[2]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_certificate_is_pinned(pair):
    """Another certificate is refused by the client, and the server speaks nothing below TLS 1.2."""
    other = ssl.create_default_context()
    connection = http.client.HTTPSConnection("127.0.0.1", pair.ports[0], timeout=10, context=other)
    with pytest.raises(ssl.SSLError):
        connection.request("GET", "/agent/version")
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", pair.ports[0]), timeout=10) as plain, pytest.raises(ssl.SSLError):
        old.wrap_socket(plain)


def raw_request(pair, data, timeout=15):
    """What the server answers to these bytes inside TLS; b"" when it hangs up."""
    context = ssl.create_default_context(cafile=str(pair.state_dir / "ipc_cert.pem"))
    with socket.create_connection(("127.0.0.1", pair.ports[0]), timeout=timeout) as plain, \
            context.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
        secure.sendall(data)
        answer = b""
        try:
            while chunk := secure.recv(65536):
                answer += chunk
                if b"\r\n\r\n" in answer:
                    break
        except (ConnectionError, ssl.SSLError):
            pass
        return answer


@pytest.mark.parametrize("name,data", [
    ("no HTTP", b"\x00\x01\x02\x03\r\n\r\n"),
    ("long target", b"GET /" + b"a" * 200000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("long header", b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200000 + b"\r\n\r\n"),
    ("two lengths", b"POST /agent/stop HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nhello"),
    ("chunked", b"POST /agent/stop HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("huge body", b"POST /agent/stop HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"),
])
def test_hostile_requests_are_refused(pair, name, data):
    try:
        answer = raw_request(pair, data)
    except (ConnectionError, ssl.SSLError):
        answer = b""
    assert not answer or re.match(rb"HTTP/1\.[01] (4\d\d|501) ", answer), (name, answer[:100])
    assert pair.client.request("GET", "/agent/version")[0] == 200, "it serves the next one"


def test_many_connections_do_not_starve_it(pair):
    """Clients that connect and say nothing."""
    idle = [socket.create_connection(("127.0.0.1", pair.ports[0])) for _ in range(20)]
    try:
        assert pair.client.request("GET", "/agent/version")[0] == 200
    finally:
        for connection in idle:
            connection.close()


def test_metrics_are_prometheus_text(pair):
    status, text = pair.expvar("/telemetry")
    assert status == 200
    if shutil.which("promtool"):
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "vedette_agent_" in text
    assert json.loads(pair.expvar("/debug/vars")[1])
    assert pair.expvar("/live")[0] == 200


def test_both_servers_listen_on_the_loopback_only(pair):
    for port in pair.ports:
        listening = subprocess.check_output(["ss", "-Hltn", f"sport = :{port}"], text=True).split()
        assert listening[3].startswith("127.0.0.1:"), listening


def test_command_line(pair):
    status = pair.command("status", "-j")
    assert status.returncode == 0, status.stderr
    assert json.loads(status.stdout)["runtimeSecurityStatus"]["connected"]
    text = pair.command("status")
    assert text.returncode == 0 and "default.policy" in text.stdout
    assert pair.command("health").returncode == 0
    assert pair.command("version").stdout.strip()
    assert pair.command("config", "get", "log_level").stdout.strip()


def test_flare_holds_no_secret(pair):
    done = pair.command("flare")
    assert done.returncode == 0, done.stderr
    archive = re.search(r"\S+\.zip", done.stdout).group(0)
    try:
        token = (pair.state_dir / "auth_token").read_text().strip()
        names = subprocess.check_output(["/usr/bin/python3", "-m", "zipfile", "-l", archive], text=True)
        assert "status" in names
        out = pair.state_dir / "flare-unpacked"
        subprocess.run(["/usr/bin/python3", "-m", "zipfile", "-e", archive, str(out)], check=True)
        for root, _, files in os.walk(out):
            for name in files:
                data = open(os.path.join(root, name), "rb").read()
                assert token.encode() not in data and b"PRIVATE KEY" not in data, name
    finally:
        os.unlink(archive)


def test_stop_through_the_api(make_pair):
    pair = make_pair(replay=TOP / "tests/data/demo.rec").start()
    assert pair.client.request("POST", "/agent/stop")[0] == 200
    assert pair.agent.wait(15) == 0
    pair.agent = None
    wait_for(lambda: pair.probe.poll() is None, 1, "the probe stays")
    done = pair.command("status")
    assert done.returncode == 3, "not running"
    assert done.stderr.strip()
