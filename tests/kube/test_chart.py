# SPDX-License-Identifier: Apache-2.0
"""The Helm chart on a real node: install, upgrade, rollback, uninstall, and nothing left."""
import json

import pytest
from cluster import KUBECONFIG, NAMESPACE
from kube.manifests import CHART
from pair import wait_for

KINDS = "daemonset,pod,configmap,secret,serviceaccount,networkpolicy,controllerrevision"
LOCAL = "--set=image.registry=localhost"


def names(cluster):
    """Everything in the namespace that is not Kubernetes' own, and what is cluster-wide."""
    found = cluster.get(KINDS)
    inside = {(one["kind"], one["metadata"]["name"]) for one in found
              if not one["metadata"]["name"].startswith(("kube-root-ca", "default"))}
    classes = {("PriorityClass", one["metadata"]["name"]) for one in cluster.get("priorityclasses", "default")
               if not one["metadata"]["name"].startswith("system-")}
    return inside | classes


@pytest.fixture
def namespace(cluster):
    """Gone afterwards, with all that is in it, so that a failure here is no failure of the next test."""
    cluster.kubectl("create", "namespace", NAMESPACE)
    yield NAMESPACE
    cluster.kit.run("helm", "uninstall", "vedette", "-n", NAMESPACE, kubeconfig=KUBECONFIG)
    cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=true")


@pytest.mark.usefixtures("namespace")
def test_install_upgrade_rollback_uninstall(cluster):
    before = names(cluster)
    cluster.helm("install", "vedette", CHART, "-n", NAMESPACE, LOCAL, "--wait", "--timeout", "120s")
    cluster.roll_out()
    assert "healthy" in cluster.agent("health")
    pods = [pod["metadata"]["uid"] for pod in cluster.pods()]

    # Rules alone: the pods stay and load them.
    cluster.helm("upgrade", "vedette", CHART, "-n", NAMESPACE, LOCAL, "--wait", "--set",
                 r"policies.files.mine\.policy=rules: [{id: mine\, expression: 'exec.file.name == \"nc\"'}]")
    assert [pod["metadata"]["uid"] for pod in cluster.pods()] == pods

    def loaded():
        status = json.loads(cluster.agent("status", "-j"))
        return "mine.policy" in json.dumps(status["runtimeSecurityStatus"])
    wait_for(loaded, 150, "the rule of the upgrade", interval=2)

    # A setting: the pods are replaced, one by one.
    cluster.helm("upgrade", "vedette", CHART, "-n", NAMESPACE, LOCAL, "--wait", "--set", "settings.VEDETTE_LOG_LEVEL=debug")
    cluster.roll_out()
    assert cluster.setting("log_level") == "debug"
    cluster.helm("rollback", "vedette", "1", "-n", NAMESPACE, "--wait")
    cluster.roll_out()
    assert cluster.setting("log_level") == "info"

    cluster.helm("uninstall", "vedette", "-n", NAMESPACE, "--wait", "--timeout", "120s")
    wait_for(lambda: names(cluster) == before, 60, f"nothing is left: {names(cluster) - before}", interval=0.5)
