# SPDX-License-Identifier: Apache-2.0
"""./dev pkg --rehearse: this version to the next and back under load; and all of tests/systemd in a virtual machine."""
import shutil

import pytest
from boots import BOOTS, PACKAGES, checks_of, run_boots
from debs import build_debs, version_here
from harness import BPF_PROBLEM, make_state_dir, needs_root

# A fixture here boots machines, each of which has a limit of its own.
pytestmark = pytest.mark.timeout(2 * 1800 + 600)

UPGRADE = [PACKAGES / "upgrade.sh"]
NEXT = f"{version_here()}+next"


@pytest.fixture(scope="module")
def upgraded(build):
    if BPF_PROBLEM:
        pytest.skip(f"NO UPGRADE IS TESTED: {BPF_PROBLEM}")
    machine = make_state_dir()
    try:
        yield run_boots(machine, build, UPGRADE, [*build_debs(), *build_debs(NEXT)])
    finally:
        shutil.rmtree(machine, ignore_errors=True)


@needs_root
@pytest.mark.parametrize("check", checks_of(UPGRADE))
def test_upgrade(upgraded, check):
    results, said = upgraded
    assert results.get(check) == "ok", said


@pytest.fixture(scope="module")
def in_vm(build):
    machine = make_state_dir()
    try:
        yield run_boots(machine, build, BOOTS, build_debs(), "systemd-run-vm", ["-t", "1800"])
    finally:
        shutil.rmtree(machine, ignore_errors=True)


@needs_root
@pytest.mark.parametrize("check", checks_of(BOOTS))
def test_packages_in_vm(in_vm, check):
    results, said = in_vm
    assert results.get(check) == "ok", said
