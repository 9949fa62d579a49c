# SPDX-License-Identifier: Apache-2.0
"""What processes do to themselves, to each other and to the kernel: one act, one rule on the event's own fields.

The rule is the assertion: it fires only if every field it names has the value the act gave it."""
import json
import os
import pathlib
import shutil
import subprocess

import pytest
from acts import act
from alerts import by
from conftest import finish, start
from harness import make_state_dir
from pair import wait_for

ACT = 'process.file.name == "act"'

# (name, words of act, what the rule says of the event)
CASES = [
    ("capset", ("capset", "0x1"), "capset.cap_effective == CAP_CHOWN && capset.cap_permitted & CAP_SYS_ADMIN > 0"),
    ("prctl", ("prctl-name", "short"),
     'prctl.option == PR_SET_NAME && prctl.new_name == "short" && prctl.is_name_truncated == false && prctl.retval == 0'),
    ("prctl_cut", ("prctl-name", "seventeen letters"),
     'prctl.new_name == "seventeen lette" && prctl.is_name_truncated == true'),
    ("prctl_fits", ("prctl-name", "fifteen letters"),
     'prctl.new_name == "fifteen letters" && prctl.is_name_truncated == false'),
    ("prctl_32", ("prctl-name32", "compat-name"), 'prctl.new_name == "compat-name"'),
    ("prctl_failed", ("prctl", "123456"), "prctl.option == 123456 && prctl.retval == EINVAL"),
    ("setrlimit", ("setrlimit", 4, 4096, 8192),
     "setrlimit.resource == RLIMIT_CORE && setrlimit.rlim_cur == 4096 && setrlimit.rlim_max == 8192"
     ' && setrlimit.retval == 0 && setrlimit.target.file.name == "act"'),
    ("setrlimit_32", ("setrlimit32", 4, 5000, 0xffffffff),
     "setrlimit.resource == RLIMIT_CORE && setrlimit.rlim_cur == 5000 && setrlimit.rlim_max == -1"),
    ("setrlimit_failed", ("setrlimit", 7, 20, 10),
     "setrlimit.resource == RLIMIT_NOFILE && setrlimit.rlim_cur == 20 && setrlimit.rlim_max == 10"
     " && setrlimit.retval == EINVAL"),
    ("prlimit", ("prlimit", os.getpid(), 4, 111, 2 ** 64 - 1),
     "setrlimit.rlim_cur == 111 && setrlimit.rlim_max == -1 && setrlimit.retval == 0"
     f" && setrlimit.target.pid == {os.getpid()}"),
    ("prlimit_nobody", ("prlimit", 4194303, 4, 112, 113),
     "setrlimit.rlim_cur == 112 && setrlimit.rlim_max == 113 && setrlimit.retval == ESRCH"),
    ("kill", ("kill-child", "kill", 10),
     'signal.type == SIGUSR1 && signal.pid > 1 && signal.target.file.name == "act" && signal.retval == 0'),
    ("kill_32", ("kill-child", "kill32", 12), 'signal.type == SIGUSR2 && signal.target.file.name == "act"'),
    ("tkill", ("kill-child", "tkill", 1), 'signal.type == SIGHUP && signal.target.file.name == "act"'),
    ("tgkill", ("kill-child", "tgkill", 2), 'signal.type == SIGINT && signal.target.file.name == "act"'),
    ("pidfd", ("kill-child", "pidfd", 3), 'signal.type == SIGQUIT && signal.pid > 1 && signal.target.file.name == "act"'),
    ("sigqueue", ("kill-child", "sigqueue", 14), 'signal.type == SIGALRM && signal.target.file.name == "act"'),
    ("kill_group", ("kill-group", 7), 'signal.type == SIGBUS && signal.pid < -1 && signal.target.file.name == "act"'),
    ("kill_nobody", ("kill", 4194303, 24), "signal.type == SIGXCPU && signal.pid == 4194303 && signal.retval == ESRCH"),
    ("kill_refused", ("as-uid", 65534, "kill", os.getpid(), 25),
     f"signal.type == SIGXFSZ && signal.retval == EPERM && signal.target.pid == {os.getpid()}"),
    ("ptrace", ("ptrace-child",),
     'ptrace.request == PTRACE_SEIZE && ptrace.tracee.file.name == "act" && ptrace.retval == 0'),
    ("ptrace_me", ("ptrace", 0, 0), 'ptrace.request == PTRACE_TRACEME && ptrace.tracee.file.name == "act"'),
    ("ptrace_failed", ("ptrace", 16, 4194303), "ptrace.request == PTRACE_ATTACH && ptrace.retval == ESRCH"),
    ("unshare", ("unshare", 0x4000000), "unshare.flags == CLONE_NEWUTS && unshare.retval == 0"),
    ("unshare_failed", ("unshare", 1), "unshare.flags == 1 && unshare.retval == EINVAL"),
    ("mmap", ("mmap", 5, "/bin/true"),
     'mmap.file.path in ["/bin/true", "/usr/bin/true"] && mmap.protection == PROT_READ | PROT_EXEC'
     " && mmap.flags & MAP_PRIVATE > 0 && mmap.retval != 0"),
    ("mmap_anonymous", ("mmap", 6), "mmap.protection == PROT_WRITE | PROT_EXEC && mmap.flags & MAP_ANONYMOUS > 0"),
    ("mmap_32", ("mmap32", 7), "mmap.protection == 7 && mmap.flags == MAP_PRIVATE | MAP_ANONYMOUS"),
    ("mmap_failed", ("mmap-bad",), "mmap.retval == EBADF"),
    ("mprotect", ("mprotect", 3, 5),
     "mprotect.vm_protection & (VM_READ | VM_WRITE | VM_EXEC) == VM_READ | VM_WRITE"
     " && mprotect.req_protection == VM_READ | VM_EXEC && mprotect.retval == 0"),
    ("mprotect_none", ("mprotect", 0, 6),
     "mprotect.vm_protection & (VM_READ | VM_WRITE | VM_EXEC) == 0 && mprotect.req_protection == VM_WRITE | VM_EXEC"),
    ("mprotect_failed", ("mprotect-nothing",),
     "mprotect.vm_protection == 0 && mprotect.req_protection == VM_EXEC && mprotect.retval == ENOMEM"),
    ("bpf_map", ("bpf-map", "live_map"),
     'bpf.cmd == BPF_MAP_CREATE && bpf.map.name == "live_map" && bpf.map.type == BPF_MAP_TYPE_ARRAY && bpf.retval > 0'),
    ("bpf_lookup", ("bpf-lookup", "looked_into"),
     'bpf.cmd == BPF_MAP_LOOKUP_ELEM && bpf.map.name == "looked_into" && bpf.map.type == BPF_MAP_TYPE_ARRAY'),
    ("bpf_program", ("bpf-program", "live_prog"),
     'bpf.cmd == BPF_PROG_LOAD && bpf.prog.name == "live_prog" && bpf.prog.type == BPF_PROG_TYPE_SOCKET_FILTER'
     ' && bpf.prog.helpers == 5 && bpf.prog.tag =~ r"^[0-9a-f]{16}$" && bpf.prog.tag != "0000000000000000"'
     " && bpf.retval > 0"),
    ("bpf_refused", ("bpf-program", "bad_prog", "bad"),
     'bpf.prog.name == "bad_prog" && bpf.prog.helpers == 5 && bpf.prog.tag == "" && bpf.retval < 0'),
    ("sysctl_read", ("sysctl", "/proc/sys/kernel/pid_max"),
     'sysctl.action == SYSCTL_READ && sysctl.name == "kernel/pid_max" && sysctl.old_value != ""'
     ' && sysctl.value != "" && sysctl.file_position == 0'),
    ("sysctl_write", ("sysctl", "/proc/sys/vm/laptop_mode", "0"),
     'sysctl.action == SYSCTL_WRITE && sysctl.name == "vm/laptop_mode" && sysctl.value == "0" && sysctl.old_value == "0"'
     " && sysctl.value_truncated == false"),
]

MODULE_CASES = [
    ("load_memory", ("init-module", "speed=9 mode=fast"),
     'load_module.loaded_from_memory == true && load_module.args == "speed=9 mode=fast" && load_module.argv == "mode=fast"'
     " && load_module.retval < 0 && load_module.args_truncated == false"),
    ("load_file", ("finit-module", "/bin/true", "x" * 300),
     'load_module.loaded_from_memory == false && load_module.file.name in ["true", "coreutils"]'
     " && load_module.args_truncated == true && load_module.retval < 0"),
    ("unload", ("delete-module", "no_such_module"),
     'unload_module.name == "no_such_module" && unload_module.retval == ENOENT'),
]

def hierarchies():
    """{"cgroup": where one of version 1 is mounted, "cgroup2": ...}"""
    mounts = [line.split()[1:3] for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
    return {kind: pathlib.Path(path) for path, kind in mounts if kind in ("cgroup", "cgroup2") and "cpuset" not in path}


WRITTEN = {kind: path / "vedette-written" for kind, path in hierarchies().items()}
HAS_MODULES = pathlib.Path("/proc/modules").exists()


@pytest.fixture(scope="module")
def watched():
    policies = make_state_dir()
    rules = [{"id": name, "expression": f"{ACT} && {rule}"} for name, _, rule in CASES + MODULE_CASES]
    rules += [{"id": "named_now", "expression": 'exit.comm == "renamed"'},
              {"id": "caps_now", "expression": f"exit.cap_effective == CAP_CHOWN && exit.file.name == \"act\""},
              *({"id": f"written_{kind}",
                 "expression": f'cgroup_write.file.path == "{path}" && cgroup_write.pid > 0'
                               f' && cgroup_write.file.filesystem == "{kind}" && process.file.name != "act"'}
                for kind, path in WRITTEN.items())]
    # JSON is YAML.
    (policies / "process.policy").write_text(json.dumps({"version": "1", "rules": rules}))
    pair = start(policies, probe_settings={"system_probe_config.stream_buffer_size": "256MiB"})
    yield pair
    finish(pair)
    shutil.rmtree(policies)


@pytest.mark.parametrize("name,words", [case[:2] for case in CASES], ids=[case[0] for case in CASES])
def test_event_has_what_the_act_did(watched, name, words):
    facts = act(*words)
    watched.wait_alert(by(name, facts["pid"]))


@pytest.mark.skipif(not HAS_MODULES, reason="NO MODULE TEST RUNS: this kernel has no modules")
@pytest.mark.parametrize("name,words", [case[:2] for case in MODULE_CASES], ids=[case[0] for case in MODULE_CASES])
def test_module_event_has_what_the_act_did(watched, name, words):
    facts = act(*words)
    watched.wait_alert(by(name, facts["pid"]))


def test_group_signal_names_every_receiver(watched):
    facts = act("kill-group", 7)
    wait_for(lambda: len([alert for alert in watched.alerts() if by("kill_group", facts["pid"])(alert)]) == 2, 15,
             "two alerts")


def test_target_in_a_pid_namespace_of_its_own(watched):
    """There the child has a pid that belongs to somebody else outside."""
    facts = act("in-namespaces", "kill-child", "kill", 10)
    assert facts["child"] < 10
    watched.wait_alert(lambda alert: by("kill")(alert)
                       and any(image.get("pid") for image in alert["process"].get("ancestors", [])))


def test_process_has_its_new_name_and_capabilities_afterwards(watched):
    facts = act("in-turn", "prctl-name", "renamed", "--", "exit", 0)
    watched.wait_alert(by("named_now", facts["pid"]))
    facts = act("in-turn", "capset", "0x1", "--", "exit", 0)
    watched.wait_alert(by("caps_now", facts["pid"]))


@pytest.mark.parametrize("kind", ["cgroup", "cgroup2"])
def test_who_writes_a_process_into_a_cgroup(watched, kind):
    if kind not in WRITTEN:
        pytest.skip(f"no {kind} is mounted")
    WRITTEN[kind].mkdir()
    try:
        process = subprocess.Popen(["sh", "-c", f"echo $$ > {WRITTEN[kind]}/cgroup.procs"])
        assert process.wait() == 0
        watched.wait_alert(by(f"written_{kind}", process.pid))
    finally:
        WRITTEN[kind].rmdir()
