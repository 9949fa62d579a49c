# SPDX-License-Identifier: Apache-2.0
"""The script a newcomer uses: ./dev, and `./dev run` from start to Ctrl-C."""
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time

import pytest
from harness import needs_bpf, needs_root
from pair import TOP, free_port, wait_for

COMMANDS = ["deps", "build", "run", "test", "live", "vm", "lint", "fmt", "fuzz", "bench", "soak", "doc", "pkg",
            "image", "kube"]
DEMO = TOP / "tests/data/demo.rec"


def dev(*words, **options):
    return subprocess.run([str(TOP / "dev"), *words], capture_output=True, text=True, timeout=60, **options)


def test_help_lists_every_command():
    done = dev("--help")
    assert done.returncode == 0
    assert re.findall(r"^  (\w+) ", done.stdout, re.M) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_and_refuses_nonsense(command):
    done = dev(command, "--help")
    assert done.returncode == 0
    assert f"usage: ./dev {command}" in done.stdout
    if command not in ("run", "live", "vm"):
        done = dev(command, "--no-such-option")
        assert done.returncode == 2 and "--no-such-option" in done.stderr


def test_unknown_command():
    done = dev("frobnicate")
    assert done.returncode == 2
    assert "run" in done.stderr


def test_packages_are_listed_once_and_installed():
    names = dev("deps", "--list").stdout.split()
    assert len(names) == len(set(names)) and "libbpf-dev" in names
    assert dev("deps", "--missing").stdout == ""


class Run:
    """`./dev run` on this build, with its output by line."""

    def __init__(self, build, *words, **options):
        self.before = set(pathlib.Path(tempfile.gettempdir()).glob("vedette-run.*"))
        self.out, self.err = (tempfile.NamedTemporaryFile(prefix="vedette-out.") for _ in range(2))
        self.process = subprocess.Popen(
            [str(TOP / "dev"), "run", "--build", str(build), "--ports", f"{free_port()},{free_port()}",
             *map(str, words)],
            stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.err, start_new_session=True, **options)

    def output(self):
        return pathlib.Path(self.out.name).read_text()

    def said(self):
        return pathlib.Path(self.err.name).read_text()

    def wait_for(self, pattern, timeout=60):
        def found():
            assert self.process.poll() is None or re.search(pattern, self.output()), self.said()
            return re.search(pattern, self.output(), re.M)
        return wait_for(found, timeout, f"no {pattern} in the output of ./dev run")

    def stop(self, how=signal.SIGINT):
        """Ctrl-C as a terminal sends it: to the whole foreground group. Returns (exit code, standard error)."""
        os.killpg(self.process.pid, how)
        return self.process.wait(30), self.said()

    def left_behind(self):
        return set(pathlib.Path(tempfile.gettempdir()).glob("vedette-run.*")) - self.before


@pytest.fixture
def run(build):
    started = []

    def start(*words, **options):
        started.append(Run(build, *words, **options))
        return started[-1]
    yield start
    for one in started:
        if one.process.poll() is None:
            one.stop(signal.SIGTERM)


def daemons_of(state_dir):
    """Processes that have the directory in their command line."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(state_dir).encode() in entry.read_bytes():
                found.append(entry.parent.name)
        except OSError:
            pass
    return found


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_replay_shows_alerts_and_leaves_nothing(run, how):
    running = run("--replay", DEMO)
    running.wait_for(r"^ready")
    running.wait_for(r"credential_shadow_read")
    running.wait_for(r"exec_from_temporary")
    running.wait_for(r"reverse_shell")
    directory = running.left_behind()
    assert len(directory) == 1
    code, _ = running.stop(how)
    assert code == 0
    assert not running.left_behind()
    assert not daemons_of(directory.pop())


def test_raw_alerts_are_json(run):
    running = run("--replay", DEMO, "--json")
    running.wait_for(r"credential_shadow_read")
    time.sleep(0.5)
    lines = [line for line in running.output().splitlines() if not line.startswith("ready")]
    assert lines and all("rule_id" in json.loads(line)["agent"] for line in lines)


def test_state_directory_is_kept(run, state_dir):
    running = run("--replay", DEMO, "--state-dir", state_dir / "kept")
    line = running.wait_for(r"^ready.*$").group(0)
    assert str(state_dir / "kept") in line
    kept = state_dir / "kept"
    running.wait_for("credential_shadow_read")
    assert {path.name for path in (kept / "run").iterdir() if path.is_socket()} == {"events.sock", "cmd.sock"}
    assert running.stop()[0] == 0
    assert {"auth_token", "ipc_cert.pem", "alerts.json", "logs", "run"} <= {path.name for path in kept.iterdir()}
    assert not [path for path in (kept / "run").iterdir() if path.is_socket()]
    assert (kept / "logs/system-probe.log").stat().st_size and (kept / "logs/security-agent.log").stat().st_size
    assert all(json.loads(line) for line in (kept / "alerts.json").read_text().splitlines())


def test_other_policies(run, policies):
    running = run("--replay", DEMO, "--policies-dir", policies(
        "rules: [{id: my_own_rule, expression: 'open.file.path == \"/etc/shadow\"'}]\n"))
    running.wait_for("my_own_rule")
    assert "credential_shadow_read" not in running.output()


@pytest.mark.parametrize("words,says", [
    (("--replay", "/nonexistent.rec"), "/nonexistent.rec"), (("--demo", "--replay", str(DEMO)), "--demo"),
    (("--replay", str(DEMO), "--set", "nonsense"), "KEY=VALUE"), (("--replay", str(DEMO), "--ports", "1"), "--ports")])
def test_wrong_use_is_said(build, words, says):
    done = dev("run", "--build", str(build), *words)
    assert done.returncode == 2
    assert says in done.stderr


def test_a_probe_that_cannot_start_is_said(build, state_dir):
    bad = state_dir / "bad.rec"
    bad.write_text("no recording")
    done = dev("run", "--build", str(build), "--replay", str(bad))
    assert done.returncode == 1
    assert "system-probe" in done.stderr and str(bad) in done.stderr
    assert not list(pathlib.Path(tempfile.gettempdir()).glob("vedette-run.*/run"))


@needs_root
def test_without_root_it_says_why_and_offers_the_replay(state_dir):
    """From a checkout that everybody can read: this one need not be."""
    copy = state_dir / "checkout"
    (copy / "tools").mkdir(parents=True)
    shutil.copy(TOP / "dev", copy)
    shutil.copytree(TOP / "tools/dev", copy / "tools/dev")
    shutil.copy(TOP / "tools/packages.txt", copy / "tools")
    done = subprocess.run(["setpriv", "--reuid", "nobody", "--regid", str(pwd.getpwnam("nobody").pw_gid),
                           "--clear-groups", str(copy / "dev"), "run"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "not root" in done.stderr
    assert "--replay tests/data/demo.rec" in done.stderr


@needs_bpf
def test_the_demo_on_this_kernel(run):
    """What the README shows: three alerts within seconds."""
    running = run("--demo")
    running.wait_for(r"^ready")
    for rule in ("credential_shadow_read", "exec_from_temporary", "reverse_shell"):
        running.wait_for(rule, timeout=15)
    code, said = running.stop()
    assert code == 0
    assert said.count("demo: ") == 3
    assert not running.left_behind()


@needs_bpf
def test_a_killed_daemon_ends_the_run_with_its_reason(run, state_dir):
    running = run("--state-dir", state_dir / "s")
    running.wait_for(r"^ready")
    agent = next(pid for pid in daemons_of(state_dir / "s")
                 if pathlib.Path(f"/proc/{pid}/comm").read_text().startswith("security-agent"))
    os.kill(int(agent), signal.SIGKILL)
    assert running.process.wait(30) == 1
    assert "SIGKILL" in running.said()
    assert not daemons_of(state_dir / "s/run")
