# SPDX-License-Identifier: Apache-2.0
"""What monitoring sees: metrics, expvar, health, profiles; a real Prometheus; what deploy/ ships for it."""
import contextlib
import functools
import http.client
import json
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading
import urllib.request

import pytest
import yaml
from harness import make_state_dir
from pair import TOP, Pair, PairError, free_port, wait_for

PAGE = (TOP / "docs/reference/metrics.md").read_text()
DOCUMENTED = set(re.findall(r"^\| `((?:vedette|process)_[a-z_]+)` \|", PAGE, re.M))
PROMETHEUS = TOP / "deploy/prometheus"
PROFILING = {"security_agent.internal_profiling.enabled": "true"}


@pytest.fixture(scope="module")
def pair():
    with Pair(make_state_dir(), replay=TOP / "tests/data/demo.rec", agent_settings=PROFILING) as pair:
        yield pair
    shutil.rmtree(pair.state_dir, ignore_errors=True)


def base_name(name):
    return re.sub(r"_(bucket|sum|count)$", "", name) if name not in DOCUMENTED else name


def names_in(text):
    return {base_name(name) for name in re.findall(r"\b(?:vedette_(?:agent|probe)|process)_[a-z_]+[a-z]", text)}


def test_the_probe_s_figures_are_among_the_agent_s(pair):
    metrics = pair.metrics()
    assert metrics["vedette_probe_up"] == 1
    assert metrics['vedette_probe_events_delivered_total{type="exec"}'] > 0
    assert metrics["vedette_probe_resident_memory_bytes"] > 1 << 20
    assert metrics["process_resident_memory_bytes"] > 1 << 20
    assert metrics["process_open_fds"] > 5
    assert abs(metrics["process_start_time_seconds"] - pair.state_dir.stat().st_ctime) < 3600


def test_every_metric_is_documented_and_clean(pair):
    status, text = pair.expvar("/telemetry")
    assert status == 200
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and not done.stdout and not done.stderr, done.stdout + done.stderr
    served = set(re.findall(r"^# TYPE (\S+)", text, re.M))
    assert served <= DOCUMENTED, f"not in docs/reference/metrics.md: {served - DOCUMENTED}"


def test_every_documented_metric_exists_in_the_source():
    source = "".join(path.read_text() for folder in ("security-agent", "common")
                     for path in (TOP / folder).rglob("*") if path.suffix in (".cpp", ".h"))
    for name in DOCUMENTED:
        short = name.removeprefix("vedette_probe_")
        assert f'"{name}"' in source or f'"{short}"' in source, name


def test_expvar_has_the_reference_s_shape(pair):
    document = json.loads(pair.expvar("/debug/vars")[1])
    assert document["cmdline"][1] == "start"
    assert document["memstats"]["HeapAlloc"] > 0
    assert document["version"] and document["uptime"] >= 0
    assert document["config"]["log_level"] == "info"
    assert document["runtimeSecurityStatus"]["connected"] is True
    assert document["vedette_probe_up"] == 1


def ask(address, port, path):
    """(status, text) of a listener, by a name that the agent cannot know."""
    connection = http.client.HTTPConnection(address, port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", path, headers={"Host": "node-7.example.org"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def test_other_machines_may_ask_for_health_and_metrics_and_nothing_else(make_pair):
    port = free_port()
    make_pair(replay=TOP / "tests/data/demo.rec", agent_settings={
        **PROFILING, "telemetry.listen_host": "127.0.0.2", "telemetry.listen_port": port}).start()
    assert ask("127.0.0.2", port, "/live")[0] == 200 and ask("127.0.0.2", port, "/ready")[0] == 200
    status, text = ask("127.0.0.2", port, "/telemetry")
    assert status == 200 and "vedette_probe_up 1" in text
    for path in ("/debug/vars", "/debug/profile", "/agent/status", "/"):
        assert ask("127.0.0.2", port, path)[0] == 404, path


def test_who_was_served_does_not_keep_others_out(make_pair):
    """As many as may be connected, each with an answer already, which would stay."""
    port = free_port()
    make_pair(replay=TOP / "tests/data/demo.rec", agent_settings={
        "telemetry.listen_host": "127.0.0.2", "telemetry.listen_port": port}).start()
    with contextlib.ExitStack() as stack:
        for _ in range(64):
            crowd = stack.enter_context(socket.create_connection(("127.0.0.2", port), timeout=30))
            crowd.sendall(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n")
            assert crowd.recv(4096).startswith(b"HTTP/1.1 200")
        assert ask("127.0.0.2", port, "/live")[0] == 200


def test_a_listener_that_cannot_be_names_the_setting(make_pair):
    with socket.socket() as taken:
        taken.bind(("127.0.0.2", 0))
        taken.listen()
        pair = make_pair(replay=TOP / "tests/data/demo.rec", agent_settings={
            "telemetry.listen_host": "127.0.0.2", "telemetry.listen_port": taken.getsockname()[1]})
        with pytest.raises(PairError, match="telemetry.listen_port"):
            pair.start()


def test_the_probe_s_health(make_pair):
    pair = make_pair(replay=TOP / "tests/data/demo.rec").start()

    def health():
        return subprocess.run([str(pair.binary("system-probe")), "health", *pair.probe_arguments()], capture_output=True,
                              text=True, timeout=30, check=False)
    done = health()
    assert done.returncode == 0 and f"pid {pair.probe.pid}" in done.stdout, done.stderr
    pair.probe.send_signal(signal.SIGSTOP)
    try:
        done = health()
    finally:
        pair.probe.send_signal(signal.SIGCONT)
    assert done.returncode == 1 and "system-probe" in done.stderr
    pair.stop_probe()
    done = health()
    assert done.returncode == 1 and "does not run" in done.stderr


def test_a_probe_that_stands_still_does_not_take_the_api_with_it(make_pair):
    """Each answer waits for the probe a while and goes on without it: more of them than the API has threads."""
    pair = make_pair(replay=TOP / "tests/data/demo.rec").start()
    pair.probe.send_signal(signal.SIGSTOP)
    try:
        for _ in range(4):
            status, _, body = pair.client.request("GET", "/agent/status")
            assert status == 200 and json.loads(body)["probe"]["error"], body
        assert pair.metrics().get("vedette_probe_up") == 0
    finally:
        pair.probe.send_signal(signal.SIGCONT)


def test_without_a_probe_the_agent_says_so(make_pair):
    pair = make_pair(replay=TOP / "tests/data/demo.rec").start()
    pair.stop_probe()
    wait_for(lambda: pair.metrics().get("vedette_probe_up") == 0, 20, "the probe is down")
    assert not [name for name in pair.metrics() if name.startswith("vedette_probe_") and name != "vedette_probe_up"]


def read_profile(data):
    """Legacy pprof: (period in us, [(count, frames)], maps)."""
    word = struct.calcsize("=Q")
    header = struct.unpack_from("=5Q", data)
    assert header[:3] == (0, 3, 0) and header[4] == 0
    at, stacks = 5 * word, []
    while True:
        count, depth = struct.unpack_from("=2Q", data, at)
        frames = struct.unpack_from(f"={depth}Q", data, at + 2 * word)
        at += (2 + depth) * word
        if count == 0:
            assert frames == (0,)
            return header[3], stacks, data[at:].decode()
        stacks.append((count, frames))


def fetch(pair, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{pair.ports[1]}{path}", timeout=60) as answer:
        return answer.read()


def test_a_cpu_profile_says_where_the_time_goes(pair):
    stop = threading.Event()

    def keep_busy():
        while not stop.is_set():
            fetch(pair, "/debug/vars")
    workers = [threading.Thread(target=keep_busy)]
    for worker in workers:
        worker.start()
    try:
        period, stacks, maps = read_profile(fetch(pair, "/debug/profile?seconds=3"))
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    assert period == 10000
    assert sum(count for count, _ in stacks) > 5
    ranges = [tuple(int(end, 16) for end in line.split()[0].split("-")) for line in maps.splitlines()
              if " r-xp " in line]
    for _, frames in stacks:
        assert any(low <= frames[0] < high for low, high in ranges), hex(frames[0])
    own = [tuple(int(end, 16) for end in line.split()[0].split("-")) for line in maps.splitlines()
           if " r-xp " in line and "security-agent" in line]
    assert any(low <= frame < high for _, frames in stacks for frame in frames for low, high in own)
    assert pair.agent.poll() is None and pair.is_ready()


def test_one_profile_at_a_time(pair):
    answers = []  # whichever of the two comes second is refused

    def take(seconds):
        answers.append(pair.expvar(f"/debug/profile?seconds={seconds}")[0])
        return 503 in answers

    first = threading.Thread(target=take, args=(4,))
    first.start()
    try:
        wait_for(lambda: take(1), 20, "one of the two is refused")
        assert pair.expvar("/live")[0] == 200, "the port still answers"
    finally:
        first.join()


@pytest.mark.parametrize("query", ["0", "61", "-1", "x", "1.5", ""])
def test_a_profile_is_bounded(pair, query):
    assert pair.expvar(f"/debug/profile?seconds={query}")[0] == 400


def test_no_profile_unless_it_is_switched_on(make_pair):
    pair = make_pair(replay=TOP / "tests/data/demo.rec").start()
    status, body = pair.expvar("/debug/profile?seconds=1")
    assert status == 404 and "internal_profiling.enabled" in body
    assert pair.command("config", "set", "security_agent.internal_profiling.enabled", "true").returncode == 0
    assert pair.expvar("/debug/profile?seconds=61")[0] == 400


def test_a_stop_does_not_wait_for_a_profile(make_pair):
    pair = make_pair(replay=TOP / "tests/data/demo.rec", agent_settings=PROFILING).start()
    threads = []

    def runs():
        """One that lasts; it is refused itself when it meets the short one by which we see it."""
        if not threads or not threads[-1].is_alive():
            take = functools.partial(pytest.raises, Exception, fetch, pair, "/debug/profile?seconds=60")
            threads.append(threading.Thread(target=take))
            threads[-1].start()
        return pair.expvar("/debug/profile?seconds=1")[0] == 503
    wait_for(runs, 20, "it runs")
    assert pair.stop_agent() == 0
    for thread in threads:
        thread.join()


# -- what is shipped ---------------------------------------------------------------

def test_alert_rules():
    for command in (["check", "rules", "rules.yaml"], ["test", "rules", "rules_test.yaml"]):
        done = subprocess.run(["promtool", *command], cwd=PROMETHEUS, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_rule_is_tested_and_names_metrics_that_exist():
    rules = [rule for group in yaml.safe_load((PROMETHEUS / "rules.yaml").read_text())["groups"] for rule in group["rules"]]
    tests = (PROMETHEUS / "rules_test.yaml").read_text()
    for rule in rules:
        assert tests.count(f"alertname: {rule['alert']}") >= 2, "once silent, once firing"
        names = names_in(rule["expr"])
        assert names <= DOCUMENTED, rule["alert"]
        assert names or rule["alert"] == "VedetteAgentDown"


def test_every_panel_of_the_dashboard_names_metrics_that_exist():
    board = json.loads((TOP / "deploy/grafana/vedette.json").read_text())
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"]) > 10
    for panel in board["panels"]:
        for target in panel["targets"]:
            names = names_in(target["expr"])
            assert names and names <= DOCUMENTED, (panel["title"], names - DOCUMENTED)


def prometheus_answer(port, expression):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?query={expression}", timeout=10) as answer:
        return json.loads(answer.read())["data"]["result"]


def test_a_real_prometheus_scrapes_it(pair, tmp_path):
    """With the shipped job and rules; every expression of the dashboard is one that it can evaluate."""
    config = yaml.safe_load((PROMETHEUS / "scrape.yaml").read_text())
    config["global"] = {"scrape_interval": "1s"}
    config["scrape_configs"][0]["static_configs"][0]["targets"] = [f"127.0.0.1:{pair.ports[1]}"]
    config["rule_files"] = [str(PROMETHEUS / "rules.yaml")]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    with open(tmp_path / "log", "wb") as log:
        server = subprocess.Popen(
            ["prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
             f"--web.listen-address=127.0.0.1:{port}"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        def scraped():
            assert server.poll() is None, (tmp_path / "log").read_text()
            try:
                return [row["value"][1] for row in prometheus_answer(port, "vedette_probe_up")]
            except OSError:
                return None
        assert wait_for(scraped, 60, "Prometheus has it") == ["1"]
        assert prometheus_answer(port, "up")[0]["value"][1] == "1"
        board = json.loads((TOP / "deploy/grafana/vedette.json").read_text())
        for panel in board["panels"]:
            for target in panel["targets"]:
                expression = target["expr"].replace("$instance", ".*")
                prometheus_answer(port, urllib.parse.quote(expression))
    finally:
        server.terminate()
        server.wait(30)
