# SPDX-License-Identifier: Apache-2.0
"""deploy/kubernetes applied to a real node: what a platform engineer sees, in the order in which it happens to them."""
import json
import os
import signal
import subprocess
import time

import pytest
import yaml
from cluster import NAMESPACE, Alerts, Detections, kustomization, metric
from kube import manifests
from pair import PairError, wait_for

SHOP = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: shop, labels: {app.kubernetes.io/name: store, team: front}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - {name: front, image: "localhost/lab:1.2", imagePullPolicy: Never, command: [/bin/sleep, "1000"]}
"""
LOCAL_RULE = "rules: [{id: local_rule, expression: 'exec.file.name == \"busybox\" && exec.args in [~\"*local-mark*\"]'}]\n"


@pytest.fixture(scope="module")
def overlay(tmp_path_factory):
    """The overlay `dev`, for tests."""
    return kustomization(tmp_path_factory.mktemp("overlays") / "dev")


@pytest.fixture(scope="module")
def applied(cluster, overlay):
    cluster.kubectl("apply", "-k", overlay)
    cluster.roll_out()
    return cluster


@pytest.fixture(scope="module")
def alerts(applied):
    follower = Alerts()
    follower.start()
    yield follower
    follower.stop()


def dry_run(cluster, overlay):
    """The namespace is not there in a dry run, so that everything is asked of `default`."""
    documents = manifests.documents(manifests.render(cluster.kit, overlay))
    for one in documents:
        one["metadata"].pop("namespace", None)
    return cluster.kubectl("apply", "--dry-run=server", "-f", "-", text=yaml.safe_dump_all(documents))


@pytest.mark.parametrize("overlay", ["before-1.30", "dev"])
def test_the_api_server_knows_every_field(cluster, overlay):
    assert "daemonset.apps/vedette created" in dry_run(cluster, overlay)


def test_fields_of_later_versions_are_refused_by_name(cluster):
    """So the overlay that has them is not applied by mistake."""
    with pytest.raises(PairError, match="maxSurge"):
        dry_run(cluster, "default")


def test_it_rolls_out_and_is_ready(applied):
    pods = applied.pods()
    assert len(pods) == 1
    assert all(one["ready"] and one["restartCount"] == 0 for one in pods[0]["status"]["containerStatuses"])
    assert pods[0]["status"]["qosClass"] == "Burstable" and pods[0]["spec"]["priority"] == 1000000
    done = applied.agent("health")
    assert "healthy" in done
    status = json.loads(applied.agent("status", "-j"))
    assert status["runtimeSecurityStatus"]["watching"] is True
    assert not status["probe"].get("lost")
    assert "OK" in applied.agent("runtime", "self-test")


def test_the_alert_of_another_pod_says_whose_it_is(applied, alerts):
    applied.kubectl("apply", "-f", "-", text=SHOP)
    applied.kubectl("-n", "shop", "wait", "--for=condition=Ready", "pod/web-0", "--timeout=60s")
    applied.kubectl("-n", "shop", "exec", "web-0", "--", "/bin/sh", "-c", "cat /etc/shadow /mark/shop; true")
    alert = alerts.wait("credential_shadow_read", lambda one: "/mark/shop" in one["process"].get("args", []))
    pod = applied.get("pods", "shop")[0]
    section = alert["container"]
    assert section["pod"]["name"] == "web-0" and section["pod"]["namespace"] == "shop"
    assert section["pod"]["uid"] == pod["metadata"]["uid"]
    assert pod["status"]["containerStatuses"][0]["containerID"] == f"containerd://{section['id']}"
    assert section["name"] == "front" and section["image"]["name"].endswith("localhost/lab")
    assert section["image"]["tag"] == "1.2"
    assert {"kube_namespace:shop", "pod_name:web-0", "kube_container_name:front"} <= set(section["tags"])
    assert "kube_app_name:store" in section["tags"]
    if os.environ.get("KEEP_ALERT"):
        with open(os.environ["KEEP_ALERT"], "w", encoding="utf-8") as file:
            json.dump(alert, file, indent=1)


def test_metrics_are_served_and_nothing_else(applied):
    address = applied.pods()[0]["status"]["podIP"]

    def get(port, path):
        return subprocess.run(["curl", "-s", "-m", "5", "-w", "%{http_code}", f"http://{address}:{port}{path}"],
                              capture_output=True, text=True, check=False).stdout
    text = get(5012, "/telemetry")
    assert text.endswith("200") and metric(text, "vedette_probe_up") == 1
    assert get(5012, "/live").endswith("200") and get(5012, "/ready").endswith("200")
    for path in ("/debug/vars", "/debug/profile", "/agent/status", "/"):
        assert get(5012, path).endswith("404"), path
    assert get(5010, "/") == "000" and get(5011, "/telemetry") == "000"


def test_rules_change_without_a_restart_and_without_a_gap(applied, alerts):
    with Detections("reload") as detections:
        applied.kubectl("-n", NAMESPACE, "create", "configmap", "vedette-local-policies",
                        f"--from-literal=local.policy={LOCAL_RULE}")

        def fired():
            subprocess.run(["/bin/busybox", "true", "local-mark"], check=False)
            return alerts.all("local_rule")
        wait_for(fired, 150, "the rule of the new ConfigMap", interval=1)
    wait_for(lambda: not detections.missing(alerts), 20, f"all {len(detections.made)} detections of the time of a reload")
    assert set(alerts.marks().values()) == {1}
    assert set(applied.restarts().values()) == {0}


def test_a_killed_agent_misses_nothing(applied, alerts):
    with Detections("agent") as detections:
        time.sleep(1)
        os.kill(applied.main_pid("security-agent"), signal.SIGKILL)
        wait_for(lambda: applied.restarts()["security-agent"] == 1, 60, "a new container of the agent", interval=0.5)
        applied.roll_out()
    wait_for(lambda: not detections.missing(alerts), 20, f"all {len(detections.made)} detections around a killed agent")
    assert applied.restarts()["system-probe"] == 0


def test_a_killed_probe_is_back_and_only_its_absence_is_missed(applied, alerts):
    agent = applied.main_pid("security-agent")
    with Detections("probe") as detections:
        time.sleep(1)
        killed = time.monotonic()
        os.kill(applied.main_pid("system-probe"), signal.SIGKILL)
        wait_for(lambda: applied.restarts()["system-probe"] == 1, 60, "a new container of the probe", interval=0.2)
        wait_for(lambda: json.loads(applied.agent("status", "-j"))["runtimeSecurityStatus"]["watching"], 60, "it watches",
                 interval=0.2)
        back = time.monotonic()
        time.sleep(2)
    assert applied.main_pid("security-agent") == agent
    time.sleep(3)
    missing = [when for _, when in detections.missing(alerts)]
    print(f"the probe was killed: {len(missing)} of {len(detections.made)} detections missed, "
          f"{back - killed:.1f} s until it was known to watch again")
    # The batch on its way when it died is the 10 ms it is collected for.
    assert all(killed - 0.2 < when < back + 0.2 for when in missing), (killed, back, missing)


def test_a_rolling_update_by_surge_misses_nothing(applied, alerts, tmp_path):
    """What maxSurge does from Kubernetes 1.22 on, done by hand on this one: the new pod watches before the old one goes."""
    with Detections("surge") as detections:
        applied.kubectl("apply", "-k", kustomization(tmp_path / "next", prefix="next-"))
        applied.roll_out("next-vedette")
        applied.kubectl("-n", NAMESPACE, "delete", "daemonset", "vedette", "--wait=true")
        wait_for(lambda: len(applied.pods()) == 1, 60, "the old pod goes", interval=0.2)
        time.sleep(3)
    wait_for(lambda: not detections.missing(alerts), 20, f"all {len(detections.made)} detections around an update")
    applied.kubectl("delete", "-k", tmp_path / "next", "--ignore-not-found", "--wait=true")


def test_a_rolling_update_without_surge_says_how_long_it_did_not_watch(cluster, alerts, overlay):
    cluster.kubectl("apply", "-k", overlay)
    cluster.roll_out()
    with Detections("update") as detections:
        time.sleep(1)
        cluster.kubectl("-n", NAMESPACE, "set", "env", "daemonset/vedette", "VEDETTE_LOG_LEVEL=warn")
        cluster.roll_out()
        ready = time.monotonic()
        time.sleep(2)
    time.sleep(3)
    missing = [when for _, when in detections.missing(alerts)]
    gap = missing[-1] - missing[0] if missing else 0
    print(f"a rolling update without surge: {len(missing)} of {len(detections.made)} detections missed, {gap:.1f} s")
    assert all(when < ready for when in missing), (ready, missing)


def test_token_and_certificate_of_a_secret(cluster, tmp_path):
    token = "0123456789abcdef" * 4
    (tmp_path / "auth_token").write_text(token)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=vedette",
                    "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", str(tmp_path / "key"),
                    "-out", str(tmp_path / "crt")], check=True, capture_output=True)
    (tmp_path / "ipc_cert.pem").write_text((tmp_path / "crt").read_text() + (tmp_path / "key").read_text())
    cluster.kubectl("-n", NAMESPACE, "create", "secret", "generic", "vedette-api",
                    f"--from-file={tmp_path / 'auth_token'}", f"--from-file={tmp_path / 'ipc_cert.pem'}")
    cluster.kubectl("apply", "-k", kustomization(tmp_path / "secret", "api-secret", "annotations"))
    cluster.roll_out()
    assert "Probe" in cluster.agent("status")
    assert cluster.setting("auth_token_file_path") == "/etc/vedette/api/auth_token"
    local = cluster.kit.run("kubectl", "-n", NAMESPACE, "exec", "daemonset/vedette", "-c", "security-agent", "--",
                            "/usr/bin/security-agent", "doctor", kubeconfig=os.environ["KUBECONFIG"]).stdout
    assert "only its owner can read it" in local


def test_nothing_is_left(cluster, overlay):
    cluster.kubectl("delete", "-k", overlay, "--wait=true")
    wait_for(lambda: "vedette" not in {one["metadata"]["name"] for one in cluster.get("namespaces", "default")}, 60, "gone")
    assert not [name for name in subprocess.check_output(["ps", "-eo", "comm,args"], text=True).splitlines()
                if name.startswith(("system-probe", "security-agent")) and "/run/vedette" in name]
