# SPDX-License-Identifier: Apache-2.0
"""The pair in two containers, made by ./dev image and started by the very commands of docs/containers.md."""
import json
import os
import re
import signal
import subprocess

import pytest
from containers import Podman
from harness import needs_root
from kube.manifests import version
from pair import TOP, PairError, wait_for

pytestmark = needs_root
PAGE = (TOP / "docs/containers.md").read_text()
COMMANDS = next(block for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S) if "podman run" in block)
AGENT, PROBE = "vedette-security-agent", "vedette-system-probe"


class ContainerPair:
    """Podman with storage of its own, its API, and the two containers."""

    def __init__(self, build):
        self.podman = Podman()
        self.podman.serve()
        wrapper = self.podman.root / "bin/podman"
        wrapper.parent.mkdir()
        wrapper.write_text(f"#!/bin/sh\nexec /usr/bin/podman --root {self.podman.root}/lib "
                           f'--runroot {self.podman.root}/run --log-level error "$@"\n')
        wrapper.chmod(0o755)
        self.environment = {**os.environ, "PATH": f"{wrapper.parent}:{os.environ['PATH']}",
                            "HOME": str(self.podman.root), "CONTAINERS_CONF": f"{self.podman.root}/containers.conf"}
        self.shell(f"{TOP}/dev image --build {build}")
        # The runtime's socket is elsewhere here; and others on this machine must not use up the rate limit of a rule.
        limit = "VEDETTE_RUNTIME_SECURITY_CONFIG_EVENT_SERVER_"
        unlimited = " ".join(f"-e {limit}{name}=1000000" for name in ("BURST", "RATE"))
        commands = COMMANDS.replace("/run/podman:/run/podman:ro", f"{self.podman.socket}:/run/podman/podman.sock:ro")
        self.shell("set -e\n" + commands.replace("--uts host", f"--uts host {unlimited}"))

    def shell(self, text):
        done = subprocess.run(["bash", "-c", text], env=self.environment, capture_output=True, text=True, timeout=300,
                              stdin=subprocess.DEVNULL, check=False)
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
        return done.stdout

    def inside(self, name, *words):
        return subprocess.run([*self.podman._command("exec", name), *words], env=self.podman._env(),
                              capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)

    def pid(self, name):
        return int(self.podman("inspect", "--format", "{{.State.Pid}}", name))

    def wait_ready(self):
        def ready():
            return self.inside(AGENT, "/usr/bin/security-agent", "health").returncode == 0
        try:
            wait_for(ready, 60, "the pair in containers is ready", interval=0.5)
        except PairError as error:
            logs = self.shell(f"podman logs {PROBE} 2>&1; podman logs {AGENT} 2>&1")
            raise PairError(f"{error}\n{logs[-4000:]}") from None

    def alerts(self, rule):
        lines = self.shell(f"podman logs {AGENT} 2> /dev/null").splitlines()
        alerts = [json.loads(line) for line in lines if line.startswith("{")]
        return [alert for alert in alerts if alert["agent"]["rule_id"] == rule]

    def wait_alert(self, rule, match):
        return wait_for(lambda: next((one for one in self.alerts(rule) if match(one)), None), 20, f"alert of {rule}",
                        interval=0.3)

    def close(self):
        self.podman.close()


@pytest.fixture(scope="module")
def pair(build):
    if Podman.problem():
        pytest.skip(Podman.problem())
    made = ContainerPair(build)
    try:
        made.wait_ready()
        yield made
    finally:
        made.close()


def arguments(alert):
    return alert["process"].get("args", [])


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def test_both_are_healthy_and_neither_can_do_more_than_it_must(pair):
    health = pair.inside(PROBE, "/usr/bin/system-probe", "health")
    assert health.returncode == 0 and "reads the kernel" in health.stdout, health.stderr
    probe, agent = status_of(pair.pid(PROBE)), status_of(pair.pid(AGENT))
    assert agent["Uid"].split()[0] == "10050" and agent["CapBnd"].strip("0") == "" and agent["NoNewPrivs"] == "1"
    assert probe["CapEff"].strip("0") == "" and probe["CapBnd"].strip("0") == "" and probe["NoNewPrivs"] == "1"
    assert pair.inside(AGENT, "/bin/sh", "-c", "true").returncode != 0
    assert pair.inside(PROBE, "/bin/sh", "-c", "true").returncode != 0


def test_the_host_and_other_containers_are_watched_by_name(pair):
    subprocess.run(["/bin/busybox", "cat", "/etc/shadow", "/nonexistent/host"], capture_output=True, check=False)
    alert = pair.wait_alert("credential_shadow_read", lambda one: "/nonexistent/host" in arguments(one))
    assert not alert.get("container", {}).get("id")
    container = pair.podman("run", "-d", "--name", "shop", "--network", "none", pair.podman.IMAGE, "/bin/sh", "-c",
                            "cat /etc/shadow /nonexistent/shop; sleep 30")
    alert = pair.wait_alert("credential_shadow_read", lambda one: "/nonexistent/shop" in arguments(one))
    section = alert["container"]
    assert section["id"] == container and section["name"] == "shop" and section["runtime"] == "podman"
    assert section["image"]["name"] == "localhost/lab" and section["image"]["tag"] == "1.2"


def test_the_self_test_passes_in_an_image_without_a_shell(pair):
    done = pair.inside(AGENT, "/usr/bin/security-agent", "runtime", "self-test")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_killed_agent_misses_nothing_that_the_probe_held(pair):
    before = pair.pid(AGENT)
    for number in range(30):
        if number == 10:
            os.kill(before, signal.SIGKILL)  # by podman kill it would be meant, and not started again
        subprocess.run(["/bin/busybox", "cat", "/etc/shadow", f"/nonexistent/{number}"], capture_output=True, check=False)
    wait_for(lambda: pair.pid(AGENT) not in (0, before), 30, "the agent's container starts again", interval=0.3)
    pair.wait_ready()
    wanted = {f"/nonexistent/{number}" for number in range(30)}

    def missing():
        return wanted - {word for alert in pair.alerts("credential_shadow_read") for word in arguments(alert)}
    wait_for(lambda: not missing(), 20, "all 30 detections", interval=0.3)
    status = json.loads(pair.inside(AGENT, "/usr/bin/security-agent", "status", "-j").stdout)
    assert not status["probe"].get("lost"), status["probe"]["lost"]


def test_the_images_name_their_parts(pair):
    for name in (PROBE, AGENT):
        image = json.loads(pair.podman("image", "inspect", f"{name}:{version()}"))[0]
        labels = image["Labels"]
        assert labels["org.opencontainers.image.version"] == version()
        assert labels["org.opencontainers.image.revision"] and labels["org.opencontainers.image.licenses"] == "Apache-2.0"
        assert image["Healthcheck"]["Test"][-1] == "health"
        assert image["Config"].get("User") == ("10050:10050" if name == AGENT else "0:0")
        root = pair.podman("image", "mount", f"{name}:{version()}")
        packages = set(os.listdir(f"{root}/var/lib/dpkg/status.d"))
        assert {"libc6", "libstdc++6", "libgrpc++1.51"} <= packages
        assert all(os.path.exists(f"{root}/usr/share/doc/{package}/copyright") for package in packages)
        assert not subprocess.check_output(["find", root, "-perm", "/6000"], text=True)
        pair.podman("image", "unmount", f"{name}:{version()}")
