# SPDX-License-Identifier: Apache-2.0
"""The Debian packages on a machine booted by systemd, on this kernel: installed, used, attacked, booted again, purged."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest
from debs import build_debs, libraries_of
from harness import BPF_PROBLEM, make_state_dir
from pair import TOP

HERE = pathlib.Path(__file__).resolve().parent
SUPPORT = TOP / "tests/support/vm"
BOOTS = ["first_boot.sh", "second_boot.sh"]

# The checks of the scripts; each is a test of its own here.
CHECKS = [name for boot in BOOTS for name in re.findall(r'^check "(.*?)" ', (HERE / boot).read_text(), re.M)]


def run(machine, debs, script, out):
    packages = [word for name in libraries_of(debs) for word in ("-i", name)]
    return subprocess.run([str(SUPPORT / "systemd-run-ns"), "-t", "240", "-s", str(machine), "-o", str(out), *packages,
                           "-p", str(machine / "payload"), str(HERE / script)], capture_output=True, text=True)


@pytest.fixture(scope="module")
def outcome(build):
    """{check: "ok" or what was found}, from two boots of one machine."""
    if BPF_PROBLEM:
        pytest.skip(f"NO SYSTEMD TEST RUNS: {BPF_PROBLEM}")
    machine = make_state_dir()
    try:
        debs = build_debs()
        payload = machine / "payload"
        for source, target in [*[(deb, "srv/debs") for deb in debs], (HERE / "checks.sh", "srv/test"),
                               (build / "tests/live/act", "usr/bin")]:
            (payload / target).mkdir(parents=True, exist_ok=True)
            shutil.copy(source, payload / target)
        results, said = {}, ""
        for script in BOOTS:
            out = machine / script
            done = run(machine, debs, script, out)
            journal = out / "journal.txt"
            said += f"{done.stdout}\n{done.stderr}\n"
            said += journal.read_text(errors="replace")[-8000:] if journal.exists() else ""
            for word, name, why in re.findall(r"^(ok|FAIL) (.*?)(?:: (.*))?$", done.stdout, re.M):
                results[name] = "ok" if word == "ok" else why
        print(said)
        yield results, said
    finally:
        shutil.rmtree(machine, ignore_errors=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="NO SYSTEMD TEST RUNS: needs root")
@pytest.mark.parametrize("check", CHECKS)
def test_units(outcome, check):
    results, everything = outcome
    assert results.get(check) == "ok", everything
