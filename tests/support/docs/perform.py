# SPDX-License-Identifier: Apache-2.0
"""perform.py OUT.json: runs the documents' commands where as_installed has put the pair, and writes what came of each.

The commands of one page share a shell and an empty directory, in the order of the page; policies are the default ones
again for each page. What is written: {"PAGE:LINE": {"commands": [{"command", "output", "code"}], "note"}}.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import blocks
import transcript

POLICIES = pathlib.Path("/etc/vedette/runtime-security.d")
PRISTINE = pathlib.Path("/root/policies")
# Seconds that one command may take, and what it prints may be waited for.
LIMIT = 30


class Shell:
    """One bash: commands one after the other, each with its output in a file and its exit code on a pipe."""

    def __init__(self, directory):
        self.output = directory.with_suffix(".output")
        read, write = os.pipe()
        self.codes = os.fdopen(read, "rb", buffering=0)
        self.process = subprocess.Popen(["bash", "--norc"], cwd=directory, stdin=subprocess.PIPE, text=True,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=[write],
                                        env={**os.environ, "HOME": str(directory)},
                                        # Ctrl-C must reach a command also where this was started in the background.
                                        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        self.write = write
        os.set_blocking(read, False)

    def run(self, command, until=None):
        """{"command", "output", "code"}; with `until` it is interrupted (Ctrl-C) once until(lines) is true."""
        script = command + "\n"
        self.process.stdin.write(
            f"{{ eval {quoted(script)}; }} > {self.output} 2>&1 < /dev/null; echo $? >&{self.write}\n")
        self.process.stdin.flush()
        end, code, late, interrupted = time.monotonic() + LIMIT, "", "", False
        while not code.endswith("\n"):
            if self.process.poll() is not None:
                code = f"the shell ended with {self.process.returncode}"
                break
            if until and not interrupted and until(self.lines()):
                self.interrupt()
                interrupted = True
            if time.monotonic() > end:
                self.interrupt(signal.SIGKILL)
                late = f"not what was awaited, or no end, within {LIMIT} s: "
                time.sleep(0.1)
            code += (self.codes.read() or b"").decode()
            time.sleep(0.01)
        return {"command": command, "output": self.lines(), "code": late + code.strip()}

    def lines(self):
        try:
            return self.output.read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return []

    def interrupt(self, how=signal.SIGINT):
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True)
        for pid in children.stdout.split():
            os.kill(int(pid), how)

    def close(self):
        self.process.stdin.close()
        self.process.wait(LIMIT)
        self.codes.close()
        os.close(self.write)


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def perform(block, shell, directory):
    if "file" in block.notes:
        path = directory / block.notes["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text)
    if block.language == "console" and block.runs:
        return [shell.run(command, (lambda lines, wanted=wanted: not transcript.difference(wanted, lines, follows=True))
                          if interrupted else None)
                for command, wanted, interrupted in block.commands()]
    if block.language == "sh" and block.runs:
        return [shell.run(f"set -e\n{block.text}\nset +e")]
    if block.is_checked:
        return check_yaml(block, shell, directory)
    return []


def check_yaml(block, shell, directory):
    """Policies compile, lone expressions as rules; settings are taken. Anything else was parsed by the test."""
    keys = set(re.findall(r"^(\w+):", block.text, re.M))
    path = directory.with_suffix(".checked")
    if keys & {"rules", "macros"}:
        path.write_text(block.text)
    elif keys == {"expression"}:
        path.write_text("rules:\n  - id: checked\n" + "".join(f"    {line}\n" for line in block.text.splitlines()))
    elif keys & {"runtime_security_config", "system_probe_config", "security_agent", "outputs", "log_level",
                 "container_runtimes", "event_monitoring_config", "scrubber", "telemetry", "log_file"}:
        path.write_text(block.text)
        return [shell.run(f"system-probe config -c {path} > /dev/null")]
    else:
        return []
    return [shell.run(f"security-agent runtime policy check --file {path}")]


def restore_policies():
    if not subprocess.run(["diff", "-r", PRISTINE, POLICIES], capture_output=True).returncode:
        return
    shutil.rmtree(POLICIES)
    shutil.copytree(PRISTINE, POLICIES)
    subprocess.run(["security-agent", "runtime", "policy", "reload"], check=True, capture_output=True, timeout=LIMIT)


def main():
    shutil.copytree(POLICIES, PRISTINE)
    results = {}
    for page in blocks.documents():
        if len(sys.argv) > 2 and page not in sys.argv[2:]:
            continue
        restore_policies()
        directory = pathlib.Path(tempfile.mkdtemp(prefix=pathlib.Path(page).stem + "."))
        shell = Shell(directory)
        for block in blocks.blocks_of(page):
            results[block.place] = perform(block, shell, directory)
        shell.close()
    pathlib.Path(sys.argv[1]).write_text(json.dumps(results))


if __name__ == "__main__":
    main()
