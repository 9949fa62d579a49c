# SPDX-License-Identifier: Apache-2.0
"""GET /agent/events/stream: alerts as server-sent events, for clients that stay, come back, sleep or go."""
import json
import shutil
import time

import pytest
from harness import UNLIMITED, make_state_dir
from pair import TOP, Pair, wait_for
from sse import Stream


@pytest.fixture(scope="module")
def pair():
    """One that has evaluated the demo: its alerts are written."""
    with Pair(make_state_dir(), replay=TOP / "tests/data/demo.rec", agent_settings=UNLIMITED) as pair:
        wait_for(lambda: drained(pair), 60, "demo.rec is not evaluated", interval=0.1)
        yield pair
    shutil.rmtree(pair.state_dir, ignore_errors=True)


@pytest.fixture
def streams():
    opened = []

    def stream(*arguments, **named):
        opened.append(Stream(*arguments, **named))
        return opened[-1]
    yield stream
    for one in opened:
        one.close()


def drained(pair):
    stream = pair.status()["probe"].get("stream", {})
    return int(stream.get("nextSequence", 0)) > 1 and (
        int(stream.get("acknowledged", 0)) + 1 == int(stream["nextSequence"]))


def written(pair):
    """What the file output has, which is the truth."""
    return [json.loads(line) for line in pair.alerts_path.read_text().splitlines()]


def say_something(pair):
    """Has the agent write a line: that it loaded its rules."""
    assert pair.client.request("POST", "/agent/policies/reload")[0] == 200


def test_the_past_is_what_the_outputs_have(pair, streams):
    lines = written(pair)
    stream = streams(pair, f"?newest={len(lines)}")
    assert stream.status == 200 and b"text/event-stream" in stream.head
    assert stream.next()[0] == "hello"
    events = stream.take(len(lines))
    assert [data for _, data, _ in events] == lines
    assert {name for name, _, _ in events} == {"alert"}
    assert len({event_id for _, _, event_id in events}) == len(lines)


def test_what_happens_comes_at_once(pair, streams):
    stream = streams(pair)
    assert stream.next()[0] == "hello"
    say_something(pair)
    name, data, _ = stream.next()
    assert (name, data["agent"]["rule_id"]) == ("alert", "ruleset_loaded")


def test_who_comes_back_gets_what_it_missed_and_nothing_twice(pair, streams):
    first = streams(pair, "?newest=3")
    first.next()
    seen = first.take(3)
    first.close()
    say_something(pair)
    again = streams(pair, last_event_id=seen[1][2])
    assert again.next()[0] == "hello"
    assert again.next() == seen[2]
    name, data, event_id = again.next()
    assert (name, data["agent"]["rule_id"]) == ("alert", "ruleset_loaded")
    assert event_id not in {one[2] for one in seen}


def test_who_never_got_an_alert_can_come_back_too(pair, streams):
    stream = streams(pair)
    name, _, event_id = stream.next()
    assert name == "hello" and event_id
    stream.close()
    say_something(pair)
    again = streams(pair, last_event_id=event_id)
    again.next()
    assert again.next()[1]["agent"]["rule_id"] == "ruleset_loaded"


@pytest.mark.parametrize("event_id", ["0-7", "nonsense", "-", "1" * 500, "abc-99999999999999999999999"])
def test_the_id_of_another_life_gives_all_there_is_and_says_so(pair, streams, event_id):
    stream = streams(pair, last_event_id=event_id)
    assert stream.next()[0] == "hello"
    assert stream.next()[:2] == ("gap", {"missed": 0, "of": "alerts", "reason": "restart"})
    assert stream.next()[1] == written(pair)[0]


def test_filters(pair, streams):
    lines = written(pair)
    alert = next(line for line in lines if line["agent"]["rule_id"] == "credential_shadow_read")
    by_rule = streams(pair, "?newest=1000&rule=credential_shadow_read")
    by_pid = streams(pair, f"?newest=1000&pid={alert['process']['pid']}")
    by_rule.next()
    by_pid.next()
    want = [line for line in lines if line["agent"]["rule_id"] == "credential_shadow_read"]
    assert [data for _, data, _ in by_rule.take(len(want))] == want
    want = [line for line in lines if line.get("process", {}).get("pid") == alert["process"]["pid"]]
    assert [data for _, data, _ in by_pid.take(len(want))] == want
    say_something(pair)
    marker = streams(pair, "?newest=1")
    assert marker.take(2)[1][1]["agent"]["rule_id"] == "ruleset_loaded"


@pytest.mark.parametrize("query", ["?kind=everything", "?pid=x", "?pid=-1", "?newest=99999999", "?newest=", "?rul=x"])
def test_bad_questions(pair, streams, query):
    assert streams(pair, query).status == 400


def test_without_the_token_there_is_no_stream(pair, streams):
    stream = wait_for(lambda: next((one for one in [streams(pair, token=False)] if one.status != 429), None), 30, "401")
    assert stream.status == 401


def test_so_many_may_listen_and_no_more(pair, streams):
    listening = pair.metrics()["vedette_agent_live_listeners"]
    wait_for(lambda: pair.metrics()["vedette_agent_live_listeners"] == 0, 20, f"{listening} still listen")
    opened = [streams(pair) for _ in range(16)]
    assert {stream.status for stream in opened} == {200}
    refused = streams(pair)
    assert refused.status == 503 and b"Retry-After" in refused.head
    assert pair.client.request("GET", "/agent/version")[0] == 200, "others are served"
    opened[0].close()
    wait_for(lambda: streams(pair).status == 200, 20, "room for another", interval=0.2)


def test_the_agent_s_end_ends_the_streams(make_pair, streams):
    pair = make_pair(replay=TOP / "tests/data/demo.rec").start()
    stream = streams(pair)
    assert stream.next()[0] == "hello"
    begin = time.monotonic()
    assert pair.stop_agent() == 0
    assert time.monotonic() - begin < 10
    while stream.next() is not None:
        pass


def test_a_process_s_lineage(pair):
    alert = next(line for line in written(pair) if line["agent"]["rule_id"] == "credential_shadow_read")
    pid = alert["process"]["pid"]
    answer = pair.client.get_json(f"/agent/processes/{pid}")
    assert answer["lineage"][-1]["pid"] == pid
    assert answer["lineage"][-1]["args"] == alert["process"]["args"]
    assert answer["lineage"][-2]["pid"] == alert["process"]["ppid"]
    below = pair.client.get_json(f"/agent/processes/{answer['lineage'][-2]['pid']}")["descendants"]
    assert (1, pid) in {(process["depth"], process["pid"]) for process in below}


@pytest.mark.parametrize("pid,status", [("4194303", 404), ("0", 400), ("-1", 400), ("x", 400), ("99999999999", 400),
                                        ("1%2f2", 404)])
def test_processes_that_are_not(pair, pid, status):
    assert pair.client.request("GET", f"/agent/processes/{pid}")[0] == status
