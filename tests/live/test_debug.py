# SPDX-License-Identifier: Apache-2.0
"""`system-probe debug`: what a running probe tells root."""
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import time


def debug(pair, *arguments):
    program = pair.build_dir / "system-probe/system-probe"
    return subprocess.run([program, "--set", f"run_dir={pair.state_dir / 'run'}", "debug", *arguments],
                          text=True, capture_output=True, timeout=60, check=False)


def dump(pair, *arguments):
    """The file that the probe wrote."""
    time.sleep(1.1)  # one a second
    answer = debug(pair, "process-cache", *arguments)
    assert answer.returncode == 0, answer.stderr
    path = pathlib.Path(answer.stdout.removeprefix("Process dump file: ").strip())
    assert path.parent == pair.state_dir / "run/dumps"
    facts = path.stat()
    assert stat.S_IMODE(facts.st_mode) == 0o400 and facts.st_uid == 0
    return path


def test_process_cache_as_json(live):
    with subprocess.Popen(["sleep", "60"], executable="/bin/sleep") as child:
        entries = json.loads(dump(live, "--format", "json", "--with-args").read_text())["Entries"]
        child.kill()
    by_pid = {entry["PID"]: entry for entry in entries if entry["ExitTime"] == 0}
    assert by_pid[child.pid]["Argv"] == ["sleep", "60"]
    assert by_pid[child.pid]["PPID"] == os.getpid() and by_pid[child.pid]["Comm"] == "sleep"
    assert by_pid[child.pid]["Inode"] == pathlib.Path("/bin/sleep").stat().st_ino
    assert not by_pid[child.pid]["IsParentMissing"]
    assert by_pid[1]["PPID"] == 0


def test_process_cache_as_a_graph(live, tmp_path):
    program = tmp_path / '"]; x [y="\\'
    shutil.copy("/bin/sleep", program)
    with subprocess.Popen([program, "60"]) as child:
        path = dump(live, "--with-args")
        child.kill()
    text = path.read_text()
    assert text.startswith("digraph ProcessTree {\n") and text.endswith("}\n")
    assert f'"{child.pid}:\\"]; x [y=\\"\\\\" [label="\\"]; x [y=\\"\\\\:{child.pid}"' in text
    assert f'-> "{child.pid}:' in text
    if shutil.which("dot"):
        subprocess.run(["dot", "-Tcanon", "-o", os.devnull, path], check=True, timeout=300)


def network_dump(pair, answer):
    """The two files that the probe wrote: the namespaces and the graph."""
    assert answer.returncode == 0, answer.stderr
    paths = [pathlib.Path(line.partition(": ")[2]) for line in answer.stdout.splitlines()]
    for path in paths:
        assert path.parent == pair.state_dir / "run/dumps" and stat.S_IMODE(path.stat().st_mode) == 0o400
    return json.loads(paths[0].read_text())["Namespaces"], paths[1]


def test_network_namespaces_with_their_interfaces(live):
    with subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; exec sleep 60"], stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        time.sleep(1.1)  # one dump a second
        namespaces, graph = network_dump(live, debug(live, "network-namespace", "--snapshot-interfaces"))
        inode = os.stat(f"/proc/{child.pid}/ns/net").st_ino
        child.kill()
    by_inode = {one["Inode"]: one for one in namespaces}
    assert child.pid in by_inode[inode]["PIDs"]
    assert "lo" in [interface["Name"] for interface in by_inode[inode]["Interfaces"]]
    ours = by_inode[os.stat("/proc/self/ns/net").st_ino]
    names = sorted(interface["Name"] for interface in ours["Interfaces"])
    assert names == sorted(os.listdir("/sys/class/net")) and "127.0.0.1" in ours["IPv4"]
    assert f"cluster_ns{inode}" in graph.read_text()
    if shutil.which("dot"):
        subprocess.run(["dot", "-Tcanon", "-o", os.devnull, graph], check=True, timeout=60)


def test_the_agent_asks_for_network_namespaces(live):
    time.sleep(1.1)
    namespaces, _ = network_dump(live, live.command("runtime", "network-namespace", "dump"))
    assert namespaces and not any(one["Interfaces"] for one in namespaces)
    answer = live.command("runtime", "network-namespace", "dump")
    assert answer.returncode == 1 and "less than a second ago" in answer.stderr


def test_one_dump_a_second(live):
    dump(live)
    answer = debug(live, "process-cache")
    assert answer.returncode == 1 and "less than a second ago" in answer.stderr


def test_config_is_what_the_probe_runs_with(live):
    answer = debug(live, "config")
    assert answer.returncode == 0, answer.stderr
    assert "stream_buffer_size: 256MiB" in answer.stdout, answer.stdout


def test_without_a_probe_it_says_so(tmp_path):
    program = pathlib.Path(os.environ.get("VEDETTE_BUILD", "build")) / "system-probe/system-probe"
    answer = subprocess.run([program, "--set", f"run_dir={tmp_path}", "debug", "config"], text=True,
                            capture_output=True, timeout=60, check=False)
    assert answer.returncode == 1 and "system-probe does not run" in answer.stderr


def test_questions_that_the_agent_answers(live):
    done = debug(live, "self-test")
    assert (done.returncode, done.stdout) == (0, "Runtime self test: OK\n"), done.stderr
    done = debug(live, "reload-policies")
    assert done.returncode == 0 and re.fullmatch(r"\d+ rules are in force, 0 are filtered, 0 failed\n", done.stdout), done
    report = json.loads(debug(live, "rule-set-report").stdout)
    (policy,) = report["policies"]
    assert policy["status"] == "loaded" and all(rule["status"] == "loaded" for rule in policy["rules"])
    assert {"open", "exec"} <= {row["event_type"] for row in report["filters"]}
    assert all(row["mode"] == "deny" or row["accept_mode_rules"] for row in report["filters"])


def test_process_events_for_several_listeners(live):
    command = [live.build_dir / "system-probe/system-probe", "--set", f"run_dir={live.state_dir / 'run'}", "debug",
               "process-events", "--snapshot"]
    with subprocess.Popen(command, text=True, stdout=subprocess.PIPE) as one, \
            subprocess.Popen(command, text=True, stdout=subprocess.PIPE) as other:
        listeners = [map(json.loads, listener.stdout) for listener in (one, other)]
        for events in listeners:
            assert next(event for event in events if event["pid"] == os.getpid())["type"] == "snapshot"
        with subprocess.Popen(["/bin/sh", "-c", "exit 7"]) as child:
            pass
        for events in listeners:
            mine = (event for event in events if event["pid"] == child.pid)
            fork, exec_, exit_ = next(mine), next(mine), next(mine)
            assert [event["type"] for event in (fork, exec_, exit_)] == ["fork", "exec", "exit"]
            assert exec_["argv"] == ["/bin/sh", "-c", "exit 7"] and exec_["ppid"] == os.getpid()
            assert exit_["exit"] == {"cause": "EXITED", "code": 7}
            assert fork["timestamp"] < exec_["timestamp"] < exit_["timestamp"]
        one.kill()
        other.kill()
