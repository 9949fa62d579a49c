# SPDX-License-Identifier: Apache-2.0
"""`system-probe debug`: what a running probe tells root."""
import json
import os
import pathlib
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
