# SPDX-License-Identifier: Apache-2.0
"""Flares as a user makes them: with the agent and without, what they hold, and what they must not."""
import hashlib
import json
import os
import pty
import re
import subprocess
import zipfile

import pytest
from pair import TOP

DEMO = TOP / "tests/data/demo.rec"
SECRETS = {"name that is added": "4711-0815", "password in a policy": "correcthorsebattery",
           "token in a URL": "tok_abcdefghijkl", "in the environment": "envsecret99"}
POLICY = """
# badge: 4711-0815
# password: correcthorsebattery
# https://user:tok_abcdefghijkl@example.org/
rules: [{id: good, expression: 'open.file.path == "/etc/shadow"'}]
"""


def unpack(path):
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    assert os.stat(path).st_mode & 0o777 == 0o600
    manifest = json.loads(entries["manifest.json"])
    for entry in manifest["entries"]:
        assert hashlib.sha256(entries[entry["name"]]).hexdigest() == entry["sha256"]
    return entries


def path_in(output):
    return re.search(r"^(/\S+\.zip)$", output, re.M).group(1)


@pytest.fixture
def configured(make_pair, policies, monkeypatch):
    monkeypatch.setenv("VEDETTE_OUTPUTS_API_KEY", SECRETS["in the environment"])
    return make_pair(replay=DEMO, policies_dir=policies(POLICY), agent_settings={"scrubber.additional_keys": "[badge]"})


def check_no_secret(pair, entries):
    token = (pair.state_dir / "auth_token").read_text().strip()
    for name, content in entries.items():
        assert token.encode() not in content and b"PRIVATE KEY" not in content, name
        for what, secret in SECRETS.items():
            assert secret.encode() not in content, (name, what)


HOST = {"about.txt", "settings.yaml", "settings-by-source.txt", "envvars.log", "permissions.log", "kernel/mountinfo",
        "kernel/lockdown", "kernel/btf", "flare_creation.log", "manifest.json", "logs/00-security-agent.log",
        "runtime-security.d/test.policy"}


def test_the_agent_s_flare(configured):
    pair = configured.start()
    done = pair.command("flare")
    assert done.returncode == 0, done.stderr
    path = path_in(done.stdout)
    try:
        entries = unpack(path)
    finally:
        os.unlink(path)
    noted = entries["flare_creation.log"].decode()
    for name in HOST | {"status.json", "status.txt", "health.json", "metrics.txt", "expvar.json", "probe-settings.yaml"}:
        assert name in entries or name in noted, name
    assert "local" not in entries
    status = json.loads(entries["status.json"])
    assert status["probe"]["stream"]["subscriber"] is True, "the probe is in it"
    assert b"vedette_probe_up 1" in entries["metrics.txt"]
    assert b"process_cache_size" in entries["probe-settings.yaml"]
    assert b"badge: ********" in entries["runtime-security.d/test.policy"]
    assert b"VEDETTE_OUTPUTS_API_KEY=********" in entries["envvars.log"]
    check_no_secret(pair, entries)


def test_without_the_agent_it_is_made_here(configured):
    """By root, with what the probe was asked to write down."""
    pair = configured.start()
    pair.stop_agent()
    dumped = subprocess.run([str(pair.binary("system-probe")), "debug", "process-cache", *pair.probe_arguments()],
                            capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
    dump = os.path.basename(dumped.stdout.strip().split()[-1])
    done = pair.command("flare")
    assert done.returncode == 0, done.stderr
    assert "without it" in done.stderr
    path = path_in(done.stdout)
    try:
        entries = unpack(path)
    finally:
        os.unlink(path)
    assert b"digraph" in entries[f"dumps/{dump}"]
    assert "local" in entries and "status.json" not in entries
    assert HOST - set(entries) <= {"kernel/lockdown"}
    check_no_secret(pair, entries)


def test_progress_on_a_terminal_only(configured):
    configured.prepare()
    command = [str(configured.binary("security-agent")), "flare", "--local", *configured.agent_arguments()]
    quiet = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    os.unlink(path_in(quiet.stdout))
    assert quiet.returncode == 0 and not quiet.stderr
    terminal, theirs = pty.openpty()
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, text=True, timeout=60,
                              stdin=subprocess.DEVNULL)
        shown = os.read(terminal, 65536).decode()
    finally:
        os.close(theirs)
        os.close(terminal)
    os.unlink(path_in(done.stdout))
    assert re.search(r"\r\x1b\[K1/\d+ local", shown)
    assert shown.endswith("\r\x1b[K"), "the line is gone at the end"


def test_a_directory_without_room_is_said(configured):
    """/proc takes no files, as a full disk takes none."""
    configured.prepare()
    done = subprocess.run([str(configured.binary("security-agent")), "flare", "--local", *configured.agent_arguments()],
                          capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                          env={**os.environ, "TMPDIR": "/proc"})
    assert done.returncode == 1 and "/proc" in done.stderr
