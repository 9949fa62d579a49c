# SPDX-License-Identifier: Apache-2.0
"""The Debian packages on a machine booted by systemd, on this kernel: installed, used, attacked, booted again, purged."""
import shutil

import pytest
from boots import BOOTS, checks_of, run_boots
from debs import build_debs
from harness import BPF_PROBLEM, make_state_dir, needs_root


@pytest.fixture(scope="module")
def outcome(build):
    if BPF_PROBLEM:
        pytest.skip(f"NO SYSTEMD TEST RUNS: {BPF_PROBLEM}")
    machine = make_state_dir()
    try:
        yield run_boots(machine, build, BOOTS, build_debs())
    finally:
        shutil.rmtree(machine, ignore_errors=True)


@needs_root
@pytest.mark.parametrize("check", checks_of(BOOTS))
def test_units(outcome, check):
    results, said = outcome
    assert results.get(check) == "ok", said
