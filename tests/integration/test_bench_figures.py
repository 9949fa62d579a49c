# SPDX-License-Identifier: Apache-2.0
"""What ./dev bench computes with: figures, pairs, the comparison of two runs, the page that is written from one."""
import json
import re
import subprocess
import sys
import xml.etree.ElementTree

import pytest
from pair import TOP

sys.path.insert(0, str(TOP / "tests/bench"))
import bench  # noqa: E402
import compare  # noqa: E402
import engine  # noqa: E402
import latency  # noqa: E402
import measure  # noqa: E402
import plots  # noqa: E402
import report  # noqa: E402
import tables  # noqa: E402
import tax  # noqa: E402


def result(figures, quick=False, **more):
    """As ./dev bench --json writes it."""
    return {"format": 1, "date": "2026-11-22T12:00:00+00:00", "quick": quick, "build": {"buildtype": "release"},
            "source": {"commit": "0123456789ab", "changed": False},
            "machine": {"cpu": "Some CPU", "cpus": 2, "memory_mib": 1000, "kernel": "6.1", "load": 0.1},
            "parts": {"tax": {"seconds": 1.0, "figures": {name: measure.summary(*figure) for name, figure in
                                                          figures.items()}}}, **more}


def write(path, content):
    path.write_text(json.dumps(content))
    return path


def test_a_figure_is_median_and_spread():
    assert measure.summary([3, 1, 2], "us") == {"unit": "us", "better": "lower", "median": 2, "min": 1, "max": 3,
                                                "samples": [3, 1, 2]}
    assert measure.summary([4, 1], "us")["median"] == 2.5


@pytest.mark.parametrize("samples", [[], [1, float("nan")], [float("inf")]])
def test_what_is_no_figure_is_an_error(samples):
    with pytest.raises(ValueError, match="no figure"):
        measure.summary(samples, "us")


@pytest.mark.parametrize("share, expected", [(0.5, 50), (0.99, 99), (0.991, 100), (1.0, 100), (0.0, 1)])
def test_percentiles_are_values_that_were_measured(share, expected):
    assert measure.percentile(range(100, 0, -1), share) == expected


def test_pairs_change_their_order_and_keep_off_before_on():
    order = []

    def off():
        order.append("off")
        return {"opens": 100.0}

    def on():
        order.append("on")
        return {"opens": 150.0}
    pairs = tax.interleaved(3, off, on)
    assert order == ["off", "on", "on", "off", "off", "on"]
    found = measure.Bench()
    tax.add_pairs(found, "default", pairs)
    assert found.figures["tax.default.opens.ratio"]["samples"] == [1.5] * 3
    assert found.figures["tax.default.opens.added"]["median"] == 50


def test_a_ratio_is_of_its_pair_and_not_of_medians():
    found = measure.Bench()
    tax.add_pairs(found, "x", [({"opens": 100}, {"opens": 110}), ({"opens": 300}, {"opens": 330}),
                               ({"opens": 100}, {"opens": 120})])
    assert found.figures["tax.x.opens.ratio"]["median"] == pytest.approx(1.1)


def test_cpu_of_threads_that_came_and_went():
    before = {"probe": {"pipeline": 1.0, "gone": 5.0}, "agent": {}}
    after = {"probe": {"pipeline": 1.5, "new": 0.25}, "agent": {"engine": 2.0}}
    assert measure.cpu_between(after, before) == {"probe": {"pipeline": 0.5, "new": 0.25}, "agent": {"engine": 2.0}}


def test_the_scheduler_s_count_is_read():
    begin = measure.thread_cpu("self")
    assert sum(begin.values()) > 0
    sum(range(3000000))
    assert sum(measure.thread_cpu("self").values()) > sum(begin.values())


def test_tries_without_an_answer_are_counted():
    assert latency.tries_of("1500\nlost\n2500\n") == ([1.5, 2.5], 1)


def test_the_workload_s_facts_are_read():
    line = "opens ops=5000 wall_s=0.012000 ns_per_op=2400.5 cpu_ns_per_op=2300.0 ops_per_s=416666 user_s=0.0 sys_s=0.01"
    assert measure.facts_of(line)["ns_per_op"] == 2400.5


def test_a_program_that_does_not_wait_is_said():
    with pytest.raises(RuntimeError, match="no such thing"):
        measure.Orphan(["sh", "-c", "echo no such thing"])


def test_an_orphan_has_none_of_our_command_lines_above_it():
    with measure.Orphan(["sh", "-c", 'echo "waiting $$"; read line; ps -o ppid= -p $$']) as orphan:
        orphan.go()
        parent = int(orphan.output())
    assert parent == 1 or "pytest" not in (measure.pathlib.Path(f"/proc/{parent}/cmdline").read_text())


def test_an_orphan_ends_with_its_block():
    with measure.Orphan(["sh", "-c", 'echo "waiting $$"; read line']) as orphan:
        alive = measure.pathlib.Path(f"/proc/{orphan.pid}")
        assert alive.exists()
    measure.wait_for(lambda: not alive.exists(), 10, "it is gone")


# -- the comparison ---------------------------------------------------------

@pytest.mark.parametrize("old, new, better, expected", [
    ([9, 10, 11], [12, 13, 14], "lower", "worse"),
    ([9, 10, 11], [12, 13, 14], "higher", "better"),
    ([12, 13, 14], [9, 10, 11], "lower", "better"),
    ([9, 10, 20], [12, 13, 14], "lower", ""),  # 13 is within what the old one was
    ([9, 10, 11], [9.5, 12, 14], "lower", ""),  # and 10 within the new one
    ([10], [10.9], "lower", ""),
    ([10], [11.1], "lower", "worse"),
    ([0], [0], "lower", ""),
    ([0], [1], "lower", "worse"),
])
def test_what_differs_by_more_than_it_spreads_is_marked(old, new, better, expected):
    assert compare.verdict(measure.summary(old, "us", better), measure.summary(new, "us", better)) == expected


def test_the_comparison_names_what_both_have(tmp_path):
    old = result({"a": ([10, 10], "us"), "gone": ([1], "us")})
    new = result({"a": ([20, 20], "us"), "new": ([1], "us")}, quick=True)
    said = compare.text(old, new)
    assert re.search(r"^a +10 +20 +2\.000 worse +us$", said, re.M)
    assert "gone" not in said and "--quick measures too little" in said
    new["machine"]["kernel"] = "6.18"
    assert "beware: Some CPU, 6.1 against Some CPU, 6.18" in compare.text(old, new)


@pytest.mark.parametrize("content", ["", "[]", '{"format": 2, "parts": {}}', "nonsense"])
def test_what_is_no_result_is_refused_by_name(tmp_path, content):
    path = tmp_path / "some.json"
    path.write_text(content)
    with pytest.raises(SystemExit, match=r"some\.json"):
        compare.read(path)


# -- the command ------------------------------------------------------------

def test_a_part_that_fails_loses_nothing(monkeypatch, tmp_path, capsys):
    class Half:
        @staticmethod
        def run(found):
            found.add("half", [1], "us")
            raise RuntimeError("the other half")

    class Whole:
        @staticmethod
        def run(found):
            found.add("whole", [2], "us")
    monkeypatch.setitem(sys.modules, "cost", Half)
    monkeypatch.setitem(sys.modules, "start", Whole)
    path = tmp_path / "out.json"
    assert bench.main(["--only", "cost,start", "--json", str(path)]) == 1
    written = compare.read(path)
    assert compare.figures(written)["half"]["median"] == 1 and compare.figures(written)["whole"]["median"] == 2
    assert written["parts"]["cost"]["error"] == "cost: RuntimeError: the other half"
    assert "bench: cost failed: cost: RuntimeError: the other half" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["out.json"]


def fake_part(monkeypatch, name, value):
    part = type("Part", (), {"run": staticmethod(lambda found: found.add(name, [value], "us"))})
    monkeypatch.setitem(sys.modules, name, part)


def test_parts_of_an_earlier_run_are_kept_when_asked(monkeypatch, tmp_path):
    path = str(tmp_path / "out.json")
    fake_part(monkeypatch, "cost", 1)
    fake_part(monkeypatch, "start", 2)
    assert bench.main(["--only", "cost,start", "--json", path]) == 0
    fake_part(monkeypatch, "start", 3)
    monkeypatch.setattr(bench, "machine", lambda: {**compare.read(path)["machine"], "load": 99})
    assert bench.main(["--only", "start", "--json", path, "--merge"]) == 0
    assert compare.read(path)["machine"]["load"] < 99, "the load is that before the first part"
    assert {name: figure["median"] for name, figure in compare.figures(compare.read(path)).items()} == {"cost": 1,
                                                                                                        "start": 3}
    with pytest.raises(SystemExit, match="without --quick"):
        bench.main(["--only", "start", "--json", path, "--merge", "--quick"])


def test_parts_of_another_machine_are_not_mixed_in(monkeypatch, tmp_path):
    path = write(tmp_path / "out.json", result({}))
    fake_part(monkeypatch, "start", 3)
    with pytest.raises(SystemExit, match="another machine"):
        bench.main(["--only", "start", "--json", str(path), "--merge"])


@pytest.mark.parametrize("words, said", [(["--merge"], "--json"), (["--only", "tax,nonsense"], "no part nonsense"),
                                         (["--json", "/no/such/place/x.json"], "no directory /no/such/place")])
def test_wrong_arguments_are_said_before_anything_runs(words, said, capsys):
    with pytest.raises(SystemExit):
        bench.main(words)
    assert said in capsys.readouterr().err


def test_google_benchmark_s_errors_are_ours(tmp_path, monkeypatch):
    program = tmp_path / "tests/bench/broken"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\ncat <<'END'\n" + json.dumps({"benchmarks": [
        {"name": "x", "run_name": "x", "error_occurred": True, "error_message": "a rule matches"}]}) + "\nEND\n")
    program.chmod(0o755)
    monkeypatch.setattr(measure, "BUILD", tmp_path)
    with pytest.raises(RuntimeError, match="a rule matches"):
        engine.google_benchmark("broken", 1, 1, ".", None)


# -- the page ---------------------------------------------------------------

PAGE = "before\n<!-- figures: goals -->\nold\n<!-- end -->\nbetween\n<!-- figures: machine -->\n<!-- end -->\nafter\n"


def test_the_page_s_tables_are_made_anew_and_the_rest_stays(tmp_path):
    path = write(tmp_path / "run.json", result({"tax.default.getpids.ratio": ([1.2, 1.1, 1.3], "x"),
                                                "tax.default.opens.added": ([900], "ns")}))
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    arguments = [str(path), "--page", str(page)]
    assert report.main([*arguments, "--check"]) == 1
    assert page.read_text() == PAGE, "--check writes nothing"
    assert report.main(arguments) == 0
    text = page.read_text()
    assert text.startswith("before\n") and "\nbetween\n" in text and text.endswith("\nafter\n") and "old" not in text
    assert "| getppid, default policy | at most 1.25 x | 1.2 [1.1..1.3] | **met** | 1.72 |" in text
    assert "| open+close that rules reject, added | at most 700 ns | 900 | missed | 2793 |" in text
    assert "| getppid, rules on exec only | at most 1.00 x | - | - | 1.72 |" in text
    assert "`tests/bench/results/run.json`" in text
    assert report.main([*arguments, "--check"]) == 0, "made again it is the same"


def test_before_is_a_column(tmp_path):
    now, old = result({"cost.alert.cpu.both": ([39], "us")}), result({"cost.alert.cpu.both": ([72], "us")})
    now["file"] = old["file"] = "x"
    assert "| alert, CPU of both | at most 40 us | 72 | 39 | **met** | 72 |" in tables.goals(
        compare.figures(now), now, old)


def test_a_table_nobody_makes_is_said(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("<!-- figures: nonsense -->\n<!-- end -->\n")
    with pytest.raises(SystemExit, match="no table 'nonsense'"):
        report.main([str(write(tmp_path / "run.json", result({}))), "--page", str(page)])


def test_a_limit_that_the_producer_cannot_reach_is_no_miss():
    goal = {"figure": "rate", "at_least": 250, "lost": "lost", "unit": "x"}
    said = tables.verdict(goal, {"rate": measure.summary([200], "x"), "lost": measure.summary([0], "x")})
    assert said.startswith("nothing lost")
    assert tables.verdict(goal, {"rate": measure.summary([200], "x"), "lost": measure.summary([1], "x")}) == "missed"


@pytest.mark.parametrize("value, text", [(0, "0"), (1.2345, "1.23"), (123.4, "123"), (123456, "123,000"),
                                         (0.00123, "0.00123"), (-5, "-5")])
def test_numbers_have_the_digits_that_matter(value, text):
    assert tables.number(value) == text


def test_plots_are_xml_and_show_the_values():
    figures = {"tax.default.getpids.ratio": measure.summary([1.23], "x"),
               "latency.file.0.p50": measure.summary([250], "us"),
               **{f"engine.replay_opens.{rules}": measure.summary([2e6], "x") for rules in (10, 100, 1000)}}
    drawn = plots.all_of(figures, tables.PEERS)
    assert sorted(drawn) == ["engine.svg", "latency.svg", "tax.svg"]
    for text in drawn.values():
        assert xml.etree.ElementTree.fromstring(text).tag.endswith("svg")
    assert "1.23 x" in drawn["tax.svg"] and "250 us" in drawn["latency.svg"] and "Falco" in drawn["engine.svg"]


def test_the_checked_in_page_is_what_its_result_says():
    names = re.findall(r"`tests/bench/results/([\w.-]+)`", report.PAGE.read_text())
    assert names, "the page names the raw figures it was made from"
    paths = [str(TOP / "tests/bench/results" / name) for name in names]
    assert report.main([paths[0], *(["--before", paths[1]] if len(paths) > 1 else []), "--check"]) == 0


def test_every_goal_is_measured_by_some_part():
    """The names in goals.json are those that the parts give: a typing error would be a goal that is never checked."""
    sources = "".join(path.read_text() for path in (TOP / "tests/bench").glob("*.py"))
    heads = {goal["figure"].split(".")[0] for goal in tables.GOALS}
    assert all(f'"{head}.' in sources for head in heads), heads
