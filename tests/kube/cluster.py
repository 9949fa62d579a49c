# SPDX-License-Identifier: Apache-2.0
"""What a test does with the node that tests/support/kube/node made: kubectl, images, alerts of all pods, detections."""
import contextlib
import glob
import json
import os
import pathlib
import re
import subprocess
import threading
import time

from kube import tools
from pair import TOP, PairError, wait_for

NAMESPACE = "vedette"
KUBECONFIG = os.environ.get("KUBECONFIG", "")
LOGS = f"/var/log/pods/{NAMESPACE}_*/security-agent/*.log"


class Cluster:
    """The node's API server. Every call raises PairError with what kubectl said."""

    def __init__(self):
        self.kit = tools.fetch()

    def kubectl(self, *words, text=None):
        done = self.kit.run("kubectl", *words, kubeconfig=KUBECONFIG, timeout=180,
                            **({"input": text, "stdin": None} if text is not None else {}))
        if done.returncode != 0:
            raise PairError(f"kubectl {' '.join(map(str, words))}: {done.stderr}{done.stdout}")
        return done.stdout

    def helm(self, *words):
        done = self.kit.run("helm", *words, kubeconfig=KUBECONFIG, timeout=180)
        if done.returncode != 0:
            raise PairError(f"helm {' '.join(map(str, words))}: {done.stderr}{done.stdout}")
        return done.stdout

    def get(self, kind, namespace=NAMESPACE, selector=None):
        words = ["get", kind, "-n", namespace, "-o", "json", *(["-l", selector] if selector else [])]
        return json.loads(self.kubectl(*words))["items"]

    def pods(self, namespace=NAMESPACE):
        """Those that are not on their way out."""
        return [pod for pod in self.get("pods", namespace) if "deletionTimestamp" not in pod["metadata"]]

    def roll_out(self, name="vedette", timeout=120):
        try:
            return self.kubectl("-n", NAMESPACE, "rollout", "status", f"daemonset/{name}", f"--timeout={timeout}s")
        except PairError as error:
            raise PairError(f"{error}\n{self.describe()}") from None

    def agent(self, *words, target="daemonset/vedette"):
        return self.kubectl("-n", NAMESPACE, "exec", target, "-c", "security-agent", "--", "/usr/bin/security-agent",
                            *words)

    def setting(self, key):
        """Of the running agent."""
        return json.loads(self.agent("config", "get", key))["value"]

    def describe(self):
        parts = [self.kit.run("kubectl", "-n", NAMESPACE, "describe", "pods", kubeconfig=KUBECONFIG).stdout[-6000:]]
        for path in sorted(glob.glob(f"/var/log/pods/{NAMESPACE}_*/*/*.log"))[-4:]:
            parts.append(f"--- {path}\n" + pathlib.Path(path).read_text(errors="replace")[-3000:])
        return "\n".join(parts)

    def restarts(self):
        return {one["name"]: one["restartCount"] for pod in self.pods() for one in pod["status"]["containerStatuses"]}

    def main_pid(self, container):
        """Of the container's first process, on the host."""
        identity = next(one["containerID"] for pod in self.pods() for one in pod["status"]["containerStatuses"]
                        if one["name"] == container).rsplit("/", 1)[-1]
        rows = subprocess.check_output(["ctr", "-n", "k8s.io", "tasks", "ls"], text=True).splitlines()
        return next(int(row.split()[1]) for row in rows if row.startswith(identity))


class Alerts(threading.Thread):
    """Follows standard output of every agent there is or will be: also of pods that are gone by the time one looks."""

    def __init__(self):
        super().__init__(daemon=True)
        self._files = {}
        self._parts = {}
        self._seen = []
        self._lock = threading.Lock()
        self._end = threading.Event()

    def run(self):
        while not self._end.wait(0.05):
            for path in glob.glob(LOGS):
                identity = os.stat(path).st_ino
                if identity not in self._files:
                    self._files[identity] = open(path, encoding="utf-8", errors="replace")  # noqa: SIM115
            for file in self._files.values():
                self._read(file)

    def _read(self, file):
        while True:
            at = file.tell()
            line = file.readline()
            if not line.endswith("\n"):
                file.seek(at)
                return
            # CRI: time, stream, F or P for a part of a line, text. containerd cuts lines at 16 KiB.
            _, stream, part, text = line.rstrip("\n").split(" ", 3)
            if stream != "stdout":
                continue
            whole = self._parts.pop(file, "") + text
            if part == "P":
                self._parts[file] = whole
            else:
                self._keep(whole)

    def _keep(self, line):
        with contextlib.suppress(ValueError), self._lock:
            self._seen.append(json.loads(line))

    def all(self, rule):
        with self._lock:
            return [alert for alert in self._seen if alert["agent"]["rule_id"] == rule]

    def marks(self, rule="credential_shadow_read"):
        """How often each detection of Detections was reported."""
        counts = {}
        for alert in self.all(rule):
            for word in alert["process"].get("args", []):
                if word.startswith("/mark/"):
                    counts[word] = counts.get(word, 0) + 1
        return counts

    def wait(self, rule, match, timeout=30):
        return wait_for(lambda: next((one for one in self.all(rule) if match(one)), None), timeout, f"alert of {rule}")

    def stop(self):
        self._end.set()
        self.join()


class Detections(threading.Thread):
    """Eight times a second something that the default policy reports, each with a number of its own: below the rate
    limit of a rule, so that each must be reported."""

    PERIOD = 0.125

    def __init__(self, name):
        super().__init__(daemon=True)
        self._name = name
        self._end = threading.Event()
        self.made = []  # (mark, monotonic time)

    def run(self):
        while not self._end.wait(self.PERIOD):
            mark = f"/mark/{self._name}/{len(self.made)}"
            subprocess.run(["/bin/busybox", "cat", "/etc/shadow", mark], capture_output=True, check=False)
            self.made.append((mark, time.monotonic()))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self.join()

    def missing(self, alerts):
        seen = alerts.marks()
        return [(mark, when) for mark, when in self.made if mark not in seen]


# Whoever else works on this machine makes alerts, too: no detection of ours may fall to the rate limit of its rule.
UNLIMITED = """
patches:
  - target: {kind: DaemonSet}
    patch: |-
      apiVersion: apps/v1
      kind: DaemonSet
      metadata: {name: any}
      spec:
        template:
          spec:
            containers:
              - name: security-agent
                env:
                  - {name: VEDETTE_RUNTIME_SECURITY_CONFIG_EVENT_SERVER_BURST, value: "1000000"}
                  - {name: VEDETTE_RUNTIME_SECURITY_CONFIG_EVENT_SERVER_RATE, value: "1000000"}
"""


def kustomization(directory, *components, prefix=""):
    """The overlay `dev` without rate limits and with more components, as a folder. kustomize wants relative paths."""
    directory.mkdir(exist_ok=True)
    relative = os.path.relpath(TOP / "deploy/kubernetes", directory)
    text = f"resources: [{relative}/overlays/dev]\n"
    text += f"components: [{', '.join(f'{relative}/components/{one}' for one in components)}]\n"
    text += f"namePrefix: {prefix}\n" if prefix else ""
    (directory / "kustomization.yaml").write_text(text + UNLIMITED)
    return directory


def metric(text, name):
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.M))
