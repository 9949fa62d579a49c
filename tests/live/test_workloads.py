# SPDX-License-Identifier: Apache-2.0
"""Containers of a real Podman and a real containerd: their names in rules, in alerts and in workload-list."""
import json
import shutil

import pytest
from conftest import finish, start
from containers import Containerd, Podman
from harness import UNLIMITED, make_state_dir, needs_root
from pair import rule_of, wait_for

pytestmark = needs_root

# A program's only argument tells whose it is; every rule but `plain` reads tags.
RULES = {
    "plain": 'exec.args in [~"3*"]',
    "podman_name": 'exec.args == "301" && container.tags == "container_name:web"',
    "podman_image": 'exec.args == "301" && container.tags == "image_name:localhost/lab" && '
                    'container.tags == "image_tag:1.2"',
    "podman_label": 'exec.args == "301" && process.container.tags in ["team:shop"]',
    "podman_other": 'exec.args == "301" && container.tags not in ["container_name:web"]',
    "podman_pod": 'exec.args == "302" && container.tags == "pod_name:shop"',
    "kube": 'exec.args == "303" && container.tags == "kube_namespace:shop" && container.tags == "pod_name:web-0" && '
            'container.tags == "kube_container_name:front" && container.tags == "kube_app_name:store"',
    "late": 'exec.args == "304" && container.tags == "container_name:late"',
}


def runtime(kind):
    problem = kind.problem()
    if problem:
        pytest.skip(problem)
    return kind()


@pytest.fixture(scope="module")
def podman():
    made = runtime(Podman)
    made.serve()
    yield made
    made.close()


@pytest.fixture(scope="module")
def containerd():
    made = runtime(Containerd)
    yield made
    made.close()


def start_pair(sockets, **settings):
    policies = make_state_dir()
    (policies / "workloads.policy").write_text(json.dumps(
        {"version": "1", "rules": [{"id": name, "expression": rule} for name, rule in RULES.items()]}))
    return start(policies, agent_settings={**UNLIMITED, "container_runtimes.labels_as_tags": "[team]"}, probe_settings={
        "container_runtimes.sockets": json.dumps([str(socket) for socket in sockets]),
        "container_runtimes.refresh": "1s", **settings})


def stop_pair(pair):
    finish(pair)
    shutil.rmtree(pair.policies_dir, ignore_errors=True)


@pytest.fixture(scope="module")
def with_podman(podman):
    pair = start_pair([podman.socket])
    yield pair
    stop_pair(pair)


@pytest.fixture(scope="module")
def with_containerd(containerd):
    pair = start_pair([containerd.socket])
    yield pair
    stop_pair(pair)


def alert_of(pair, rule, container):
    return pair.wait_alert(lambda alert: rule_of(alert) == rule and alert["container"]["id"] == container)


def listed(pair, query=""):
    """Containers that the agent knows, by id."""
    answer = pair.client.get_json(f"/agent/workload-list?format=json&verbose=true{query}")
    return {one["id"]: one for one in answer["entities"].get("container", [])}


def wait_listed(pair, container, condition=lambda one: "metadata" not in one):
    def find():
        one = listed(pair).get(container)
        return one if one and condition(one) else None
    return wait_for(find, 20, f"container {container} in workload-list")


def run(podman, name, argument, *options):
    return podman("run", "-d", "--name", name, "--network", "none", *options, podman.IMAGE, "/bin/sleep", argument)


def remove(podman, *containers):
    podman("rm", "-f", "-t", "0", *containers)


def test_first_exec_of_a_container_is_matched_by_name_image_and_label(with_podman, podman):
    container = run(podman, "web", "301", "--label", "team=shop", "--label", "other=x")
    try:
        for rule in ("podman_name", "podman_image", "podman_label"):
            alert_of(with_podman, rule, container)
        alert = alert_of(with_podman, "plain", container)
        section = alert["container"]
        assert section["name"] == "web" and section["runtime"] == "podman" and "metadata" not in section
        assert section["image"]["name"] == "localhost/lab" and section["image"]["tag"] == "1.2"
        assert section["image"]["digest"].startswith("sha256:")
        assert "short_image:lab" in section["tags"] and "team:shop" in section["tags"]
        assert "other:x" not in section["tags"]
        # A rule that is false because of the tags stays false: it was not decided without them.
        assert not any(rule_of(one) == "podman_other" for one in with_podman.alerts())
    finally:
        remove(podman, "web")


def test_pod_of_podman(with_podman, podman):
    podman("pod", "create", "--name", "shop", "--infra-image", podman.IMAGE, "--infra-command", "/bin/sleep 300",
           "--network", "none", "--label", "tier=front")
    container = podman("run", "-d", "--pod", "shop", podman.IMAGE, "/bin/sleep", "302")
    try:
        assert alert_of(with_podman, "podman_pod", container)["container"]["pod"]["name"] == "shop"
        pods = with_podman.client.get_json("/agent/workload-list?format=json&verbose=true")["entities"]["kubernetes_pod"]
        assert [pod["labels"] for pod in pods if pod["name"] == "shop"] == [{"tier": "front"}]
        assert any(one.get("pause") for one in listed(with_podman).values())
    finally:
        podman("pod", "rm", "-f", "-t", "0", "shop")


def test_container_that_is_gone_before_anybody_could_ask(with_podman, podman):
    for _ in range(5):
        podman("run", "--rm", "--network", "none", podman.IMAGE, "/bin/true")
    container = run(podman, "after", "306")
    try:
        assert alert_of(with_podman, "plain", container)["container"]["name"] == "after"
    finally:
        remove(podman, "after")


def test_runtime_that_is_away_for_a_while(with_podman, podman):
    podman.stop_serving()
    container = run(podman, "late", "304")
    try:
        # Nobody can say its name, and nobody waits for who is not there.
        alert = alert_of(with_podman, "plain", container)
        assert alert["container"]["metadata"] == "unknown"
        assert wait_listed(with_podman, container, lambda one: one.get("metadata") == "unknown")["processes"] >= 1
        podman.serve()
        assert wait_listed(with_podman, container)["name"] == "late"
        podman("exec", "-d", "late", "/bin/sleep", "304")
        alert_of(with_podman, "late", container)
    finally:
        remove(podman, "late")


def test_agent_that_starts_later_gets_them_all(with_podman, podman):
    container = run(podman, "stays", "307")
    try:
        wait_listed(with_podman, container)
        with_podman.stop_agent()
        with_podman.start_agent()
        with_podman.wait_ready()
        assert wait_listed(with_podman, container)["name"] == "stays"
    finally:
        remove(podman, "stays")


def test_command_line(with_podman, podman):
    container = run(podman, "shown", "308", "--label", "evil=\x1b[31mred")
    try:
        wait_listed(with_podman, container)
        table = with_podman.command("workload-list")
        assert table.returncode == 0, table.stderr
        row = next(line for line in table.stdout.splitlines() if line.startswith(container[:12]))
        assert row.split() == [container[:12], "shown", "podman", "localhost/lab:1.2", "-", "1"]
        details = with_podman.command("workload-list", "-v", "--search", "SHOWN").stdout
        assert container in details and "\x1b" not in details and "red" in details
        assert with_podman.command("workload-list", "--search", "nothing like it").stdout == "no containers\n"
        parsed = json.loads(with_podman.command("workload-list", "-j", "--search", container).stdout)
        assert parsed["entities"]["container"][0]["id"] == container
        status = with_podman.status()
        assert status["runtimeSecurityStatus"]["workloads"]["containers"] >= 1
        assert status["probe"]["workloads"]["runtimes"][0]["name"] == "podman"
        assert "podman.sock: podman 4" in with_podman.command("status").stdout
    finally:
        remove(podman, "shown")


def test_shape_of_the_reference(with_podman, podman):
    container = run(podman, "shape", "309")
    try:
        wait_listed(with_podman, container)
        infos = with_podman.client.get_json("/agent/workload-list")["entities"]["container"]["infos"]
        text = infos[f"sources(merged):[probe podman] id: {container}"]
        assert "name: shape\n" in text and "labels" not in text
        assert with_podman.client.request("GET", "/agent/workload-list?format=xml")[0] == 400
        assert with_podman.client.request("POST", "/agent/workload-list")[0] == 405
        assert with_podman.client.request("GET", "/agent/workload-list", token=False)[0] == 401
    finally:
        remove(podman, "shape")


def test_pod_of_kubernetes(with_containerd, containerd):
    labels = {"io.kubernetes.pod.name": "web-0", "io.kubernetes.pod.namespace": "shop", "io.kubernetes.pod.uid": "u-1",
              "app.kubernetes.io/name": "store"}
    pod = containerd.run_pod("web-0", "shop", "u-1", labels)
    container = containerd.run_container(pod, "front", ["/bin/sleep", "303"], {"io.kubernetes.container.name": "front"})
    containerd.start_container(container)
    section = alert_of(with_containerd, "kube", container)["container"]
    assert section["pod"] == {"name": "web-0", "namespace": "shop", "uid": "u-1", "id": pod[0]}
    assert section["runtime"] == "containerd" and section["name"] == "front"
    pause = wait_listed(with_containerd, pod[0])
    assert pause["pause"] and pause["pod"]["name"] == "web-0"
    pods = with_containerd.client.get_json("/agent/workload-list?format=json")["entities"]["kubernetes_pod"]
    assert {one["id"] for one in pods[0]["containers"]} == {container, pod[0]}
    # A restart of the daemon: its containers go on, and so do their names.
    containerd.stop()
    containerd.start()
    second = containerd.run_container(pod, "second", ["/bin/sleep", "310"], {})
    containerd.start_container(second)
    assert alert_of(with_containerd, "plain", second)["container"]["name"] == "second"
    assert listed(with_containerd)[container]["name"] == "front"
    containerd.remove_pod(pod[0])


def test_what_has_ended_is_forgotten(with_podman, podman):
    """Last of all: most of the time that it takes has passed by then."""
    assert podman("ps", "-q") == ""
    wait_for(lambda: not listed(with_podman), 60, "containers are forgotten")
