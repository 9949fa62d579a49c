# SPDX-License-Identifier: Apache-2.0
"""What test files need to know of this machine and of the build under test."""
import os
import pathlib
import subprocess
import tempfile

import pytest
from pair import TOP

# Tests do more at once than the default rate limit of a rule lets out, and read all of it in one file.
UNLIMITED = {"runtime_security_config.event_server.burst": 1000000,
             "runtime_security_config.event_server.rate": 1000000,
             "outputs.file.max_size": "4GiB"}

# The same, and alerts show no hashes: the probe opens no file to answer, which would be opens of its own.
NO_HASHES = {**UNLIMITED, "runtime_security_config.hash_resolver.event_types": "[]"}


def bpf_problem():
    """Why BPF cannot be loaded here, "" when it probably can: the same answer that ./dev run gives."""
    script = f'top={TOP}; . "$top/tools/dev/lib.sh"; bpf_problem'
    return subprocess.check_output(["bash", "-c", script], text=True).strip()


BPF_PROBLEM = bpf_problem()
needs_bpf = pytest.mark.skipif(bool(BPF_PROBLEM), reason=f"NO BPF HERE: {BPF_PROBLEM}")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="NEEDS ROOT")


def make_state_dir():
    """Directly below /tmp: the agent's user must be able to reach it, and socket paths must stay short."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="vedette-test.", dir="/tmp"))
    path.chmod(0o755)
    return path
