# SPDX-License-Identifier: Apache-2.0
"""Completions and manual pages, made from the commands themselves; each is given to the program it is for."""
import re
import shutil
import subprocess

import pytest

PROGRAMS = ["security-agent", "system-probe"]


def make(build, program, *words):
    done = subprocess.run([str(build / program / program), "generate", *words], capture_output=True, text=True,
                          timeout=30, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run(command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, **options)


def commands_of(build, program, path=()):
    """Every command that --help lists, as a tuple of words."""
    done = run([str(build / program / program), *path, "--help"])
    listed = done.stdout.partition("Subcommands:")[2]
    for name in re.findall(r"^  ([a-z][\w-]*)", listed, re.M):
        yield (*path, name)
        yield from commands_of(build, program, (*path, name))


BASH = """
. "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
compopt() { :; }
"$(complete -p "$1" | sed 's/.*-F \\([^ ]*\\).*/\\1/')"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def bash(build, tmp_path_factory):
    directory = tmp_path_factory.mktemp("bash")
    for program in PROGRAMS:
        (directory / program).write_text(make(build, program, "completion", "bash"))

    def complete(*words):
        done = run(["bash", "-euc", BASH, "bash", str(directory / words[0]), *words], cwd=directory)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()
    return complete


def test_bash_offers_commands_options_and_values(bash):
    assert "status" in bash("security-agent", "") and "generate" not in bash("security-agent", "")
    assert bash("security-agent", "sta") == ["start", "status"]
    assert "check" in bash("security-agent", "runtime", "policy", "")
    assert {"--json", "-j", "--set", "--cfgpath"} <= set(bash("security-agent", "status", "-"))
    assert bash("security-agent", "--set", "log_le") == ["log_level="]
    assert bash("security-agent", "config", "get", "security_agent.cmd") == ["security_agent.cmd_port"]
    assert bash("security-agent", "format", "--color", "al") == ["always"]
    assert bash("system-probe", "debug", "process-cache", "--format", "") == ["dot", "json"]
    assert "security-agent" in bash("security-agent", "-c", "security-a"), "files"
    assert "status" in bash("security-agent", "-c", "status", ""), "the value of an option is no command"


@pytest.mark.parametrize("program", PROGRAMS)
def test_bash_knows_every_command_of_help(build, bash, program):
    commands = list(commands_of(build, program))
    assert len(commands) > 5
    for command in commands:
        assert command[-1] in bash(program, *command[:-1], ""), command


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_are_valid(build, tmp_path, program, shell):
    path = tmp_path / "script"
    path.write_text(make(build, program, "completion", shell))
    assert run([shell, "-n", str(path)]).returncode == 0
    if shell == "bash":
        done = run(["shellcheck", "-s", "bash", str(path)]) if shutil.which("shellcheck") else None
        assert not done or done.returncode == 0, done.stdout


def test_fish_completes(build, tmp_path):
    path = tmp_path / "script.fish"
    path.write_text(make(build, "security-agent", "completion", "fish"))

    def complete(line):
        done = run(["fish", "--no-config", "-c", f"source {path}; complete -C '{line}'"],
                   env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})
        assert done.returncode == 0, done.stderr
        return [row.split("\t")[0] for row in done.stdout.splitlines()]
    assert {"start", "status"} <= set(complete("security-agent sta"))
    assert "check" in complete("security-agent runtime policy ")
    assert "status" not in complete("security-agent runtime ")
    assert "status" in complete("security-agent -c status ")
    assert "--json" in complete("security-agent status --")
    assert "security_agent.cmd_port" in complete("security-agent config get security_agent.cmd")


ZSH = """
autoload -Uz compinit; compinit -u -D
_describe() { local kind=$1; shift; print -rl -- "${(P@)1}" }
compadd() { while [[ $1 != -- ]]; do shift; done; shift; print -rl -- "$@" }
_files() { print FILES }
script=$1; shift
words=("$@"); CURRENT=$#
source $script "$@"
"""


def test_zsh_completes(build, tmp_path):
    """Run with stand-ins for the shell's own helpers, which need a terminal."""
    path = tmp_path / "_security-agent"
    path.write_text(make(build, "security-agent", "completion", "zsh"))

    def complete(*words):
        done = run(["zsh", "-fc", ZSH, "zsh", str(path), *words], env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})
        assert done.returncode == 0, done.stderr
        return [row.split(":")[0] for row in done.stdout.splitlines()]
    assert {"start", "status"} <= set(complete("security-agent", ""))
    assert "check" in complete("security-agent", "runtime", "policy", "")
    assert "--json" in complete("security-agent", "status", "-")
    assert "always" in complete("security-agent", "format", "--color", "")
    assert complete("security-agent", "-c", "") == ["FILES"]
    assert "status" in complete("security-agent", "-c", "status", "")


@pytest.mark.parametrize("program,words", [*((program, ("man",)) for program in PROGRAMS),
                                           ("security-agent", ("settings-man",))])
def test_manual_pages_are_clean(build, tmp_path, program, words):
    page = make(build, program, *words)
    path = tmp_path / ("page.8" if words == ("man",) else "page.5")
    path.write_text(page)
    done = run(["man", "--warnings", "-l", str(path)], env={"MANPAGER": "cat", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"})
    assert done.returncode == 0 and not done.stderr, done.stderr
    done = run(["mandoc", "-Tlint", "-Wwarning", str(path)])
    assert done.returncode == 0, done.stdout + done.stderr
    text = run(["mandoc", "-Tascii", str(path)]).stdout
    text = re.sub(r".\x08", "", text)
    if words == ("man",):
        assert "EXIT STATUS" in text
        for command in commands_of(build, program):
            assert command[-1] in text
    else:
        assert "security_agent.cmd_port" in text and "VEDETTE_LOG_LEVEL" in text
