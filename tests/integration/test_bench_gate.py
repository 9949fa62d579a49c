# SPDX-License-Identifier: Apache-2.0
"""The speed gate: instructions of the hot paths stay within their limits, and the gate says so when they do not."""
import sys

import pytest
from pair import TOP

sys.path.insert(0, str(TOP / "tests/bench"))
import gate  # noqa: E402


def test_instructions_are_within_their_limits():
    other = gate.wrong_build()
    if other:
        pytest.skip(f"the limits are those of an ordinary build; in this one {other}")
    found, limits = gate.instructions(), gate.read_limits()
    said = gate.problems(found, limits)
    assert not said, "\n".join([*said, gate.table(found, limits), "when this is meant: ./dev bench --gate --set-limits"])


def test_what_costs_more_or_less_is_said():
    limits = {"decode": 1000, "encode": 1000, "parse": 1000, "same": 1000}
    said = gate.problems({"decode": 1031, "encode": 969, "parse": 1029, "same": 971}, limits)
    assert said == ["decode: 1031 instructions, 3.1% over its limit of 1000",
                    "encode: 969 instructions, 3.1% under its limit of 1000: lower it, so that it stays so"]


def test_a_step_without_a_limit_and_a_limit_without_a_step_are_said():
    assert gate.problems({"new": 5}, {"old": 5}) == ["new: 5 instructions, and no limit for it",
                                                     "old: has a limit and is not measured"]


def test_limits_are_written_as_whole_numbers_and_read_back(tmp_path):
    gate.write_limits({"decode.open": 2088.18}, tmp_path / "limits.json")
    assert gate.read_limits(tmp_path / "limits.json") == {"decode.open": 2088}


def test_dumps_of_callgrind_are_read(tmp_path):
    (tmp_path / "callgrind.1").write_text("desc: Trigger: Client Request: decode.open\nsummary: 9\n\ntotals: 9000\n")
    (tmp_path / "callgrind").write_text("desc: Trigger: Program termination\ntotals: 1\n")
    assert gate.read_dumps(tmp_path) == {"decode.open": 9000}


def test_a_build_without_the_programs_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(gate.measure, "BUILD", tmp_path)
    with pytest.raises(gate.GateError, match="install valgrind"):
        gate.instructions()
