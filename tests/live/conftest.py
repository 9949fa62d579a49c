# SPDX-License-Identifier: Apache-2.0
"""The pair on this machine's kernel. All of it is skipped, loudly, where BPF cannot be loaded."""
import pathlib
import shutil

import pytest
from harness import BPF_PROBLEM, NO_HASHES, UNLIMITED, make_state_dir
from pair import Pair

HERE = pathlib.Path(__file__).resolve().parent


def pytest_collection_modifyitems(items):
    if BPF_PROBLEM:
        for item in items:
            if HERE in pathlib.Path(str(item.fspath)).parents:
                item.add_marker(pytest.mark.skip(reason=f"NO LIVE TEST RUNS: {BPF_PROBLEM}"))


def start(policies_dir, **arguments):
    arguments.setdefault("agent_settings", UNLIMITED)
    return Pair(make_state_dir(), policies_dir=policies_dir, **arguments).start()


def finish(pair):
    codes = pair.stop()
    logs = pair.log_tails()
    shutil.rmtree(pair.state_dir, ignore_errors=True)
    assert codes == (0, 0), f"exit codes of agent and probe: {codes}\n{logs}"


@pytest.fixture(scope="module")
def live():
    """The pair with one rule per event type (events.policy)."""
    policies = make_state_dir()
    shutil.copy(HERE / "events.policy", policies)
    # A burst of alerts with long ancestries takes the agent a while: nothing of it may be dropped meanwhile.
    # Without hashes in alerts the probe has no reason to read /proc, and test_load says so.
    pair = start(policies, probe_settings={"system_probe_config.stream_buffer_size": "256MiB"},
                 agent_settings=NO_HASHES)
    yield pair
    finish(pair)
    shutil.rmtree(policies)


@pytest.fixture(scope="module")
def guarded():
    """The pair with the default policy."""
    pair = start(None)
    yield pair
    finish(pair)
