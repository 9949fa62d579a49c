# SPDX-License-Identifier: Apache-2.0
"""Scripts of checks on a machine that systemd boots, with our packages at hand; each check is a test of its own."""
import contextlib
import re
import shutil
import subprocess

from debs import libraries_of
from harness import make_state_dir
from pair import TOP

SUPPORT = TOP / "tests/support/vm"
PACKAGES = TOP / "tests/packages"
SYSTEMD = TOP / "tests/systemd"
BOOTS = [SYSTEMD / "first_boot.sh", SYSTEMD / "second_boot.sh"]


def checks_of(scripts):
    """Names of the checks, as the scripts have them."""
    return [name for script in scripts for name in re.findall(r'^check "(.*?)" ', script.read_text(), re.M)]


@contextlib.contextmanager
def boots(build, scripts, debs, runner="systemd-run-ns", options=("-t", "240")):
    """One boot for each script, with the disk of the one before. ({check: "ok" or what was found}, all that was said)"""
    machine = make_state_dir()
    try:
        yield run_boots(machine, build, scripts, debs, [runner, *options])
    finally:
        shutil.rmtree(machine, ignore_errors=True)


def run_boots(machine, build, scripts, debs, runner):
    payload = machine / "payload"
    for source, target in [*[(deb, "srv/debs") for deb in debs], (SYSTEMD / "checks.sh", "srv/test"),
                           (build / "tests/live/act", "usr/bin")]:
        (payload / target).mkdir(parents=True, exist_ok=True)
        shutil.copy(source, payload / target)
    packages = [word for name in libraries_of(debs) for word in ("-i", name)]
    results, said = {}, ""
    for script in scripts:
        out = machine / script.name
        done = subprocess.run([str(SUPPORT / runner[0]), *runner[1:], "-s", str(machine), "-o", str(out), *packages,
                               "-p", str(payload), str(script)], capture_output=True, text=True)
        journal = out / "journal.txt"
        said += f"{done.stdout}\n{done.stderr}\n"
        # Lines of the rules in force are long and say little.
        said += "\n".join(line[:400] for line in
                          (journal.read_text(errors="replace").splitlines()[-60:] if journal.exists() else []))
        for word, name, why in re.findall(r"^(ok|FAIL) (.*?)(?:: (.*))?$", done.stdout, re.M):
            results[name] = "ok" if word == "ok" else why
    print(said)
    return results, said
