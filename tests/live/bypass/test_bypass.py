# SPDX-License-Identifier: Apache-2.0
"""The table of docs/bypasses.md, row by row, on this machine's kernel."""
import os
import pathlib
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from cases import CASES  # noqa: E402
from conftest import finish, start  # noqa: E402
from harness import make_state_dir  # noqa: E402
from suite import Stage, rule_id, seen  # noqa: E402


@pytest.fixture(scope="module")
def stage():
    stage = Stage(make_state_dir())
    yield stage
    shutil.rmtree(stage.place)


@pytest.fixture(scope="module")
def watched(stage):
    policies = make_state_dir()
    (policies / "bypass.policy").write_text(stage.policy())
    pair = start(policies)
    yield pair
    finish(pair)
    shutil.rmtree(policies)


def kernel():
    return tuple(map(int, os.uname().release.split(".")[:2]))


def backend_of(pair, event_type):
    return next(hook["backend"] for hook in pair.status()["probe"]["hooks"] if hook["eventType"] == event_type)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.number)
def test_bypass(watched, stage, case):
    facts = stage.perform(case, watched)
    reason = case.blind(backend_of(watched, "open"), kernel())
    if not reason:
        assert seen(case, watched, facts)
        return
    stage.pass_barrier(watched)
    assert not [alert for alert in watched.alerts() if alert["agent"]["rule_id"] == rule_id(case)], (
        f"it is seen now, although '{reason}': correct tests/live/bypass/cases.py")
