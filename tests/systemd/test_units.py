# SPDX-License-Identifier: Apache-2.0
"""The Debian packages on a machine booted by systemd, on this kernel: installed, used, attacked, booted again, purged."""
import pytest
from boots import BOOTS, boots, checks_of
from debs import build_debs
from harness import BPF_PROBLEM, needs_root


@pytest.fixture(scope="module")
def outcome(build):
    if BPF_PROBLEM:
        pytest.skip(f"NO SYSTEMD TEST RUNS: {BPF_PROBLEM}")
    with boots(build, BOOTS, build_debs()) as outcome:
        yield outcome


@needs_root
@pytest.mark.parametrize("check", checks_of(BOOTS))
def test_units(outcome, check):
    results, said = outcome
    assert results.get(check) == "ok", said
