# SPDX-License-Identifier: Apache-2.0
"""Sockets and packets: one real act, and the alert of the rule in network.policy that names all it must say."""
import hashlib
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import time

import pytest
from acts import act, acts, binary, facts_of
from alerts import by
from conftest import finish, start
from harness import make_state_dir

HERE = pathlib.Path(__file__).resolve().parent
STAGE = HERE.parent / "support/net_stage.py"


def filter_hash():
    """Of `act attach-filter 4 0x7255`."""
    code = [(0x28, 0, 0, 12), (0x15, 0, 1, 0x7255), (0x28, 0, 0, 12), (0x06, 0, 0, 0xffff)]
    return hashlib.sha256(b"".join(struct.pack("=HBBI", *one) for one in code)).hexdigest()


@pytest.fixture(scope="module")
def network():
    policies = make_state_dir()
    text = (HERE / "network.policy").read_text()
    (policies / "network.policy").write_text(text.replace("FILTER_HASH", filter_hash()))
    pair = start(policies)
    yield pair
    finish(pair)
    shutil.rmtree(policies)


def staged(*words):
    """The facts of an act in a network with a DNS and a metadata server of its own."""
    command = ["unshare", "--net", sys.executable, str(STAGE), str(binary()), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{words}: exit code {done.returncode}: {done.stderr}"
    lines = [facts_of(line) for line in done.stdout.splitlines()]
    assert all(line["ret"] >= 0 or line["errno"] == 111 for line in lines), lines
    return lines[0]


def no_alert(pair, match, seconds=1):
    time.sleep(seconds)
    return not any(match(alert) for alert in pair.alerts())


@pytest.mark.parametrize("words,rule", [
    (("bind", "127.0.0.1", 7701), "bind_tcp4"),
    (("bind", "::1", 7702), "bind_tcp6"),
    (("bind-udp", "0.0.0.0", 0), "bind_udp_any"),
    (("bind", "192.0.2.1", 7703), "bind_failed")])
def test_bind_says_address_and_result(network, words, rule):
    facts = act(*words)
    alert = network.wait_alert(by(rule, facts["pid"]))
    assert alert["evt"]["name"] == "bind"


def test_bind_of_a_unix_socket_says_the_family(network, state_dir):
    facts = act("bind-unix", state_dir / "socket")
    network.wait_alert(by("bind_unix", facts["pid"]))


@pytest.mark.parametrize("words,rule", [
    (("accept", "127.0.0.1"), "accept_tcp4"),
    (("accept", "127.0.0.1", 4), "accept_tcp4"),
    (("accept", "::1"), "accept_tcp6"),
    (("accept-refused",), "accept_refused")])
def test_accept_says_the_peer_even_when_nobody_asked(network, words, rule):
    facts = act(*words)
    alert = network.wait_alert(by(rule, facts["pid"]))
    assert alert["evt"]["name"] == "accept"


def test_accept_on_a_unix_socket(network, state_dir):
    facts = act("accept-unix", state_dir / "socket")
    network.wait_alert(by("accept_unix", facts["pid"]))


@pytest.mark.parametrize("words,rule", [
    (("socket", 2, 3, 1), "socket_raw"),
    (("socket", 10, 1 | os.O_CLOEXEC | os.O_NONBLOCK, 6), "socket_stream"),
    (("socket", 250, 2, 0), "socket_failed")])
def test_socket_says_what_was_asked_for(network, words, rule):
    facts = act(*words)
    alert = network.wait_alert(by(rule, facts["pid"]))
    assert alert["evt"]["name"] == "socket"


@pytest.mark.parametrize("words,rule", [
    (("setsockopt", 1, 2, 1), "option_set"),
    (("setsockopt", 1, 9999, 1), "option_refused"),
    (("attach-filter", 4, "0x7255"), "filter_attached"),
    (("attach-filter", 5, "0x7256", "bad"), "filter_refused"),
    (("attach-filter", 4000, "0x7257"), "filter_long")])
def test_setsockopt_says_option_and_filter(network, words, rule):
    facts = act(*words)
    alert = network.wait_alert(by(rule, facts["pid"]))
    assert alert["evt"]["name"] == "setsockopt"


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="socketcall is of 32-bit x86")
@pytest.mark.parametrize("words,rule", [
    (("bind32", "127.0.0.1", 7701), "bind_tcp4"),
    (("accept", "127.0.0.1", 32), "accept_tcp4"),
    (("socket32", 2, 3, 1), "socket_raw"),
    (("attach-filter", 4, "0x7255", "32"), "filter_attached")])
def test_the_32_bit_entry_is_no_way_around(network, words, rule):
    facts = act(*words)
    network.wait_alert(by(rule, facts["pid"]))


def test_dns_question_and_answer_at_both_ends(network):
    facts = staged("dns", "127.0.0.1", "alias.vedette.test")
    alert = network.wait_alert(by("dns_question", facts["pid"]))
    assert alert["evt"]["name"] == "dns"
    network.wait_alert(by("dns_answer", facts["pid"]))
    network.wait_alert(by("dns_at_server"))


def test_dns_over_ipv6(network):
    facts = staged("dns", "::1", "www.vedette.test", 28)
    network.wait_alert(by("dns_six", facts["pid"]))


def test_dns_that_has_no_such_name(network):
    facts = staged("dns", "127.0.0.1", "missing.vedette.test")
    network.wait_alert(by("dns_missing", facts["pid"]))


@pytest.mark.parametrize("how", [(), ("apart",)])
def test_dns_over_tcp(network, how):
    facts = staged("dns-tcp", "127.0.0.1", "tcp.vedette.test", *how)
    network.wait_alert(by("dns_tcp_question", facts["pid"]))
    network.wait_alert(by("dns_tcp_answer", facts["pid"]))
    network.wait_alert(by("dns_tcp_at_server"))


def test_an_answer_names_the_peer_of_a_connect(network):
    facts = staged("in-turn", "dns", "127.0.0.1", "alias.vedette.test", "--", "connect-udp", "127.0.0.77", 9)
    network.wait_alert(by("connect_named", facts["pid"]))


def test_an_answer_holds_in_its_network_only(network):
    """The same address in another network namespace has no name: a container deceives only itself."""
    staged("dns", "127.0.0.1", "alias.vedette.test")
    facts = staged("connect-udp", "127.0.0.77", 9)
    network.wait_alert(by("connect_any", facts["pid"]))
    assert no_alert(network, by("connect_named", facts["pid"]))


def test_an_answer_names_the_peer_of_an_accept(network):
    facts = staged("in-turn", "dns", "::1", "www.vedette.test", 28, "--", "accept", "::1")
    network.wait_alert(by("accept_named", facts["pid"]))


def test_metadata_request_and_answer(network):
    facts = staged("http", "169.254.169.254", "GET", "/latest/meta-data/iam/security-credentials/role",
                   "User-Agent: act/1")
    alert = network.wait_alert(by("imds_request", facts["pid"]))
    assert alert["evt"]["name"] == "imds"
    network.wait_alert(by("imds_response", facts["pid"]))


def test_metadata_token_over_ipv6(network):
    facts = staged("http", "fd00:ec2::254", "PUT", "/latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds: 60")
    network.wait_alert(by("imds_token", facts["pid"]))


def test_acts_are_seen_once(network):
    """A system call is one event, a packet one at each end."""
    lines = acts("bind", "127.0.0.1", 7701)
    network.wait_alert(by("bind_tcp4", lines[0]["pid"]))
    assert len([a for a in network.alerts() if by("bind_tcp4", lines[0]["pid"])(a)]) == 1
