# SPDX-License-Identifier: Apache-2.0
"""What the probe says of files when it is asked: hashes, packages, what a program is; as other processes see them."""
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest
from acts import act, binary
from alerts import by
from conftest import finish, start
from harness import make_state_dir
from pair import wait_for

PLACE = pathlib.Path("/tmp") / f"vedette-facts.{os.getpid()}"
SECRET = b"the secret of this test\n"
TOUCH = pathlib.Path(shutil.which("touch")).resolve()


def digest(content, name="sha256"):
    return f"{name}:{hashlib.new(name, content).hexdigest()}"


def of_dpkg(path):
    """(package, version) as dpkg itself has it; None where it does not."""
    if not shutil.which("dpkg-query"):
        return None
    for wanted in (str(path), str(path).removeprefix("/usr")):
        found = subprocess.run(["dpkg-query", "-S", wanted], capture_output=True, text=True, check=False)
        if found.returncode == 0:
            name = found.stdout.split(":")[0]
            return name, subprocess.check_output(["dpkg-query", "-W", "-f", "${Version}", name], text=True)
    return None


def opened(name):
    return f'open.file.path == "{PLACE}/{name}" && process.file.name == "act"'


RULES = {
    "alert_has_hashes": opened("plain"),
    "rule_reads_hash": f'{opened("read")} && open.file.hashes == "{digest(SECRET)}"',
    "rule_reads_other_hash": f'{opened("read")} && open.file.hashes == "{digest(b"other")}"',
    "too_big": opened("big"),
    "empty": opened("empty"),
    "not_regular": opened("fifo"),
    "swapped": opened("swapped"),
    "swapped_for_fifo": opened("fifo-later"),
    "by_the_probe": 'open.file.path =~ "/proc/**" && process.file.name == "system-probe"',
    "read_by_the_probe": f'open.file.path == "{PLACE}/plain" && process.file.name == "system-probe"',
    "in_chroot": 'open.file.path == "/inside" && process.file.name == "act"',
    "exec_alert": f'exec.file.path == "{PLACE}/touch"',
    "exec_hash": f'exec.file.path == "{PLACE}/touch" && exec.file.hashes == "{digest(TOUCH.read_bytes())}"',
    "exec_deleted": f'exec.file.path =~ "{PLACE}/deleted/**"',
    "exec_memfd": 'exec.file.name == "memfd:hashed"',
    "no_package": f'exec.file.path == "{PLACE}/touch" && exec.file.package.name == ""',
    "is_program": f'exec.file.path == "{PLACE}/touch" && exec.file.metadata.type == LINUX_EXECUTABLE'
                  ' && exec.file.metadata.is_executable == true && exec.file.metadata.architecture in [X86_64, ARM64]'
                  f' && exec.file.metadata.abi == BIT64 && exec.file.metadata.size == {TOUCH.stat().st_size}',
    "is_something_else": f'exec.file.path == "{PLACE}/touch" && exec.file.metadata.is_upx_packed == true',
}
if of_dpkg(TOUCH):
    NAME, VERSION = of_dpkg(TOUCH)
    RULES["package"] = (f'exec.file.path == "{TOUCH}" && exec.file.package.name == "{NAME}"'
                        f' && exec.file.package.version == "{VERSION.split(":")[-1].rpartition("-")[0]}"')
    RULES["ancestor_package"] = 'open.file.path == "%s/by-shell" && process.ancestors.file.package.name == "dash"' % PLACE
ACTIONS = {
    "hash_action": ('chmod.file.path == "%s/chmod"' % PLACE, {"hash": {"field": "chmod.file"}}),
    "hash_program": ('chmod.file.path == "%s/chmod"' % PLACE, {"hash": {"field": "process.file"}}),
    "hash_small": ('chmod.file.path == "%s/chmod-small"' % PLACE, {"hash": {"field": "chmod.file", "max_file_size": 3}}),
}


@pytest.fixture(scope="module")
def watched():
    PLACE.mkdir(mode=0o755)
    policies = make_state_dir()
    rules = [{"id": name, "expression": rule} for name, rule in RULES.items()]
    rules += [{"id": name, "expression": rule, "actions": [action]} for name, (rule, action) in ACTIONS.items()]
    (policies / "facts.policy").write_text(json.dumps({"version": "1", "rules": rules}))
    both = {"runtime_security_config.file_metadata_resolver.enabled": "true",
            "runtime_security_config.package_resolver.enabled": "true"}
    pair = start(policies, settings=both)
    # The first question about a package reads the host's database, which takes a busy machine a while.
    shutil.copy(TOUCH, PLACE / "touch")
    warm = subprocess.Popen([PLACE / "touch", PLACE / "touched"])
    assert warm.wait() == 0
    pair.wait_alert(by("no_package", warm.pid), timeout=60)
    yield pair
    finish(pair)
    shutil.rmtree(policies)
    shutil.rmtree(PLACE)


def write(name, content=SECRET, mode=0o600):
    path = PLACE / name
    path.write_bytes(content)
    path.chmod(mode)
    return path


class Stopped:
    """The agent, which asks only when it goes on."""

    def __init__(self, pair):
        self.agent = pair.agent

    def __enter__(self):
        self.agent.send_signal(signal.SIGSTOP)

    def __exit__(self, *_):
        self.agent.send_signal(signal.SIGCONT)


def test_alert_of_an_open_has_the_hashes_of_a_file_that_only_root_may_read(watched):
    facts = act("openat", write("plain"))
    alert = watched.wait_alert(by("alert_has_hashes", facts["pid"]))
    assert digest(SECRET) in alert["file"]["hashes"] and digest(SECRET, "sha1") in alert["file"]["hashes"]
    assert any(text.startswith("ssdeep:3:") for text in alert["file"]["hashes"])
    assert alert["file"]["hash_state"] == "done"


def test_rule_on_a_hash_is_decided_when_it_has_come(watched):
    facts = act("openat", write("read"))
    alert = watched.wait_alert(by("rule_reads_hash", facts["pid"]))
    assert alert["evt"]["decided"] == "late" and digest(SECRET) in alert["file"]["hashes"]
    assert not [a for a in watched.alerts() if by("rule_reads_other_hash")(a)]


@pytest.mark.parametrize("rule,name,size,state", [("too_big", "big", (5 << 20) + 1, "file_too_big"),
                                                  ("empty", "empty", 0, "file_empty")])
def test_state_says_why_there_is_no_hash(watched, rule, name, size, state):
    facts = act("openat", write(name, b"x" * size))
    alert = watched.wait_alert(by(rule, facts["pid"]))
    assert alert["file"]["hash_state"] == state and "hashes" not in alert["file"]


def test_fifo_is_not_read(watched):
    os.mkfifo(PLACE / "fifo")
    facts = act("openat", PLACE / "fifo", "rw")
    alert = watched.wait_alert(by("not_regular", facts["pid"]))
    assert alert["file"]["hash_state"] == "done" and "hashes" not in alert["file"]


def test_file_that_was_swapped_is_not_taken_for_the_one_of_the_event(watched):
    path = write("swapped")
    with Stopped(watched):
        facts = act("openat", path)
        other = write("swapped-by", b"harmless")
        other.rename(path)
    alert = watched.wait_alert(by("swapped", facts["pid"]))
    assert alert["file"]["hash_state"] == "file_not_found" and "hashes" not in alert["file"]


def test_fifo_in_place_of_the_file_makes_nobody_wait(watched):
    path = write("fifo-later")
    with Stopped(watched):
        facts = act("openat", path)
        path.unlink()
        os.mkfifo(path)
    alert = watched.wait_alert(by("swapped_for_fifo", facts["pid"]))
    assert alert["file"]["hash_state"] in ("file_not_found", "done") and "hashes" not in alert["file"]
    test_alert_of_an_open_has_the_hashes_of_a_file_that_only_root_may_read(watched)


def test_rule_on_what_the_probe_itself_opens_comes_to_an_end(watched):
    facts = act("openat", write("plain"))
    watched.wait_alert(by("alert_has_hashes", facts["pid"]))
    alert = watched.wait_alert(by("by_the_probe"))
    assert "hashes" not in alert["file"]
    counts = []
    while len(counts) < 2 or counts[-1] != counts[-2]:
        counts.append(len([a for a in watched.alerts() if by("by_the_probe")(a)]))
        assert len(counts) < 20, counts
        time.sleep(0.5)


def test_what_the_probe_reads_to_answer_is_no_event(watched):
    """Else a rule on a file fires for the probe that looks at it because the rule has fired."""
    facts = act("openat", write("plain"))
    assert watched.wait_alert(by("alert_has_hashes", facts["pid"]))["file"]["hashes"]
    after = act("openat", write("empty"))
    watched.wait_alert(by("empty", after["pid"]))
    assert not [alert for alert in watched.alerts() if by("read_by_the_probe")(alert)]


def test_path_in_another_root_is_looked_up_there(watched):
    """The host has another file by that path, or none."""
    root = PLACE / "root"
    root.mkdir()
    (root / "inside").write_bytes(b"inside")
    with subprocess.Popen([binary(), "in-chroot", root, "in-turn", "openat", "/inside", "--", "wait", "30"],
                          stdout=subprocess.PIPE) as process:
        try:
            alert = watched.wait_alert(by("in_chroot", process.pid))
            assert digest(b"inside") in alert["file"]["hashes"]
        finally:
            process.kill()


def test_exec_alert_knows_the_program_after_it_has_ended(watched):
    with Stopped(watched):
        pid = subprocess.Popen([PLACE / "touch", PLACE / "touched"])
        assert pid.wait() == 0
    alert = watched.wait_alert(by("exec_alert", pid.pid))
    expected = digest(TOUCH.read_bytes())
    assert expected in alert["file"]["hashes"] and expected in alert["process"]["executable"]["hashes"]
    assert alert["file"]["metadata"]["is_executable"] is True
    for rule in ("exec_hash", "no_package", "is_program"):
        watched.wait_alert(by(rule, pid.pid))
    assert not [a for a in watched.alerts() if by("is_something_else")(a)]


def test_program_without_a_path_is_read_while_it_runs(watched):
    expected = digest(pathlib.Path(shutil.which("sleep")).read_bytes())
    with subprocess.Popen([binary(), "exec-memfd", "hashed", shutil.which("sleep"), "30"]) as process:
        try:
            alert = watched.wait_alert(by("exec_memfd", process.pid))
            assert expected in alert["file"]["hashes"] and alert["file"]["metadata"]["type"] == "FILE_LESS"
        finally:
            process.kill()


def test_hash_action_names_the_file(watched):
    path = write("chmod")
    facts = act("call", "fchmod", f"@{path}", "0600")
    alert = watched.wait_alert(by("hash_action", facts["pid"]))
    assert digest(SECRET) in alert["file"]["hashes"]
    alert = watched.wait_alert(by("hash_program", facts["pid"]))
    assert digest(binary().read_bytes()) in alert["process"]["executable"]["hashes"]
    facts = act("call", "fchmod", f"@{write('chmod-small')}", "0600")
    assert watched.wait_alert(by("hash_small", facts["pid"]))["file"]["hash_state"] == "file_too_big"


def test_name_alone_is_not_hashed(watched):
    """Tracepoints know a file that was changed by its path only by that; trampolines know the file."""
    facts = act("call", "chmod", f":{write('chmod')}", "0600")
    file = watched.wait_alert(by("hash_action", facts["pid"]))["file"]
    assert file["hash_state"] == ("done" if file.get("inode") else "pathname_resolution_error")


@pytest.mark.skipif("package" not in RULES, reason="NO PACKAGE TEST RUNS: dpkg does not know this program")
def test_package_of_a_program_is_what_dpkg_says(watched):
    process = subprocess.Popen([TOUCH, PLACE / "touched"])
    assert process.wait() == 0
    alert = watched.wait_alert(by("package", process.pid))
    assert alert["process"]["executable"]["package_name"] == NAME
    process = subprocess.Popen(["/bin/sh", "-c", f"cat {write('by-shell')} > /dev/null; :"])
    assert process.wait() == 0
    if of_dpkg(pathlib.Path("/bin/sh").resolve())[0] == "dash":
        watched.wait_alert(by("ancestor_package"))


def test_status_counts_questions(watched):
    files = wait_for(lambda: watched.status()["probe"].get("files"), 10, "the probe's status")
    assert int(files["questions"]) > 0 and int(files["hashed"]) > 0
