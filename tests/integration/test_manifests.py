# SPDX-License-Identifier: Apache-2.0
"""Manifests and chart, without a cluster: they render, have the types of the API, and keep what docs/kubernetes.md says."""
import os
import re

import pytest
import yaml
from kube import manifests, tools
from kube.manifests import ALL, CHART, CHARTS, KUSTOMIZE, container, daemonset, of_kind, pod
from pair import TOP

NAMES = ("system-probe", "security-agent")


@pytest.fixture(scope="module")
def kit():
    try:
        return tools.fetch()
    except tools.NoTools as reason:
        pytest.skip(f"NO MANIFEST IS CHECKED: {reason}")


@pytest.fixture(scope="module")
def rendered(kit):
    """{name: documents} of everything that deploy/ renders to."""
    return {name: manifests.documents(manifests.render(kit, name)) for name in ALL}


@pytest.fixture(params=ALL)
def found(rendered, request):
    return rendered[request.param]


def test_every_field_is_one_of_the_api(kit, tmp_path):
    files = []
    for name in ALL:
        files.append(tmp_path / f"{name}.yaml")
        files[-1].write_text(manifests.render(kit, name))
    done = kit.lint(*files)
    assert done.returncode == 0, done.stdout + done.stderr
    unknown = [line for line in done.stdout.splitlines() if "not known" in line]
    assert all("PodMonitor" in line for line in unknown), unknown


def test_the_typed_check_finds_mistakes(kit, tmp_path):
    """Or the one above would prove nothing."""
    bad = tmp_path / "bad.yaml"
    bad.write_text("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: x}\nautomountServiceAccountTokne: false\n")
    assert kit.lint(bad).returncode == 1


@pytest.mark.parametrize("name", CHARTS)
def test_the_chart_is_clean(kit, name):
    words = CHARTS[name][0]
    done = kit.run("helm", "lint", "--strict", CHART, *words)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("wrong,says", [
    ("image.tag=latest", "tag"), ("runtime=dockershim", "runtime"), ("policies.files.x=y", "x"),
    ("settings.PASSWORD=x", "PASSWORD"), ("settings.VEDETTE_RUN_DIR=/x", "VEDETTE_RUN_DIR"), ("monitoring.port=80", "port"),
    ("systemProbe.privileged=true", "privileged"), ("image.digests.systemProbe=abc", "systemProbe"),
    ("rolloutAtOnce=none", "rolloutAtOnce")])
def test_the_chart_refuses_a_wrong_value_and_names_it(kit, wrong, says):
    done = kit.run("helm", "template", CHART, "--set", wrong)
    assert done.returncode != 0
    assert says in done.stderr


def test_every_document_is_named_and_labelled(found):
    for document in found:
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", document["metadata"]["name"])
        if document["metadata"]["name"] != "vedette-policies" or document["kind"] != "ConfigMap":
            assert document["metadata"]["labels"]["app.kubernetes.io/name"] == "vedette"


def test_selector_matches_the_pods(found):
    spec = daemonset(found)["spec"]
    assert spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()


def test_the_base_is_the_place_where_images_are_named(rendered):
    """By version or digest, never latest, and the version is the one that meson.build says."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    base = yaml.safe_load((KUSTOMIZE / "base/kustomization.yaml").read_text())
    assert chart["appVersion"] == chart["version"] == manifests.version()
    assert {image["newTag"] for image in base["images"]} == {manifests.version()}
    for name, found in rendered.items():
        for one in NAMES:
            image = container(found, one)["image"]
            assert image.split("/")[-1].startswith(f"vedette-{one}"), name
            assert image.endswith(f":{manifests.version()}") or re.search("@sha256:[0-9a-f]{64}$", image), (name, image)


def test_two_containers_and_only_one_of_them_may_anything(found):
    probe, agent = (container(found, name)["securityContext"] for name in NAMES)
    assert len(pod(found)["containers"]) == 2 and "initContainers" not in pod(found)
    for context in (probe, agent):
        assert context["privileged"] is False
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"]["drop"] == ["ALL"]
    assert {"BPF", "PERFMON"} <= set(probe["capabilities"]["add"])
    assert not {"SYS_ADMIN", "SYS_MODULE", "DAC_OVERRIDE", "SETUID", "ALL"} & set(probe["capabilities"]["add"])
    assert agent["runAsNonRoot"] is True and agent["runAsUser"] == 10050 and "add" not in agent["capabilities"]


def test_the_pod_sees_the_node_s_processes_and_nothing_else_of_it(found):
    spec = pod(found)
    assert spec["hostPID"] is True
    assert not spec.get("hostNetwork") and not spec.get("hostIPC")
    assert spec["automountServiceAccountToken"] is False
    assert of_kind(found, "ServiceAccount")[0]["automountServiceAccountToken"] is False
    assert not [document for document in found if "Role" in document["kind"]]
    host_paths = {volume["name"]: volume["hostPath"]["path"] for volume in spec["volumes"] if "hostPath" in volume}
    assert set(host_paths.values()) <= {"/sys/fs/cgroup", "/run/containerd", "/run/crio", "/run/k3s/containerd"}
    for one in NAMES:
        for mount in container(found, one)["volumeMounts"]:
            assert mount.get("readOnly") or mount["name"] not in host_paths, mount
    assert not {mount["name"] for mount in container(found, "security-agent")["volumeMounts"]} & set(host_paths)


def test_every_mount_has_its_volume_and_sockets_are_shared(found):
    mounts = {one: {mount["name"]: mount for mount in container(found, one)["volumeMounts"]} for one in NAMES}
    assert {name for one in NAMES for name in mounts[one]} == {volume["name"] for volume in pod(found)["volumes"]}
    assert mounts["security-agent"]["run"]["readOnly"] and mounts["security-agent"]["policies"]["readOnly"]
    directories = {env["value"] for one in NAMES for env in container(found, one)["env"] if env["name"] == "VEDETTE_RUN_DIR"}
    # An emptyDir is everybody's in the pod: the probe makes a directory of its own in it.
    assert len(directories) == 1 and directories.pop().startswith(mounts["system-probe"]["run"]["mountPath"] + "/")
    runtime = mounts["system-probe"].get("runtime")
    assert runtime is None or runtime["mountPropagation"] == "HostToContainer"


def test_resources_and_probes(found):
    for one in NAMES:
        resources = container(found, one)["resources"]
        assert resources["requests"]["cpu"] and resources["requests"]["memory"] and resources["limits"]["memory"]
        assert "cpu" not in resources["limits"]
        assert container(found, one)["livenessProbe"] and container(found, one)["startupProbe"]
    agent = container(found, "security-agent")
    assert agent["livenessProbe"]["httpGet"]["path"] == "/live"
    assert agent["readinessProbe"]["httpGet"]["path"] == "/ready"
    assert container(found, "system-probe")["livenessProbe"]["exec"]["command"] == ["/usr/bin/system-probe", "health"]


def test_no_secret_in_the_environment(found):
    for one in NAMES:
        assert "envFrom" not in container(found, one)
        for env in container(found, one)["env"]:
            assert "secretKeyRef" not in env.get("valueFrom", {}), env
            assert not re.search("token|password|secret|key", env.get("value", ""), re.I) or "/" in env["value"], env
    assert not of_kind(found, "Secret")


def test_network_policy_lets_nothing_out(found):
    for policy in of_kind(found, "NetworkPolicy"):
        assert set(policy["spec"]["policyTypes"]) == {"Ingress", "Egress"}
        assert policy["spec"]["egress"] == []
        assert all(rule["from"] and rule["ports"] for rule in policy["spec"]["ingress"])


def test_rules_are_the_default_ones_and_keep_their_name(rendered):
    """A ConfigMap whose name changed with its content would restart every pod for a new rule."""
    default = (TOP / "deploy/policies/default.policy").read_text()
    for name, found in rendered.items():
        maps = {document["metadata"]["name"]: document["data"] for document in of_kind(found, "ConfigMap")}
        assert set(maps) == {"vedette-policies"}
        if name != "chart-little":
            assert maps["vedette-policies"]["default.policy"] == default, name


def test_chart_and_overlay_are_the_same(rendered):
    """What is explained in the one holds for the other."""
    def comparable(found):
        spec = pod(found)
        for one in spec["containers"]:
            one["env"].sort(key=lambda env: env["name"])
            one["volumeMounts"].sort(key=lambda mount: mount["mountPath"])
        spec["containers"].sort(key=lambda one: one["name"])
        spec["volumes"].sort(key=lambda volume: volume["name"])
        for volume in spec["volumes"]:
            if volume["name"] == "policies":
                volume["projected"]["sources"] = volume["projected"]["sources"][:1]
        return spec, daemonset(found)["spec"]["updateStrategy"]
    assert comparable(rendered["chart"]) == comparable(rendered["default"])
    assert comparable(rendered["chart-1.20"]) == comparable(rendered["before-1.30"])


def test_rollouts_leave_no_gap_where_kubernetes_can(rendered):
    for name in ("default", "crio", "k3s", "hardened", "chart"):
        strategy = daemonset(rendered[name])["spec"]["updateStrategy"]["rollingUpdate"]
        assert strategy["maxUnavailable"] == 0 and strategy["maxSurge"], name


def test_every_capability_and_host_mount_says_why():
    text = (KUSTOMIZE / "base/daemonset.yaml").read_text()
    capabilities = re.search(r"add:\n((?:\s+- .*\n)+)", text).group(1).splitlines()
    assert len(capabilities) >= 5
    assert all(re.search(r"- [A-Z_]+  # \S+", line) for line in capabilities), capabilities
    lines = text.splitlines()
    for name in ("cgroup", "runtime"):
        at = next(number for number, line in enumerate(lines) if f"{{name: {name}, mountPath" in line)
        assert lines[at - 1].strip().startswith("#"), name


def test_an_old_kernel_needs_one_capability_more(kit, rendered, tmp_path):
    overlay = tmp_path / "old"
    overlay.mkdir()
    base = os.path.relpath(KUSTOMIZE, overlay)
    (overlay / "kustomization.yaml").write_text(
        f"resources: [{base}/overlays/before-1.30]\ncomponents: [{base}/components/before-5.11]\n")
    done = kit.run("kubectl", "kustomize", overlay)
    assert done.returncode == 0, done.stderr

    def added(found):
        return container(found, "system-probe")["securityContext"]["capabilities"]["add"]
    assert added(manifests.documents(done.stdout)) == [*added(rendered["before-1.30"]), "SYS_RESOURCE"]


def test_secrets_are_files_of_the_agent_alone(rendered):
    found = rendered["hardened"]
    secret = next(volume["secret"] for volume in pod(found)["volumes"] if volume["name"] == "api")
    assert secret["defaultMode"] == 0o400 and pod(found)["securityContext"]["fsGroup"] == 10050
    mounts = [mount for mount in container(found, "security-agent")["volumeMounts"] if mount["name"] == "api"]
    assert all(mount["subPath"] and mount["readOnly"] for mount in mounts) and len(mounts) == 2
    assert not [mount for mount in container(found, "system-probe")["volumeMounts"] if mount["name"] == "api"]
