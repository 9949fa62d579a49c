# SPDX-License-Identifier: Apache-2.0
"""The two units of deploy/systemd under a real systemd, on this kernel."""
import os
import pathlib
import shutil
import subprocess

import pytest
from harness import BPF_PROBLEM, make_state_dir
from pair import TOP

HERE = pathlib.Path(__file__).resolve().parent
SUPPORT = TOP / "tests/support/vm"

# The checks of inside.sh; each is a test of its own here.
CHECKS = [line.split('"')[1] for line in (HERE / "inside.sh").read_text().splitlines() if line.startswith("check \"")]


def install(build, root):
    """What docs/install.md says, into `root`; and the libraries a minimal Debian does not have."""
    deploy = TOP / "deploy"
    for source, target in {
        build / "system-probe/system-probe": "usr/bin/system-probe",
        build / "security-agent/security-agent": "usr/bin/security-agent",
        build / "tests/live/act": "usr/bin/act",
        deploy / "systemd/vedette.sysusers": "usr/lib/sysusers.d/vedette.conf",
        deploy / "systemd/system-probe.tmpfiles": "usr/lib/tmpfiles.d/vedette-system-probe.conf",
        deploy / "systemd/security-agent.tmpfiles": "usr/lib/tmpfiles.d/vedette-security-agent.conf",
        deploy / "systemd/vedette-system-probe.service": "usr/lib/systemd/system/vedette-system-probe.service",
        deploy / "systemd/vedette-security-agent.service": "usr/lib/systemd/system/vedette-security-agent.service",
        deploy / "policies/default.policy": "etc/vedette/runtime-security.d/default.policy",
    }.items():
        (root / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, root / target)
    subprocess.run(["bash", "-c", '. "$1/lib.sh"; shift; copy_libraries "$@"', "bash", str(SUPPORT), str(root),
                    str(root / "usr/bin/system-probe"), str(root / "usr/bin/security-agent")], check=True)


@pytest.fixture(scope="module")
def outcome(build):
    """{check: "ok" or what was found}, from one boot."""
    if BPF_PROBLEM:
        pytest.skip(f"NO SYSTEMD TEST RUNS: {BPF_PROBLEM}")
    root = make_state_dir()
    out = make_state_dir()
    try:
        install(build, root)
        done = subprocess.run([str(SUPPORT / "systemd-run-ns"), "-t", "150", "-p", str(root), "-o", str(out),
                               "-e", "vedette-system-probe.service", "-e", "vedette-security-agent.service",
                               str(HERE / "inside.sh")], capture_output=True, text=True)
        print(done.stdout, done.stderr)
        results = {}
        for line in done.stdout.splitlines():
            word, _, rest = line.partition(" ")
            if word == "ok":
                results[rest] = "ok"
            elif word == "FAIL":
                name, _, why = rest.partition(": ")
                results[name] = why
        journal = out / "journal.txt"
        tail = journal.read_text(errors="replace")[-6000:] if journal.exists() else ""
        yield results, f"{done.stdout}\n{done.stderr}\n{tail}"
    finally:
        shutil.rmtree(root, ignore_errors=True)
        shutil.rmtree(out, ignore_errors=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="NO SYSTEMD TEST RUNS: needs root")
@pytest.mark.parametrize("check", CHECKS)
def test_units(outcome, check):
    results, everything = outcome
    assert results.get(check) == "ok", everything
