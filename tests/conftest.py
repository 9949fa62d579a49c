# SPDX-License-Identifier: Apache-2.0
"""Fixtures of every test that runs the pair."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import pytest

sys.dont_write_bytecode = True
TESTS = pathlib.Path(__file__).resolve().parent
TOP = TESTS.parent
sys.path.insert(0, str(TESTS / "support"))

from pair import Pair  # noqa: E402


def bpf_problem():
    """Why BPF cannot be loaded here, "" when it probably can: the same answer that ./dev run gives."""
    script = f'top={TOP}; . "$top/tools/dev/lib.sh"; bpf_problem'
    return subprocess.check_output(["bash", "-c", script], text=True).strip()


BPF_PROBLEM = bpf_problem()
needs_bpf = pytest.mark.skipif(bool(BPF_PROBLEM), reason=f"no BPF here: {BPF_PROBLEM}")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def build_dir():
    return pathlib.Path(os.environ.get("VEDETTE_BUILD", TOP / "build"))


@pytest.fixture(scope="session")
def build():
    return build_dir()


def make_state_dir():
    """Directly below /tmp: the agent's user must be able to reach it, and socket paths must stay short."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="vedette-test.", dir="/tmp"))
    path.chmod(0o755)
    return path


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
