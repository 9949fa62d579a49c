# SPDX-License-Identifier: Apache-2.0
"""Performs the cases; used by pytest here and by the guest in the virtual machine."""
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from acts import act  # noqa: E402
from cases import CASES  # noqa: E402
from pair import rule_of, wait_for  # noqa: E402

BARRIER = "bypass_barrier"
CGROUPS = pathlib.Path(next((line.split()[1] for line in open("/proc/mounts") if line.split()[2] == "cgroup2"),
                            "/sys/fs/cgroup"))


def rule_id(case):
    return f"bypass_{case.number.lower()}"


class Stage:
    """The directories of all cases, below `place`."""

    def __init__(self, place):
        self.place = pathlib.Path(place)
        for case in CASES:
            self.make(self.directory(case))
        (self.place / "barrier").touch()

    def directory(self, case):
        return self.place / case.number

    @staticmethod
    def make(own):
        for name in ("dir", "lower", "upper", "work", "merged"):
            (own / name).mkdir(parents=True)
        for name in ("secret", "other1", "lower/secret", "lower/inside"):
            (own / name).write_text(": content\n")
        shutil.copy2("/bin/true", own / "program")
        (own / "dirlink").symlink_to("dir")

    def fill(self, case, text):
        return text.replace("{d}", str(self.directory(case))).replace("{cgroups}", str(CGROUPS))

    def policy(self):
        lines = ["rules:", f"  - {{id: {BARRIER}, expression: 'open.file.path == \"{self.place}/barrier\"'}}"]
        for case in CASES:
            lines.append(f"  - {{id: {rule_id(case)}, expression: '{self.fill(case, case.rule)}'}}")
        return "\n".join(lines) + "\n"

    def perform(self, case, pair):
        """The facts that an act printed, else {}."""
        kind, *words = case.do
        words = [self.fill(case, str(word)).replace("{agent}", str(pair.agent.pid)) for word in words]
        if kind == "act":
            return act(*words)
        if kind == "cgroup":
            return self.move_to_cgroup(words[0])
        program = {"sh": ["sh", "-c"], "py": [sys.executable, "-c"]}[kind]
        subprocess.run([*program, words[0], case.number.lower()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=60)
        return {}

    @staticmethod
    def move_to_cgroup(name):
        group = CGROUPS / name
        group.mkdir(exist_ok=True)
        subprocess.run(["sh", "-c", f"echo $$ > {group}/cgroup.procs"], check=True)
        wait_for(lambda: remove(group), 10, "the cgroup is empty")
        return {}

    def pass_barrier(self, pair):
        """Everything that was done before has been evaluated."""
        done = act("openat", str(self.place / "barrier"))
        pair.wait_alert(lambda alert: rule_of(alert) == BARRIER and alert["process"]["pid"] == done["pid"], 60)


def remove(path):
    try:
        path.rmdir()
        return True
    except OSError:
        return False


def seen(case, pair, facts, timeout=15):
    """The alerts of the case's rule, as many as the act says there must be."""
    wanted = max(1, facts.get("evil", 1))

    def found():
        alerts = [alert for alert in pair.alerts() if rule_of(alert) == rule_id(case)]
        return alerts if len(alerts) >= wanted else None
    return wait_for(found, timeout, f"{wanted} alerts of {rule_id(case)}")
