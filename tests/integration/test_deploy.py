# SPDX-License-Identifier: Apache-2.0
"""The units say what they must; generated pages are what their sources say; the examples work with their programs."""
import configparser
import fnmatch
import json
import socket
import subprocess

import pytest
import yaml
from pair import TOP

SYSTEMD = TOP / "deploy/systemd"


def test_the_field_reference_is_what_proto_says(build):
    made = build / "proto/generator/fields.md"
    assert made.read_text() == (TOP / "docs/reference/fields.md").read_text(), "run ./dev doc"


@pytest.mark.parametrize("name", ["system-probe", "security-agent"])
def test_units_are_hardened(name):
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(SYSTEMD / f"vedette-{name}.service")
    service = unit["Service"]
    assert service["Type"] == "notify" and service["Restart"] == "always" and int(service["WatchdogSec"]) > 0
    for key in ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectKernelModules", "RestrictNamespaces",
                "LockPersonality", "MemoryDenyWriteExecute", "RestrictSUIDSGID"):
        assert service[key] == "yes", key
    assert service["ProtectSystem"] == "strict"
    assert "CAP_SYS_ADMIN" not in service["CapabilityBoundingSet"]
    if name == "security-agent":
        assert service["CapabilityBoundingSet"] == "" and service["User"] == "vedette"


EXAMPLES = TOP / "deploy/examples"


def test_examples_read_what_the_manifests_write():
    """Fluent Bit and Vector are not in Debian: their files are YAML, and name the pods, ports and labels of ours."""
    fluent = yaml.safe_load((EXAMPLES / "fluent-bit.yaml").read_text())
    tail = fluent["pipeline"]["inputs"][0]
    assert tail["multiline.parser"] == "cri" and tail["storage.type"] == "filesystem"
    assert fnmatch.fnmatch("/var/log/containers/vedette-4xk2p_vedette_security-agent-0123.log", tail["path"])
    parser = fluent["pipeline"]["filters"][0]["parser"]
    assert parser in {one["name"] for one in fluent["parsers"]}
    vector = yaml.safe_load((EXAMPLES / "vector.yaml").read_text())
    named = set(vector["sources"]) | set(vector["transforms"])
    for part in (*vector["transforms"].values(), *vector["sinks"].values()):
        assert set(part["inputs"]) <= named
    daemonset = yaml.safe_load((TOP / "deploy/kubernetes/base/daemonset.yaml").read_text())
    labels = daemonset["spec"]["template"]["metadata"]["labels"]
    key, _, value = vector["sources"]["pods"]["extra_label_selector"].partition("=")
    assert labels[key] == value
    grafana = yaml.safe_load((EXAMPLES / "grafana.yaml").read_text())
    assert grafana["providers"][0]["type"] == "file"


def test_prometheus_reads_its_example(tmp_path):
    """Debian's Prometheus is built without the discovery of Kubernetes: all but that."""
    config = yaml.safe_load((EXAMPLES / "prometheus-kubernetes.yaml").read_text())
    job = config["scrape_configs"][0]
    assert job.pop("kubernetes_sd_configs")[0]["namespaces"] == {"names": ["vedette"]}
    (tmp_path / "prometheus.yaml").write_text(yaml.safe_dump(config))
    done = subprocess.run(["promtool", "check", "config", "--syntax-only", str(tmp_path / "prometheus.yaml")],
                          capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert job["metrics_path"] == "/telemetry" and job["job_name"] == "vedette"


@pytest.fixture
def collector():
    """A socket that takes lines."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(30)
        yield server


def test_rsyslog_ships_long_alerts_whole(collector, state_dir):
    """The example, without TLS and with its files elsewhere: two alerts, the second one of sixty KiB."""
    alerts = state_dir / "alerts.json"
    lines = [json.dumps({"agent": {"rule_id": "one"}}), json.dumps({"agent": {"rule_id": "two"}, "pad": "x" * 60000})]
    alerts.write_text("\n".join(lines) + "\n")
    text = (EXAMPLES / "rsyslog.conf").read_text()
    for what, instead in (
            ("/var/log/vedette/alerts.json", str(alerts)), ("/var/spool/rsyslog", str(state_dir)),
            ("collector.example.org\" port=\"6514", f"127.0.0.1\" port=\"{collector.getsockname()[1]}"),
            ("           StreamDriver=\"gtls\" StreamDriverMode=\"1\" StreamDriverAuthMode=\"x509/name\"\n", ""),
            ("           StreamDriverPermittedPeers=\"collector.example.org\"\n", "")):
        assert what in text, what
        text = text.replace(what, instead)
    (state_dir / "rsyslog.conf").write_text(text)
    with open(state_dir / "log", "wb") as log:
        daemon = subprocess.Popen(["rsyslogd", "-n", "-f", str(state_dir / "rsyslog.conf"), "-i", str(state_dir / "pid")],
                                  stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        peer, _ = collector.accept()
        with peer, peer.makefile("rb") as stream:
            peer.settimeout(30)
            assert [stream.readline().decode().rstrip("\n") for _ in lines] == lines
    finally:
        daemon.terminate()
        daemon.wait(20)
