# SPDX-License-Identifier: Apache-2.0
"""Packets that filters choose, and flows: one real act, and the alert of the rule in packets.policy that names all it
must say."""
import pathlib
import shutil
import subprocess
import time

import pytest
from acts import act
from alerts import by
from conftest import finish, start
from harness import make_state_dir
from pair import rule_of, wait_for

HERE = pathlib.Path(__file__).resolve().parent
FLOW_PERIOD = "1s"
RATE = 200  # of each filter, a second


def until_alert(pair, rule, port):
    """A new filter is loaded beside the stream of events: sends until it is in force."""
    def tried():
        facts = act("datagrams", "127.0.0.1", port, 1, 100)
        time.sleep(0.5)
        return any(by(rule, facts["pid"])(alert) for alert in pair.alerts())
    wait_for(tried, 30, f"the filter of {rule} is in force")


@pytest.fixture(scope="module")
def policies():
    path = make_state_dir()
    shutil.copy(HERE / "packets.policy", path)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def packets(policies):
    pair = start(policies, probe_settings={"event_monitoring_config.network.flow_monitor.period": FLOW_PERIOD,
                                           "event_monitoring_config.network.raw_packet.limiter_rate": RATE})
    until_alert(pair, "udp_in", 7755)
    yield pair
    finish(pair)


def seen(pair, rule, pid):
    return [alert for alert in pair.alerts() if by(rule, pid)(alert)]


def ledger(pair, event_type):
    """How many of a type were delivered, and how many the rate limit held back."""
    row = next(row for row in pair.status()["probe"]["events"] if row["eventType"] == event_type)
    return int(row.get("delivered", 0)), int(row.get("lost", {}).get("limit", 0))


def test_a_filter_chooses_a_packet_at_both_ends(packets):
    facts = act("datagrams", "127.0.0.1", 7755, 1, 100)
    alert = packets.wait_alert(by("udp_out", facts["pid"]))
    assert alert["evt"]["name"] == "packet"
    assert alert["packet"]["filter"] == "udp dst port 7755"
    packets.wait_alert(by("udp_in", facts["pid"]))


def test_filters_choose_each_for_itself(packets):
    facts = act("datagrams", "127.0.0.1", 7755, 1, 100)
    packets.wait_alert(by("udp_range", facts["pid"]))
    packets.wait_alert(by("udp_in", facts["pid"]))
    assert not seen(packets, "udp_large", facts["pid"]) and not seen(packets, "udp_other", facts["pid"])
    facts = act("datagrams", "127.0.0.1", 7756, 1, 1200)
    packets.wait_alert(by("udp_large", facts["pid"]))
    assert not seen(packets, "udp_range", facts["pid"])


def test_ipv6(packets):
    facts = act("datagrams", "::1", 7756, 1, 100)
    packets.wait_alert(by("udp_six", facts["pid"]))


def test_a_message_of_icmp_has_its_type(packets):
    facts = act("ping", "127.0.0.1")
    packets.wait_alert(by("ping", facts["pid"]))
    packets.wait_alert(by("pong", facts["pid"]))
    facts = act("ping", "::1")
    packets.wait_alert(by("ping_six", facts["pid"]))


@pytest.mark.parametrize("version,rule", [(0x304, "tls_new"), (0x301, "tls_old")])
def test_the_version_of_tls(packets, version, rule):
    facts = act("hello", "127.0.0.1", 7757, version)
    packets.wait_alert(by(rule, facts["pid"]))


def test_what_a_filter_may_not_send_is_counted(packets):
    """1,000 packets, seen at both ends: each is delivered or in the ledger."""
    before = ledger(packets, "packet")
    facts = act("datagrams", "127.0.0.1", 7758, 1000, 10)
    packets.wait_alert(by("udp_flood", facts["pid"]))

    def counted():
        delivered, lost = (now - then for now, then in zip(ledger(packets, "packet"), before))
        return (delivered, lost) if delivered + lost == 2000 else None
    delivered, lost = wait_for(counted, 20, "2,000 packets are accounted for")
    assert lost > 1000 and delivered >= 10


def test_a_reload_brings_its_filters(packets, policies):
    rule = 'rules:\n  - id: later\n    expression: packet.filter == "udp dst port 7759"\n'
    (policies / "later.policy").write_text(rule)
    (policies / "later.policy").chmod(0o644)
    target = packets.policies_dir / "later.policy"
    if target != policies / "later.policy":
        shutil.copy(policies / "later.policy", target)
    answer = packets.command("runtime", "policy", "reload")
    assert answer.returncode == 0, answer.stderr
    until_alert(packets, "later", 7759)
    facts = act("datagrams", "127.0.0.1", 7755, 1, 100)
    packets.wait_alert(by("udp_out", facts["pid"]))


@pytest.mark.parametrize("text,words", [
    ("tcp porrt 80", "'porrt' is no word of packet filters"),
    ("tcp and and", "syntax error"),
    ("host www.example.com", "names of hosts and networks are not looked up"),
    ("ether src 00:11:22:33:44:55", "link"),
    ("port 99999", "99999")])
def test_a_bad_filter_is_refused_where_it_stands(packets, state_dir, text, words):
    path = state_dir / "bad.policy"
    path.write_text(f'rules:\n  - id: bad\n    expression: packet.filter == "{text}"\n')
    program = packets.build_dir / "security-agent/security-agent"
    answer = subprocess.run([program, "runtime", "policy", "check", "--policies-dir", state_dir], text=True,
                            capture_output=True, timeout=60, check=False)
    said = answer.stdout + answer.stderr
    assert answer.returncode != 0 and "bad.policy:3:17: error: no packet filter: " in said and words in said, said


def test_flows_add_up(packets):
    """However the packets fall into periods: bytes and packets of both directions are all reported, once."""
    facts = act("datagrams", "127.0.0.1", 7760, 50, 100)

    def total():
        flows = [flow for alert in packets.alerts() if rule_of(alert) in ("flow_out",) and
                 alert["process"]["pid"] == facts["pid"] for flow in alert["network_flow_monitor"]["flows"]]
        out = [flow for flow in flows if flow["destination"]["port"] == 7760]
        back = [flow for flow in flows if flow["source"]["port"] == 7760]
        return tuple(sum(flow[way][what] for flow in some) for some, way in ((out, "egress"), (back, "ingress"))
                     for what in ("packet_count", "data_size"))
    wait_for(lambda: total() == (50, 6400, 50, 6400), 20, "the flows of 50 datagrams")
    packets.wait_alert(by("flow_fields", facts["pid"]))
