# SPDX-License-Identifier: Apache-2.0
"""docs/reference/coverage.md says what is so: `system-probe check` on each kernel against tests/data/coverage."""
import os

import pytest
from coverage import capture, stored

KERNELS = os.environ.get("VEDETTE_VM_KERNELS", "6.1").split()


@pytest.mark.skipif(os.geteuid() != 0, reason="NO VM TEST RUNS: needs root")
@pytest.mark.parametrize("kernel", KERNELS)
def test_the_coverage_of_a_kernel(build, kernel):
    assert capture(kernel, build) == stored(kernel), "was it meant? then: tests/vm/coverage.py --capture " + kernel
