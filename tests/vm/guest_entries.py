# SPDX-License-Identifier: Apache-2.0
"""Runs in the virtual machine: calls that trampolines see at their own functions, by each entry that there is. Prints how
often each was seen, of what, and which programs were left at all system calls, as one line of JSON."""
import collections
import json
import os
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent / "support/vm")]
from acts import act  # noqa: E402
from pair import Pair, rule_of, wait_for  # noqa: E402
from standing import tell_when_late  # noqa: E402

TARGET, MISSING = "/run/entry-target", "/run/entry-missing"
CLONE_NEWNET, PR_SET_NAME = 0x40000000, 15
NETNS = os.stat("/proc/self/ns/net").st_ino
NO_CAPABILITIES = ("~0x20080522,0", "~0,0,0,0,0,0")
OURS = 'process.file.name == "act"'

RULES = {
    "chmod": f'chmod.file.path == "{TARGET}" && chmod.retval == 0',
    "missing": f'chmod.file.path == "{MISSING}" && chmod.retval < 0',
    "chown": f'chown.file.path == "{TARGET}" && chown.file.destination.uid == 4242',
    "truncate": f'open.file.path == "{TARGET}" && open.flags & O_TRUNC > 0 && {OURS}',
    "setuid": f"setuid.fsuid == 4242 && {OURS}",
    "setgid": f"setgid.fsgid == 4242 && {OURS}",
    "capset": f"capset.cap_effective == 0 && {OURS}",
    "prctl": f'prctl.new_name == "entered"',
    "unshare": f"unshare.flags & CLONE_NEWNET > 0 && {OURS}",
    # What the process tree has learned: the record of an exit says neither.
    "comm": f'exit.cause == EXITED && process.comm == "entered" && {OURS}',
    "netns": f"exit.cause == EXITED && process.netns != {NETNS} && {OURS}",
}


def both(rule, name, *words):
    return [(rule, (entry, name, *words)) for entry in ("call", "call32")]


def compat(rule, name, *words):
    return [(rule, ("call32", name, *words))]


CASES = [
    *both("chmod", "chmod", f":{TARGET}", "0640"), *both("chmod", "fchmod", f"@{TARGET}", "0600"),
    *both("chmod", "fchmodat", -100, f":{TARGET}", "0640"),
    *both("missing", "chmod", f":{MISSING}", "0640"),
    *both("chown", "chown", f":{TARGET}", 4242, 1), *both("chown", "lchown", f":{TARGET}", 4242, 1),
    *both("chown", "fchown", f"@{TARGET}", 4242, 1), *both("chown", "fchownat", -100, f":{TARGET}", 4242, 1, 0),
    *compat("chown", "chown16", f":{TARGET}", 4242, 1), *compat("chown", "lchown16", f":{TARGET}", 4242, 1),
    *compat("chown", "fchown16", f"@{TARGET}", 4242, 1),
    *both("truncate", "truncate", f":{TARGET}", 0), *both("truncate", "ftruncate", f"@{TARGET}", 0),
    *compat("truncate", "truncate64", f":{TARGET}", 0, 0), *compat("truncate", "ftruncate64", f"@{TARGET}", 0, 0),
    *both("capset", "capset", *NO_CAPABILITIES), *both("prctl", "prctl", PR_SET_NAME, ":entered"),
    *both("unshare", "unshare", CLONE_NEWNET), *both("netns", "setns", "@OTHER", CLONE_NEWNET),
]
for kind in ("uid", "gid"):
    for call, count in (("set{}", 1), ("setre{}", 2), ("setres{}", 3), ("setfs{}", 1)):
        CASES += both(f"set{kind}", call.format(kind), *[4242] * count)
        CASES += compat(f"set{kind}", call.format(kind) + "16", *[4242] * count)


def at_every_call(pair):
    """Of the probe's links, those that all system calls pay for."""
    found = []
    for fd in pathlib.Path(f"/proc/{pair.probe.pid}/fdinfo").iterdir():
        try:
            found += re.findall(r"tp_name:\s*(sys_\w+)", fd.read_text())
        except OSError:
            continue  # closed meanwhile
    return found


def away_and_back(pair, policy):
    """What was attached once is detached and attached again."""
    rules = policy.read_text()
    for text in (json.dumps({"rules": [{"id": "program", "expression": 'exec.file.name == "nothing"'}]}), rules):
        policy.write_text(text)
        done = pair.command("runtime", "policy", "reload", timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        wait_for(lambda: pair.status()["runtimeSecurityStatus"]["watching"], 60, "what the rules need is attached")


def main():
    state = pathlib.Path("/run/vedette-vm")
    tell_when_late(state, 280)
    policies = state / "policies.d"
    policies.mkdir(parents=True)
    rules = [{"id": name, "expression": rule} for name, rule in RULES.items()]
    policy = policies / "vm.policy"
    policy.write_text(json.dumps({"version": "1", "rules": rules}))
    pathlib.Path(TARGET).write_text("x")
    pair = Pair(state, policies_dir=policies)
    pair.start(timeout=150)
    away_and_back(pair, policy)
    try:
        wait_for(lambda: not at_every_call(pair), 30, "no program at every system call")
    except Exception as error:  # the report says so
        print(error, file=sys.stderr)
    other = subprocess.Popen(["unshare", "--net", "sleep", "1000"])
    wait_for(lambda: os.stat(f"/proc/{other.pid}/ns/net").st_ino != NETNS, 30, "another network namespace")
    done = {}  # (rule, pid): what was called
    for rule, words in CASES:
        words = [str(word).replace("@OTHER", f"@/proc/{other.pid}/ns/net") for word in words]
        pid = act(*words)["pid"]
        for expected in (rule, *{"prctl": ("comm",), "unshare": ("netns",)}.get(rule, ())):
            done[expected, pid] = f"{expected}: {' '.join(words[:2])}"
    other.kill()

    def alerts():
        return [(rule_of(alert), alert["process"]["pid"]) for alert in pair.alerts()]
    try:
        wait_for(lambda: set(done) <= set(alerts()), 30, "alerts")
    except Exception as error:
        print(error, file=sys.stderr)
    counts = collections.Counter(alerts())
    status, left = pair.status()["probe"], at_every_call(pair)
    pair.stop()
    print(json.dumps({"seen": {name: counts[key] for key, name in done.items()},
                      "others": [key for key in counts if key not in done], "at_every_call": left,
                      "backends": {hook["eventType"]: hook.get("backend", "") for hook in status["hooks"]}}))


main()
