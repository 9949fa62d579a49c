# SPDX-License-Identifier: Apache-2.0
"""What deploy/ renders to: each overlay of kustomize and the chart with several values, as lists of documents."""
import pathlib
import re

import yaml
from kube import tools
from pair import TOP

KUSTOMIZE = TOP / "deploy/kubernetes"
CHART = TOP / "deploy/helm/vedette"
OVERLAYS = sorted(path.parent.name for path in KUSTOMIZE.glob("overlays/*/kustomization.yaml"))
# Values, and the Kubernetes they are rendered for.
CHARTS = {"chart": ([], "1.33.0"), "chart-1.20": ([], "1.20.2"),
          **{f"chart-{path.stem}": (["-f", path], "1.33.0") for path in sorted(CHART.glob("ci/*.yaml"))}}
ALL = [*OVERLAYS, *CHARTS]


def version():
    """The one of meson.build."""
    return re.search(r"version: '(.*)'", (TOP / "meson.build").read_text()).group(1)


def render(kit: tools.Tools, name):
    """YAML text of an overlay, or of the chart with one set of values."""
    if name in OVERLAYS:
        done = kit.run("kubectl", "kustomize", KUSTOMIZE / "overlays" / name)
    else:
        words, kubernetes = CHARTS[name]
        done = kit.run("helm", "template", "vedette", CHART, "-n", "vedette", "--kube-version", kubernetes, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def documents(text):
    return [document for document in yaml.safe_load_all(text) if document]


def of_kind(found, kind):
    return [document for document in found if document["kind"] == kind]


def daemonset(found):
    return of_kind(found, "DaemonSet")[0]


def pod(found):
    return daemonset(found)["spec"]["template"]["spec"]


def container(found, name):
    return next(one for one in pod(found)["containers"] if one["name"] == name)


def source_of(path):
    """Text of a manifest, for tests of its comments."""
    return pathlib.Path(path).read_text()
