# SPDX-License-Identifier: Apache-2.0
"""Every block of the documents is of a kind that the tests know, and one that is not run says why."""
import json
import re
import sys

import pytest
import yaml
from pair import TOP

sys.path.insert(0, str(TOP / "tests/support/docs"))
import blocks  # noqa: E402
import transcript  # noqa: E402

BLOCKS = blocks.all_blocks()


def test_no_block_is_of_a_kind_that_nobody_checks():
    assert not [f"{block.place}: {block.language}" for block in BLOCKS
                if block.language not in (*blocks.RUN, *blocks.READ, *blocks.TEXT)]


def test_no_command_hides_in_a_block_of_text():
    assert not [block.place for block in BLOCKS if block.language in ("", "text") and block.text.startswith("$ ")]


def test_what_is_not_run_says_why():
    """The list is in the output of a failure, and of `python3 tests/support/docs/blocks.py`."""
    reasons = {block.place: block.notes["not run"] for block in BLOCKS if block.language in blocks.RUN and not block.runs}
    assert all(len(reason.split()) >= 3 for reason in reasons.values()), reasons


@pytest.mark.parametrize("block", [one for one in BLOCKS if one.language in blocks.READ], ids=lambda one: one.place)
def test_yaml_and_json_parse(block):
    if block.language == "json":
        whole = block.text.lstrip().startswith(("{", "["))
        json.loads(block.text if whole else f"{{{block.text}}}")  # or members of an object
    else:
        list(yaml.safe_load_all(block.text))


@pytest.mark.parametrize("block", [one for one in BLOCKS if one.language == "console"], ids=lambda one: one.place)
def test_console_blocks_begin_with_a_command(block):
    assert block.commands()


def test_tests_that_documents_name_exist():
    """The threat model stands on them."""
    named = {(page, name) for page in blocks.documents()
             for name in re.findall(r"`(test_\w+)`", (TOP / page).read_text())}
    sources = "".join(path.read_text() for path in (TOP / "tests").rglob("test_*.py"))
    assert named and not [one for one in named if f"def {one[1]}(" not in sources]


SAME = [("a 12 ms b", "a 7 ms b"), ("x ... y", "x one two y"), ("pid (pid 1)", "pid (pid 22)")]
DIFFERENT = [("2 rules loaded", "3 rules loaded"), ("a", "a b"), ("x ... y", "x one")]


@pytest.mark.parametrize("expected,actual", SAME)
def test_a_transcript_leaves_room_for_what_varies(expected, actual):
    assert not transcript.difference([expected], [actual])


@pytest.mark.parametrize("expected,actual", DIFFERENT)
def test_a_transcript_is_not_any_text(expected, actual):
    assert transcript.difference([expected], [actual])


def test_lines_may_be_left_out_only_where_the_page_says_so():
    assert not transcript.difference(["a", "...", "c"], ["a", "b", "c"])
    assert transcript.difference(["a", "c"], ["a", "b", "c"])
    assert not transcript.difference(["a", "c"], ["a", "b", "c", "d"], follows=True)
