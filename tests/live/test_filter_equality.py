# SPDX-License-Identifier: Apache-2.0
"""Random acts of every kind that the kernel filters, seen by two pairs at once: one filters and discards in the kernel, the
other does not. The alerts are the same."""
import os
import random
import re
import shutil
import subprocess
import time

import pytest
from acts import act, acts
from alerts import by
from conftest import finish, start
from harness import NO_HASHES, make_state_dir
from pair import rule_of

POLICY = """
rules:
  - id: told
    expression: open.file.path == "{place}/told"
  - id: open_below
    expression: open.file.path == ~"{place}/guarded/**" && process.file.name != ""
  - id: open_suffix
    expression: open.file.name == ~"*.key" && open.file.path == ~"{place}/**"
  - id: open_exact
    expression: open.file.path in ["{place}/etc/shadow", "{place}/etc/id_rsa"]
  - id: chmod
    expression: chmod.file.path in ["{place}/etc/shadow", "{place}/plain/secret.key"]
  - id: chmod_parent
    expression: chmod.file.path == ~"{place}/guarded/*"
  - id: mkdir
    expression: mkdir.file.name == ~"new*"
  - id: rmdir
    expression: rmdir.file.path == "{place}/plain/newdir"
  - id: unlink
    expression: unlink.file.name == ~"*.key" && unlink.file.path == ~"{place}/**"
  - id: renamed
    expression: rename.file.name == "id_rsa"
  - id: renamed_to
    expression: rename.file.destination.path == ~"{place}/guarded/*"
  - id: linked
    expression: link.file.destination.name == "shadow"
  - id: utimes
    expression: utimes.file.name == "shadow"
  - id: chdir
    expression: chdir.file.path == "{place}/guarded"
  - id: setxattr
    expression: setxattr.file.name == "secret.key"
  - id: mmap
    expression: mmap.file.name == "secret.key"
  - id: mprotect
    expression: mprotect.req_protection & VM_EXEC > 0 && process.file.name == "act"
  - id: splice
    expression: splice.file.name == "shadow"
  - id: socket
    expression: socket.domain == AF_UNIX && socket.type == SOCK_DGRAM
  - id: setsockopt
    expression: setsockopt.level == SOL_SOCKET && setsockopt.optname == 8
  - id: bind
    expression: bind.addr.family == AF_UNIX
  - id: connect
    expression: connect.addr.port == 9
  - id: prctl
    expression: prctl.option == PR_SET_NAME && prctl.new_name == "wanted"
  - id: unshare
    expression: unshare.flags & CLONE_NEWUTS > 0
  - id: bpf
    expression: bpf.cmd == BPF_MAP_CREATE && process.file.name == "act"
  - id: sysctl
    expression: sysctl.name == "kernel/ostype"
  - id: auid
    expression: signal.target.pid > 0 && process.auid == 4242
"""

FOLDERS = ["etc", "guarded", "plain", "plain/../etc", "./guarded", "plain/."]
NAMES = ["secret.key", "shadow", "id_rsa", "ordinary", "newdir", "x" * 70, "short.key"]


def steps(chance, place):
    """Some acts of one process."""
    def path():
        return place / chance.choice(FOLDERS) / chance.choice(NAMES)

    def text():
        return f":{place}/{chance.choice(FOLDERS)}/{chance.choice(NAMES)}"

    calls = [
        lambda: ["openat", path(), chance.choice(["ro", "creat,wo", "rw", "ro,nofollow"])],
        lambda: ["openat", path()],
        lambda: ["open-at", place / chance.choice(["etc", "guarded"]), chance.choice(NAMES)],
        lambda: ["call", "fchmodat", "-100", text(), "0600"],
        lambda: ["call", "mkdirat", "-100", text(), "0755"],
        lambda: ["call", "unlinkat", "-100", text(), chance.choice(["0", "0x200"])],
        lambda: ["call", "renameat2", "-100", text(), "-100", text(), "0"],
        lambda: ["call", "linkat", "-100", text(), "-100", text(), "0"],
        lambda: ["call", "utimensat", "-100", text(), "0", "0"],
        lambda: ["call", "setxattr", text(), ":user.x", ":y", "1", "0"],
        lambda: ["call", "chdir", f":{place}/{chance.choice(['etc', 'guarded', 'nowhere'])}"],
        lambda: ["mmap", "1"],
        lambda: ["mprotect", "1", chance.choice(["1", "5"])],
        lambda: ["socket", chance.choice(["1", "2"]), chance.choice(["1", "2"]), "0"],
        lambda: ["setsockopt", "1", chance.choice(["2", "8"]), "4096"],
        lambda: ["prctl-name", chance.choice(["wanted", "other"])],
        lambda: ["unshare", chance.choice(["0x04000000", "0x400"])],
        lambda: ["bpf-map", "filters"],
        lambda: ["sysctl", "/proc/sys/kernel/" + chance.choice(["ostype", "osrelease"])],
        lambda: ["connect4", "127.0.0.1", chance.choice(["9", "10"])],
        lambda: ["kill", "0", "0"],
    ]
    return [chance.choice(calls)() for _ in range(30)]


def one_of_each(place):
    """An act for each rule, whatever became of the files."""
    return [["openat", place / "guarded/always", "creat,wo"], ["openat", place / "fixed/secret.key"],
            ["openat", place / "etc/shadow"], ["call", "fchmodat", "-100", f":{place}/etc/shadow", "0600"],
            ["call", "fchmodat", "-100", f":{place}/guarded/always", "0600"],
            ["call", "mkdirat", "-100", f":{place}/fixed/new", "0700"],
            ["call", "unlinkat", "-100", f":{place}/plain/newdir", "0x200"],
            ["call", "unlinkat", "-100", f":{place}/none.key", "0"],
            ["call", "renameat2", "-100", f":{place}/fixed/id_rsa", "-100", f":{place}/guarded/id", "0"],
            ["call", "linkat", "-100", f":{place}/fixed/x", "-100", f":{place}/fixed/shadow", "0"],
            ["call", "utimensat", "-100", f":{place}/fixed/shadow", "0", "0"],
            ["call", "chdir", f":{place}/guarded"],
            ["call", "setxattr", f":{place}/fixed/secret.key", ":user.x", ":y", "1", "0"],
            ["mmap", "1", place / "fixed/secret.key"], ["mprotect", "1", "5"], ["splice", place / "fixed/shadow"],
            ["socket", "1", "2", "0"], ["setsockopt", "1", "8", "4096"], ["bind-unix", place / "fixed/socket"],
            ["connect4", "127.0.0.1", "9"], ["prctl-name", "wanted"], ["unshare", "0x04000000"],
            ["bpf-map", "filters"], ["sysctl", "/proc/sys/kernel/ostype"]]


def perform(words):
    joined = []
    for one in words:
        joined += (["--"] if joined else []) + one
    acts("in-turn", *joined)


def change(chance, place):
    """What names mean is changed behind the kernel's back: mounts, renamed directories, links."""
    kind = chance.choice(["mount", "umount", "swap", "link", "none"])
    if kind == "mount":
        subprocess.run(["mount", "--bind", place / "etc", place / "guarded"], check=True)
    elif kind == "umount":
        subprocess.run(["umount", "-q", place / "guarded"], check=False)
    elif kind == "swap":
        os.rename(place / "plain", place / "moved")
        (place / "plain").mkdir()
        shutil.copytree(place / "moved", place / "plain", dirs_exist_ok=True)
        shutil.rmtree(place / "moved")
    elif kind == "link":
        (place / "plain/shadow").unlink(missing_ok=True)
        (place / "plain/shadow").symlink_to("../guarded/ordinary")


def fill(place):
    for folder in ("etc", "guarded", "plain"):
        for name in NAMES:
            path = place / folder / name
            if not path.exists() and not path.is_symlink():
                path.write_text("x")


@pytest.fixture
def place():
    path = make_state_dir()
    for folder in ("etc", "guarded", "plain"):
        (path / folder).mkdir()
    (path / "fixed").mkdir()
    for name in ("secret.key", "shadow"):
        (path / "fixed" / name).write_text("x")
    fill(path)
    yield path
    while subprocess.run(["umount", "-q", path / "guarded"], check=False).returncode == 0:
        pass
    shutil.rmtree(path)


def found(pair, ended):
    pair.wait_alert(by("told", ended), timeout=60)
    return sorted((rule_of(alert), alert["process"]["pid"], alert.get("file", {}).get("path", ""),
                   alert.get("file", {}).get("destination", {}).get("path", ""), alert["evt"].get("outcome", ""))
                  for alert in pair.alerts() if alert["process"].get("argv0", "").endswith("act"))


def rows(pair):
    """{type: counts}; delivered and lost are counted when all that was seen is through."""
    out = {}
    for row in pair.status()["probe"]["events"]:
        counts = {key: int(row.get(key, 0)) for key in ("seen", "filtered", "discarded", "delivered")}
        out[row["eventType"]] = counts | {"lost": sum(map(int, row.get("lost", {}).values()))}
    return out


@pytest.mark.parametrize("seed", [20261122, 7])
def test_alerts_are_the_same(place, capsys, seed):
    policies = make_state_dir()
    (policies / "filters.policy").write_text(POLICY.format(place=place))
    on = start(policies, agent_settings=NO_HASHES)
    off = start(policies, agent_settings=NO_HASHES,
                probe_settings={"system_probe_config.kernel_filters": "false"})
    try:
        chance = random.Random(seed)
        for _ in range(8):
            words = steps(chance, place)
            for _ in range(3):  # again and again, so that some of it is discarded
                fill(place)
                perform(words)
            change(chance, place)
        perform(one_of_each(place))
        ended = act("openat", place / "told", "creat,wo")["pid"]
        with_filters, without = found(on, ended), found(off, ended)
        assert with_filters == without
        matched = {rule for rule, *_ in without}
        assert not set(re.findall(r"- id: (\w+)", POLICY)) - matched - {"told", "auid"}
        time.sleep(1.5)
        shown = rows(on)
        assert shown["open"]["discarded"] > 0 and shown["chmod"]["filtered"] > 0
        assert all(row["filtered"] == row["discarded"] == 0 for row in rows(off).values())
        with capsys.disabled():
            print(f"\nseed {seed}: {len(without)} alerts of {len(matched)} rules each way; seen, filtered, discarded:")
            for name, row in shown.items():
                if row["filtered"] or row["discarded"]:
                    print(f"  {name:<12}{row['seen']:>8}{row['filtered']:>8}{row['discarded']:>8}")
    finally:
        finish(on)
        finish(off)
        shutil.rmtree(policies)
