# SPDX-License-Identifier: Apache-2.0
"""The manifests and units say what they must, checked without a cluster."""
import configparser
import re

import pytest
import yaml
from pair import TOP

KUBERNETES = TOP / "deploy/kubernetes"
SYSTEMD = TOP / "deploy/systemd"


def documents():
    return [document for path in sorted(KUBERNETES.glob("*.yaml")) for document in yaml.safe_load_all(path.read_text())]


def daemonset():
    return next(document for document in documents() if document["kind"] == "DaemonSet")


def containers():
    return {container["name"]: container for container in daemonset()["spec"]["template"]["spec"]["containers"]}


def test_every_document_is_named_and_labelled():
    for document in documents():
        assert document["apiVersion"] and document["kind"]
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", document["metadata"]["name"])
        assert document["metadata"]["labels"]["app.kubernetes.io/name"] == "vedette"


def test_selector_matches_the_pods():
    spec = daemonset()["spec"]
    assert spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()


def test_two_containers_and_only_one_of_them_may_anything():
    probe, agent = containers()["system-probe"]["securityContext"], containers()["security-agent"]["securityContext"]
    for context in (probe, agent):
        assert context["privileged"] is False
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"]["drop"] == ["ALL"]
    assert {"BPF", "PERFMON"} <= set(probe["capabilities"]["add"])
    assert "SYS_ADMIN" not in probe["capabilities"]["add"]
    assert agent["runAsNonRoot"] is True and "add" not in agent["capabilities"]


def test_the_pod_sees_the_node_s_processes_and_no_token():
    pod = daemonset()["spec"]["template"]["spec"]
    assert pod["hostPID"] is True
    assert not pod.get("hostNetwork")
    assert pod["automountServiceAccountToken"] is False
    assert len(pod["containers"]) == 2


def test_every_mount_has_its_volume_and_sockets_are_shared():
    pod = daemonset()["spec"]["template"]["spec"]
    volumes = {volume["name"] for volume in pod["volumes"]}
    mounted = {mount["name"] for container in pod["containers"] for mount in container["volumeMounts"]}
    assert mounted == volumes
    for container in pod["containers"]:
        assert any(mount["mountPath"] == "/run/vedette" for mount in container["volumeMounts"])


def test_resources_and_probes():
    for container in containers().values():
        assert container["resources"]["requests"]["memory"] and container["resources"]["limits"]["memory"]
    agent = containers()["security-agent"]
    for probe in ("livenessProbe", "readinessProbe"):
        assert agent[probe]["exec"]["command"][0] == "/usr/bin/security-agent"


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
