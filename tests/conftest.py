# SPDX-License-Identifier: Apache-2.0
"""Fixtures of every test that runs the pair."""
import os
import pathlib
import shutil
import sys

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "support"))

# What an agent does by the clock stays away from tests of other things.
os.environ["VEDETTE_RUNTIME_SECURITY_CONFIG_SELF_TEST_ENABLED"] = "false"

from harness import make_state_dir  # noqa: E402
from pair import TOP, Pair  # noqa: E402


@pytest.fixture(scope="session")
def build():
    return pathlib.Path(os.environ.get("VEDETTE_BUILD", TOP / "build"))


@pytest.fixture
def state_dir():
    path = make_state_dir()
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def make_pair():
    """make_pair(**arguments of Pair): not started; stopped and removed after the test."""
    pairs = []

    def make(**arguments):
        arguments.setdefault("state_dir", make_state_dir())
        pair = Pair(**arguments)
        pairs.append(pair)
        return pair

    yield make
    for pair in pairs:
        pair.stop()
        shutil.rmtree(pair.state_dir, ignore_errors=True)


@pytest.fixture
def policies(tmp_path_factory):
    """policies(text): a directory with that as test.policy, readable for everybody."""
    made = []

    def make(text, name="test.policy"):
        path = make_state_dir()
        (path / name).write_text(text)
        made.append(path)
        return path

    yield make
    for path in made:
        shutil.rmtree(path, ignore_errors=True)
