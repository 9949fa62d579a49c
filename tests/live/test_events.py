# SPDX-License-Identifier: Apache-2.0
"""Every event type: one real act on this kernel, one asserted alert."""
import os
import pathlib
import pwd
import shutil
import socket
import subprocess

import pytest
from acts import act, acts, binary
from alerts import ancestry, by

NOBODY = pwd.getpwnam("nobody").pw_uid


@pytest.fixture
def place(state_dir):
    state_dir.chmod(0o777)
    return state_dir


@pytest.mark.parametrize("how", ["open", "openat", "openat2"])
def test_open_says_which_file_by_whom(live, place, how):
    file = place / "target"
    file.write_text("x")
    facts = act(how, file)
    alert = live.wait_alert(by("live_open", facts["pid"], str(file)))
    assert alert["evt"]["name"] == "open"
    assert alert["evt"]["outcome"] == "Success"
    assert alert["file"]["inode"] == file.stat().st_ino
    assert alert["file"]["mode"] == file.stat().st_mode
    assert ancestry(alert)[0] == str(binary())
    assert alert["usr"]["id"] == "root"


@pytest.mark.parametrize("how", ["", "async"])
def test_open_by_io_uring(live, place, how):
    """No system call of its own: seen all the same, with the file, and said to be asynchronous."""
    file = place / "target"
    file.write_text("x")
    for path in (file, place / "missing"):
        facts = act("open-uring", path, *how.split())
        alert = live.wait_alert(by("live_open", facts["pid"], str(path)))
        assert alert["evt"]["async"] is True
        assert alert["evt"]["outcome"] == ("Success" if path == file else "Error")
    assert act("open-uring", file, *how.split())["inode"] == file.stat().st_ino


def test_connect_by_io_uring(live):
    facts = act("connect-uring", "127.0.0.1", 9)
    alert = live.wait_alert(by("live_connect", facts["pid"]))
    assert alert["evt"]["async"] is True
    assert alert["connect"]["addr"]["ip"] == "127.0.0.1" and alert["connect"]["addr"]["port"] == 9


def test_creat_says_the_mode_it_asked_for(live, place):
    facts = act("creat", place / "new")
    alert = live.wait_alert(by("live_open", facts["pid"], str(place / "new")))
    assert {"O_CREAT", "O_WRONLY", "O_TRUNC"} <= set(alert["file"]["flags"])
    assert alert["file"]["destination"]["mode"] == 0o600


def test_relative_open_is_resolved(live, place):
    (place / "sub").mkdir()
    (place / "sub/leaf").write_text("x")
    for facts in (act("open-at", place / "sub", "leaf"), act("open-cwd", place / "sub", "../sub/./leaf")):
        live.wait_alert(by("live_open", facts["pid"], str(place / "sub/leaf")))


def test_open_through_a_link_names_the_target(live, place):
    (place / "target").write_text("x")
    (place / "link").symlink_to("target")
    facts = act("openat", place / "link")
    live.wait_alert(by("live_open", facts["pid"], str(place / "target")))


def test_open_in_a_bind_mount_has_the_mount_in_its_path(live, place):
    (place / "from").mkdir()
    (place / "to").mkdir()
    (place / "from/file").write_text("x")
    facts = act("in-bind", place / "from", place / "to", "openat", place / "to/file")
    live.wait_alert(by("live_open", facts["pid"], str(place / "to/file")))


def test_open_in_a_chroot_is_seen_from_its_root(live, place):
    (place / "inner").write_text("x")
    facts = act("in-chroot", place, "openat", "/inner")
    live.wait_alert(by("live_open", facts["pid"], "/inner"))


def test_refused_open_is_an_event_too(live, place):
    file = place / "secret"
    file.write_text("x")
    file.chmod(0o600)
    facts = act("open-denied", file)
    alert = live.wait_alert(by("live_open", facts["pid"], str(file)))
    assert alert["evt"]["outcome"] == "Refused"
    assert alert["process"]["credentials"]["euid"] == NOBODY


def test_names_that_are_hard_to_write(live, place):
    """Newline, quotes, ESC, invalid UTF-8: the alert stands for exactly the bytes on disk."""
    directory = os.fsencode(place) + b"/odd"
    os.mkdir(directory)
    lines = acts("open-odd", directory.decode())
    assert len(lines) > 3
    live.wait_alert(by("live_exit", lines[0]["pid"]))
    seen = {alert["file"]["path"] for alert in live.alerts()
            if by("live_open", lines[0]["pid"])(alert)}
    decoded = {decode_path(path) for path in seen}
    for facts in lines:
        assert facts["fd_path"] in decoded, facts


def decode_path(text):
    """docs/adr/0005: U+F7NN stands for the byte 0xNN that is no UTF-8; everything else for itself."""
    return b"".join(bytes([ord(c) - 0xF700]) if 0xF780 <= ord(c) <= 0xF7FF else c.encode() for c in text)


def test_deep_path_is_cut_at_the_front_and_says_so(live, place):
    facts = act("open-deep", place)
    alert = live.wait_alert(lambda alert: by("live_open", facts["pid"])(alert)
                            and len(alert["file"].get("path", "")) > 3000)
    *directories, leaf = alert["file"]["path"].split("/")
    assert leaf == "leaf" and set(directories[1:]) == {"d" * 100}, "the end of the path is there"
    assert alert["file"]["path_resolution_error"]


def test_deleted_and_memory_files_are_named(live, place):
    act("open-deleted", place / "gone")
    facts = act("open-memfd", "in-memory")
    alert = live.wait_alert(lambda alert: by("live_open", facts["pid"])(alert)
                            and "in-memory" in alert["file"].get("name", ""))
    assert alert["file"]["name"] == "memfd:in-memory"


def test_exec_says_program_arguments_and_ancestors(live):
    facts = act("exec", "/bin/echo", "one", "two three", "")
    alert = live.wait_alert(lambda alert: by("live_exec", facts["pid"])(alert)
                            and alert["file"]["name"] == "echo")
    process = alert["process"]
    assert process["argv0"] == "/bin/echo"
    assert process["args"] == ["one", "two three", ""]
    chain = ancestry(alert)
    assert chain[0] == os.path.realpath("/bin/echo")
    assert chain[1] == str(binary()), "the earlier image of the same pid is an ancestor"
    assert any("python" in (path or "") for path in chain[2:]), chain
    assert process["ppid"] == os.getpid()


def test_exec_of_a_script_names_script_and_interpreter(live, place):
    facts = act("exec-script", place)
    alert = live.wait_alert(lambda alert: by("live_exec", facts["pid"])(alert)
                            and alert["process"].get("interpreter"))
    assert alert["process"]["executable"]["name"] == "script"
    assert alert["process"]["interpreter"]["path"]


def test_exec_from_memory(live):
    facts = act("exec-memfd", "stage2", "/bin/true")
    alert = live.wait_alert(lambda alert: by("live_exec", facts["pid"])(alert)
                            and alert["file"].get("name") == "memfd:stage2")
    assert alert["evt"]["name"] == "exec"


def test_exec_by_another_thread(live):
    facts = act("exec-thread", "/bin/true")
    live.wait_alert(lambda alert: by("live_exec", facts["pid"])(alert)
                    and alert["file"]["name"] == "true")


def test_long_argument_is_cut_and_says_so(live):
    facts = act("exec-long-arg", 60000)
    alert = live.wait_alert(lambda alert: by("live_exec", facts["pid"])(alert)
                            and alert["process"].get("args_truncated"))
    assert len("".join(alert["process"]["args"])) > 1000


def test_orphan_keeps_its_creators(live):
    facts = act("double-fork", "/bin/true")
    alert = live.wait_alert(lambda alert: by("live_exec", facts["pid"])(alert)
                            and alert["file"]["name"] == "true", timeout=20)
    assert str(binary()) in ancestry(alert)[1:]


@pytest.mark.parametrize("words,cause,code", [
    (("exit", 0), "EXITED", 0), (("exit", 7), "EXITED", 7), (("signal", 15), "SIGNALED", 15)])
def test_exit_says_cause_and_code(live, words, cause, code):
    process = subprocess.run([str(binary()), *map(str, words)], stdout=subprocess.PIPE, text=True)
    pid = int(process.stdout.split("pid=")[1].split()[0])
    alert = live.wait_alert(by("live_exit", pid))
    assert alert["exit"] == {"cause": cause, "code": code}


def test_exit_of_a_process_whose_leader_left_first(live):
    facts = act("leader-exits-first", 5, code=5)
    alert = live.wait_alert(by("live_exit", facts["pid"]))
    assert alert["exit"]["cause"] == "EXITED"


@pytest.mark.parametrize("how,address,family", [("connect4", "127.0.0.1", "AF_INET"), ("connect6", "::1", "AF_INET6"),
                                                ("connect-udp", "127.0.0.1", "AF_INET")])
def test_connect_says_the_peer(live, how, address, family):
    facts = act(how, address, 9)
    alert = live.wait_alert(by("live_connect", facts["pid"]))
    assert alert["connect"]["addr"] == {"family": family, "ip": address, "port": 9}
    assert alert["evt"]["outcome"] == ("Error" if facts["ret"] < 0 else "Success")


def test_connect_that_is_answered(live):
    facts = act("connect-self")
    alert = live.wait_alert(by("live_connect", facts["pid"]))
    assert alert["evt"]["outcome"] == "Success"
    assert alert["connect"]["addr"]["port"] == facts["port"]
    assert alert["connect"]["protocol"] == "IP_PROTO_TCP"


def test_connect_to_a_unix_socket(live, place):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place / "server"))
        server.listen()
        facts = act("connect-unix", place / "server")
    alert = live.wait_alert(by("live_connect", facts["pid"]))
    assert alert["connect"]["addr"]["family"] == "AF_UNIX"


@pytest.mark.parametrize("words,expected", [
    (("setuid", NOBODY), {"uid": NOBODY, "euid": NOBODY, "fsuid": NOBODY}),
    (("setreuid", -1, NOBODY), {"uid": 0, "euid": NOBODY, "fsuid": NOBODY}),
    (("setresuid", NOBODY, 0, 0), {"uid": NOBODY, "euid": 0, "fsuid": 0}),
    (("setfsuid", NOBODY), {"uid": 0, "euid": 0, "fsuid": NOBODY})])
def test_setuid_says_the_new_ids(live, words, expected):
    facts = act(*words)
    alert = live.wait_alert(by("live_setuid", facts["pid"]))
    new = alert["process"]["credentials"]["destination"]
    assert {key: new[key] for key in expected} == expected
    assert alert["process"]["credentials"]["uid"] == 0, "the process had the old ids when it asked"


@pytest.mark.parametrize("words,expected", [
    (("setgid", 65534), {"gid": 65534, "egid": 65534, "fsgid": 65534}),
    (("setregid", -1, 65534), {"gid": 0, "egid": 65534, "fsgid": 65534}),
    (("setresgid", 65534, 0, 0), {"gid": 65534, "egid": 0, "fsgid": 0}),
    (("setfsgid", 65534), {"gid": 0, "egid": 0, "fsgid": 65534})])
def test_setgid_says_the_new_ids(live, words, expected):
    facts = act(*words)
    alert = live.wait_alert(by("live_setgid", facts["pid"]))
    new = alert["process"]["credentials"]["destination"]
    assert {key: new[key] for key in expected} == expected


def test_threads_are_not_processes(live):
    """A program that ends all its threads at once is one exit."""
    facts = act("exit-race", 20, 8)
    live.wait_alert(by("live_exit", facts["pid"]))
    exits = [alert for alert in live.alerts() if by("live_exit")(alert)]
    pids = [alert["process"]["pid"] for alert in exits]
    assert len(pids) == len(set(pids))


def test_the_container_of_a_cgroup(live, place):
    """A process in a cgroup that is named like a container's carries its id."""
    hierarchy = next((line.split()[1] for line in pathlib.Path("/proc/mounts").read_text().splitlines()
                      if line.split()[2] == "cgroup2"), None)
    if hierarchy is None:
        pytest.skip("no cgroup2 is mounted")
    container = "ab" * 32
    group = pathlib.Path(hierarchy) / f"vedette-test-{os.getpid()}/docker-{container}.scope"
    group.mkdir(parents=True)
    try:
        process = subprocess.run(["sh", "-c", f"echo $$ > {group}/cgroup.procs && exec {binary()} exec /bin/true"])
        assert process.returncode == 0
        alert = live.wait_alert(lambda alert: by("live_exec")(alert) and alert["file"]["name"] == "true"
                                and alert.get("container", {}).get("id") == container)
        assert alert["evt"]["name"] == "exec"
    finally:
        group.rmdir()
        group.parent.rmdir()


def test_default_state_is_private(live):
    """Nobody but root and the agent's user reads token, key and sockets."""
    for name in ("auth_token", "ipc_cert.pem"):
        assert (live.state_dir / name).stat().st_mode & 0o077 == 0
    for name in ("events.sock", "cmd.sock"):
        assert (live.state_dir / "run" / name).stat().st_mode & 0o007 == 0
    assert shutil.which("setpriv")
    refused_before = int(live.status()["probe"]["stream"].get("refusedPeers", 0))
    stranger = subprocess.run(
        ["setpriv", "--reuid", "daemon", "--regid", str(pwd.getpwnam("nobody").pw_gid), "--clear-groups",
         "/usr/bin/python3", "-c", "import socket,sys\ns=socket.socket(socket.AF_UNIX)\n"
         "s.connect(sys.argv[1])\nprint(len(s.recv(10)))", str(live.state_dir / "run/events.sock")],
        capture_output=True, text=True, timeout=20)
    assert stranger.returncode != 0 or stranger.stdout.strip() == "0", stranger.stdout
    if "PermissionError" not in stranger.stderr:
        assert int(live.status()["probe"]["stream"].get("refusedPeers", 0)) == refused_before + 1
