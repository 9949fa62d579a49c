# SPDX-License-Identifier: Apache-2.0
"""Runs in a virtual machine with SELinux active and no policy: what the kernel is asked, and how it decides. Prints the
rules that fired, with what they saw, and the warnings of the status as one line of JSON."""
import json
import os
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent / "support/vm")]
from acts import act  # noqa: E402
from pair import Pair, rule_of, wait_for  # noqa: E402
from standing import tell_when_late  # noqa: E402

ENFORCE = "/sys/fs/selinux/enforce"
MS_BIND = 4096

RULES = {
    "function": 'ondemand.name == "do_mkdirat" && ondemand.arg3.uint == 0751',
    "string": 'ondemand.name == "kern_path" && ondemand.arg1.str == "/run/vm-bound"',
    "call": 'ondemand.name == "syscall:mkdir" && ondemand.arg1.str == "/run/vm-made"',
    "nowhere": 'ondemand.name == "no_such_function"',
    "caps": 'capabilities.used & CAP_SYS_ADMIN > 0 && process.file.name == "act"',
    "enforcing": 'selinux.enforce.status == "enforcing"',
    "permissive": 'selinux.enforce.status == "permissive"',
    "committed": "selinux.bool_commit.state == true",
}


def main():
    subprocess.run(["mount", "-t", "selinuxfs", "none", "/sys/fs/selinux"], check=True)
    state = pathlib.Path("/run/vedette-vm")
    tell_when_late(state, 280)
    policies = state / "policies.d"
    policies.mkdir(parents=True)
    rules = [{"id": name, "expression": rule} for name, rule in RULES.items()]
    (policies / "vm.policy").write_text(json.dumps({"version": "1", "rules": rules}))
    pair = Pair(state, policies_dir=policies, probe_settings={"system_probe_config.backend": os.environ["BACKEND"]})
    pair.start(timeout=150)
    wait_for(lambda: pair.status()["probe"].get("warnings"), 60, "a warning")
    act("call", "mkdir", ":/run/vm-made", "0751")
    pathlib.Path("/run/vm-bound").mkdir()
    act("call", "mount", ":/run/vm-bound", ":/run/vm-made", ":none", MS_BIND, 0)
    act("unshare", 0x4000000)
    pathlib.Path(ENFORCE).write_text("1")
    pathlib.Path(ENFORCE).write_text("0")
    pathlib.Path("/sys/fs/selinux/commit_pending_bools").write_text("1")

    def fired():
        return {rule_of(alert) for alert in pair.alerts()}
    wanted = {"call", "caps", "enforcing", "permissive", "committed"}
    wanted |= {"function", "string"} if os.environ["BACKEND"] == "auto" else set()
    try:
        wait_for(lambda: wanted <= fired(), 60, f"{wanted}")
    except Exception as error:  # what is missing is for the test to say
        print(error, file=sys.stderr)
    status = pair.status()["probe"]
    pair.stop()
    print(json.dumps({"fired": sorted(fired()), "warnings": status.get("warnings", []),
                      "hooks": {hook["eventType"]: hook.get("backend", "") for hook in status["hooks"]}}))


main()
