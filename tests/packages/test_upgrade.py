# SPDX-License-Identifier: Apache-2.0
"""./dev pkg --rehearse: this version to the next and back under load; and all of tests/systemd in a virtual machine."""
import pytest
from boots import BOOTS, PACKAGES, boots, checks_of
from debs import build_debs, version_here
from harness import BPF_PROBLEM, needs_root

# A fixture here boots machines, each of which has a limit of its own.
pytestmark = pytest.mark.timeout(2 * 1800 + 600)

UPGRADE = [PACKAGES / "upgrade.sh"]
NEXT = f"{version_here()}+next"


@pytest.fixture(scope="module")
def upgraded(build):
    if BPF_PROBLEM:
        pytest.skip(f"NO UPGRADE IS TESTED: {BPF_PROBLEM}")
    with boots(build, UPGRADE, [*build_debs(), *build_debs(NEXT)]) as outcome:
        yield outcome


@needs_root
@pytest.mark.parametrize("check", checks_of(UPGRADE))
def test_upgrade(upgraded, check):
    results, said = upgraded
    assert results.get(check) == "ok", said


@pytest.fixture(scope="module")
def in_vm(build):
    with boots(build, BOOTS, build_debs(), "systemd-run-vm", ["-t", "1800"]) as outcome:
        yield outcome


@needs_root
@pytest.mark.parametrize("check", checks_of(BOOTS))
def test_packages_in_vm(in_vm, check):
    results, said = in_vm
    assert results.get(check) == "ok", said
