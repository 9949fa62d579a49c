# SPDX-License-Identifier: Apache-2.0
"""`system-probe check`, and a probe that has to do without one of its programs."""
import json
import pathlib
import subprocess

import pytest
from conftest import finish, start

# The verifier gives up at a million; a kernel of tomorrow that is a little worse at it must not cost us a hook.
HALF_OF_THE_VERIFIER = 500_000

# One of each way a program is used: the dispatcher that most types hang on, a handler it calls, a program of process
# lifecycle, one of its own, one at the root of the cgroups, an iterator.
PROGRAMS = ["dispatch_sys_exit", "handle_open", "handle_fork", "handle_exec", "handle_cgroup_write", "handle_packet_in",
            "dump_process"]


def check(build, *options):
    done = subprocess.run([build / "system-probe/system-probe", "check", "--json", *options], capture_output=True,
                          text=True, timeout=120, check=False)
    return json.loads(done.stdout)


def test_every_program_is_cheap_to_verify(build, capsys):
    programs = check(build)["programs"]
    assert len(programs) > 40
    costs = {program["name"]: program["verified_instructions"] for program in programs}
    dearest = sorted(costs, key=costs.get, reverse=True)[:8]
    with capsys.disabled():
        print("\nverifier: " + ", ".join(f"{name} {costs[name]}" for name in dearest))
    assert max(costs.values()) < HALF_OF_THE_VERIFIER


@pytest.mark.parametrize("program", PROGRAMS)
def test_without_any_single_program_the_probe_starts_and_says_so(build, policies, program):
    names = {row["name"] for row in check(build)["programs"]}
    assert program in names
    pair = start(policies("rules: [{id: any, expression: 'open.file.path == \"/none\"'}]\n"),
                 probe_settings={"system_probe_config.disabled_programs": program})
    try:
        log = pair.log_path("system-probe").read_text()
        assert f"{program}: switched off by system_probe_config.disabled_programs" in log or program == "dump_process"
        assert "switched off by system_probe_config.disabled_programs" in log
        assert not any(program in hook.get("programs", []) for hook in pair.status()["probe"]["hooks"])
    finally:
        finish(pair)


def test_a_name_that_no_program_has_is_an_error(build):
    report = check(build, "--set", "system_probe_config.disabled_programs=handle_everything")
    assert "there is no BPF program 'handle_everything'" in report["problem"]


CGROUP_NAMESPACE = """
root=/sys/fs/cgroup
[ ! -d "$root/unified" ] || root=$root/unified
mkdir "$root/vedette-check.$$"
echo $$ > "$root/vedette-check.$$/cgroup.procs"
exec unshare --cgroup --mount sh -c 'umount -R "$1" && mount -t cgroup2 none "$1" && exec "$2" check --json' sh "$root" "$0"
"""


def test_where_the_root_of_the_cgroups_is_not_the_hosts_the_rest_is_seen(build):
    shell = subprocess.Popen(["sh", "-ec", CGROUP_NAMESPACE, build / "system-probe/system-probe"], stdout=subprocess.PIPE,
                             text=True)
    try:
        report = json.loads(shell.communicate(timeout=120)[0])
    finally:
        for directory in pathlib.Path("/sys/fs/cgroup").glob(f"**/vedette-check.{shell.pid}"):
            directory.rmdir()
    events = {event["type"]: event for event in report["events"]}
    assert events["exec"]["backend"] and events["open"]["backend"] and events["connect"]["backend"]
    for kind, program in (("sysctl", "handle_sysctl"), ("dns", "own_new_socket")):
        assert not events[kind]["backend"]
        assert f"{program}: the directory of cgroups here is not the host's root" in events[kind]["reason"]
