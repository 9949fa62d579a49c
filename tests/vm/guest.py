# SPDX-License-Identifier: Apache-2.0
"""Runs in the virtual machine: starts the pair, acts, prints what came out as one line of JSON."""
import datetime
import json
import os
import pathlib
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent / "support/vm")]
from acts import act  # noqa: E402
from pair import Pair, rule_of, wait_for  # noqa: E402
from standing import tell_when_late  # noqa: E402

POLICY = """
rules:
  - {id: vm_exec, expression: 'exec.file.name == "echo" && exec.argv == "two"'}
  - {id: vm_exit, expression: 'exit.file.name == "act" && exit.cause == EXITED'}
  - {id: vm_open, expression: 'open.file.path == "/run/vm-target"'}
  - {id: vm_connect, expression: 'connect.addr.port == 9'}
  - {id: vm_stepped, expression: 'connect.addr.port == 10'}
  - {id: vm_setuid, expression: 'setuid.uid == 65534'}
  - {id: vm_setgid, expression: 'setgid.gid == 65534'}
  - {id: vm_chmod, expression: 'chmod.file.path in ["/run/vm-dir/a", "/run/vm-link/a"] && chmod.retval == 0'}
  - {id: vm_chown, expression: 'chown.file.path in ["/run/vm-dir/a", "/run/vm-link/a"] && chown.retval == 0'}
  - {id: vm_utimes, expression: 'utimes.file.path in ["/run/vm-dir/a", "/run/vm-link/a"] && utimes.retval == 0'}
  - {id: vm_mkdir, expression: 'mkdir.file.path in ["/run/vm-dir/d", "/run/vm-link/d"] && mkdir.retval == 0'}
  - {id: vm_rmdir, expression: 'rmdir.file.path in ["/run/vm-dir/d", "/run/vm-link/d"] && rmdir.retval == 0'}
  - {id: vm_link, expression: 'link.file.path in ["/run/vm-dir/a", "/run/vm-link/a"] && link.retval == 0'}
  - {id: vm_rename, expression: 'rename.file.path in ["/run/vm-dir/a", "/run/vm-link/a"] && rename.retval == 0'}
  - {id: vm_unlink, expression: 'unlink.file.path in ["/run/vm-dir/c", "/run/vm-link/c"] && unlink.retval == 0'}
  - id: vm_mount
    expression: mount.mountpoint.path == "/run/vm-dir" && mount.fs_type == "tmpfs" && mount.root.path == "/"
  - id: vm_splice
    expression: splice.file.path == "/run/vm-target" && splice.pipe_entry_flag & PIPE_BUF_FLAG_CAN_MERGE > 0
  - {id: seen_chmod, expression: 'chmod.file.path == "/run/vm-dir/a" && chmod.file.inode > 0'}
  - {id: seen_chown, expression: 'chown.file.path == "/run/vm-dir/a" && chown.file.filesystem == "tmpfs"'}
  - {id: seen_utimes, expression: 'utimes.file.path == "/run/vm-dir/a" && utimes.file.inode > 0'}
  - {id: seen_mkdir, expression: 'mkdir.file.path == "/run/vm-dir/d"'}
  - {id: seen_rmdir, expression: 'rmdir.file.path == "/run/vm-dir/d" && rmdir.file.inode > 0'}
  - id: seen_link
    expression: link.file.path == "/run/vm-dir/a" && link.file.destination.path == "/run/vm-dir/b"
  - id: seen_rename
    expression: rename.file.path == "/run/vm-dir/a" && rename.file.destination.path == "/run/vm-dir/c"
  - {id: seen_unlink, expression: 'unlink.file.path == "/run/vm-dir/c" && unlink.file.inode > 0'}
"""


OTHERS = ("exec", "exit", "open", "connect", "setuid", "setgid", "mount", "splice")
NAMED = ("chmod", "chown", "utimes", "mkdir", "rmdir", "link", "rename", "unlink")


def act_on_files():
    """Through a symbolic link: the kernel, and whoever asked it, has other paths than the caller."""
    pathlib.Path("/run/vm-dir").mkdir()
    pathlib.Path("/run/vm-link").symlink_to("vm-dir")
    pathlib.Path("/run/vm-dir/a").write_text("x")
    act("call", "chmod", ":/run/vm-link/a", "04711")
    act("call", "chown", ":/run/vm-link/a", 1, -1)
    act("call", "utimes", ":/run/vm-link/a", 0)
    act("call", "mkdir", ":/run/vm-link/d", "0755")
    act("call", "rmdir", ":/run/vm-link/d")
    act("call", "link", ":/run/vm-link/a", ":/run/vm-link/b")
    act("call", "rename", ":/run/vm-link/a", ":/run/vm-link/c")
    act("call", "unlink", ":/run/vm-link/c")
    act("call", "mount", ":none", ":/run/vm-dir", ":tmpfs", 0, 0)
    act("splice", "/run/vm-target", "used")


def lock_down():
    """As a machine that was booted with Secure Boot."""
    security = pathlib.Path("/sys/kernel/security")
    if not (security / "lockdown").exists():
        subprocess.run(["mount", "-t", "securityfs", "none", str(security)], check=True)
    (security / "lockdown").write_text("integrity")


def step_clock(pair):
    """Seconds between the new time and the event that follows. The probe looks at the clock once a second."""
    time.clock_settime(time.CLOCK_REALTIME, time.time() + 86400)
    time.sleep(3)
    acted = time.time()
    act("connect4", "127.0.0.1", 10)
    alert = pair.wait_alert(lambda alert: rule_of(alert) == "vm_stepped", 30)
    dated = datetime.datetime.fromisoformat(alert["date"][:26] + "+00:00").timestamp()
    return dated - acted


def main():
    if "--lockdown" in sys.argv:
        lock_down()
    state = pathlib.Path("/run/vedette-vm")
    tell_when_late(state, 280)
    policies = state / "policies.d"
    policies.mkdir(parents=True)
    (policies / "vm.policy").write_text(POLICY)
    pathlib.Path("/run/vm-target").write_text("x")
    pair = Pair(state, policies_dir=policies)
    # Files are read over virtiofs and instructions are emulated: everything takes ten times as long.
    pair.start(timeout=150)
    subprocess.run(["/bin/echo", "one", "two"], stdout=subprocess.DEVNULL)
    act("openat", "/run/vm-target")
    act("connect4", "127.0.0.1", 9)
    act("setgid", 65534)
    act("setuid", 65534)
    act_on_files()
    wanted = {f"vm_{event}" for event in OTHERS + NAMED}

    def complete():
        return wanted <= {rule_of(alert) for alert in pair.alerts()}
    try:
        wait_for(complete, 30, "alerts", interval=0.2)
    except Exception as error:  # the report says what is there
        print(error, pair.log_tails(), file=sys.stderr)
    status = pair.status()
    alerts = {rule_of(alert): {"args": alert["process"].get("args"), "path": alert.get("file", {}).get("path"),
                               "addr": alert.get("connect", {}).get("addr")} for alert in pair.alerts()}
    lost = {row["eventType"]: row["lost"] for row in status["probe"]["events"]
            if any(int(count) for count in row.get("lost", {}).values())}
    stepped = step_clock(pair)
    pair.stop()
    print(json.dumps({"kernel": os.uname().release, "alerts": alerts, "hooks": status["probe"]["hooks"], "lost": lost,
                      "stepped": stepped, "lockdown": status["probe"]["lockdown"]}))


if __name__ == "__main__":
    main()
