# SPDX-License-Identifier: Apache-2.0
"""Runs in the virtual machine: starts the pair, acts, prints what came out as one line of JSON."""
import json
import os
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from acts import act  # noqa: E402
from pair import Pair, rule_of, wait_for  # noqa: E402

POLICY = """
rules:
  - {id: vm_exec, expression: 'exec.file.name == "echo" && exec.argv == "two"'}
  - {id: vm_exit, expression: 'exit.file.name == "act" && exit.cause == EXITED'}
  - {id: vm_open, expression: 'open.file.path == "/run/vm-target"'}
  - {id: vm_connect, expression: 'connect.addr.port == 9'}
  - {id: vm_setuid, expression: 'setuid.uid == 65534'}
  - {id: vm_setgid, expression: 'setgid.gid == 65534'}
"""


def main():
    state = pathlib.Path("/run/vedette-vm")
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
    wanted = {"vm_exec", "vm_exit", "vm_open", "vm_connect", "vm_setuid", "vm_setgid"}

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
    pair.stop()
    print(json.dumps({"kernel": os.uname().release, "alerts": alerts, "hooks": status["probe"]["hooks"], "lost": lost}))


if __name__ == "__main__":
    main()
