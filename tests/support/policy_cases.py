# SPDX-License-Identifier: Apache-2.0
"""Each default rule by an act that must raise it and one, as similar as can be, that must not.

The acts are shell scripts. They run in a stage of their own: private mounts (a copy of /etc in memory, empty /root,
/tmp and /var/spool) and a network namespace without a way out, so that nothing of this machine changes and no packet
leaves it.
"""
import pathlib
import subprocess
import tempfile
import uuid

STAGE = r"""
set -e
script=$1; shift
work=$(mktemp -d /dev/shm/vedette-stage.XXXXXX)
mount -t tmpfs stage "$work"
mkdir "$work/upper" "$work/work"
mount -t overlay -o "lowerdir=/etc,upperdir=$work/upper,workdir=$work/work" etc /etc
for dir in /root /tmp /var/tmp; do mount -t tmpfs stage $dir; done
mkdir -p /etc/cron.d /etc/sudoers.d /etc/systemd/system /root/.ssh
export HOME=/root
cd /tmp
status=0
sh "$script" "$@" || status=$?
umount "$work" 2> /dev/null || umount -l "$work"
rmdir "$work"
exit $status
"""

# Runs its words as a package manager: a shell that is mounted over dpkg.
AS_DPKG = "mount --bind /bin/dash /usr/bin/dpkg && /usr/bin/dpkg -c"

CASES = {
    "credential_shadow_read": ("cat /etc/shadow > /dev/null",
                               "passwd -S root > /dev/null; cat /etc/passwd > /dev/null"),
    "credential_private_key_read": (
        "touch /root/.ssh/id_ed25519; cat /root/.ssh/id_ed25519",
        "touch /root/.ssh/id_ed25519.pub; cat /root/.ssh/id_ed25519.pub"),
    "account_database_change": (": >> /etc/group", "cat /etc/group > /dev/null; " + AS_DPKG + " ': >> /etc/group'"),
    "sudoers_change": ("echo > /etc/sudoers.d/new", "ls /etc/sudoers.d; " + AS_DPKG + " 'echo > /etc/sudoers.d/new'"),
    "cron_change": ("echo > /etc/cron.d/job", "ls /etc/cron.d; " + AS_DPKG + " 'echo > /etc/cron.d/job; "
                    "cp /etc/hostname /etc/cron.d/other'"),
    "systemd_unit_change": ("echo > /etc/systemd/system/new.service",
                            "ls /etc/systemd/system; " + AS_DPKG + " 'echo > /etc/systemd/system/new.service'"),
    "ssh_authorized_keys_change": ("echo key >> /root/.ssh/authorized_keys", "cat /root/.ssh/authorized_keys || true"),
    "linker_preload_change": ("echo > /etc/ld.so.preload", "cat /etc/ld.so.preload || true"),
    "linker_environment": ("LD_PRELOAD=/tmp/evil.so /bin/true", "LD_PRELOAD=libm.so.6 /bin/true"),
    "exec_from_temporary": ("cp /bin/true /tmp/dropped; /tmp/dropped", "cp /bin/true /root/dropped; /root/dropped"),
    "exec_fileless": (
        "/usr/bin/python3 -c 'import os, shutil; fd = os.memfd_create(\"stage2\"); "
        "os.write(fd, open(\"/bin/true\", \"rb\").read()); os.execve(fd, [\"x\"], {})'",
        "/bin/true"),
    "service_spawned_shell": ("cp /bin/dash /root/nginx; /root/nginx -c 'sh -c true; :'",
                              "cp /bin/dash /root/ordinary; /root/ordinary -c 'sh -c true; :'"),
    "reverse_shell": ("bash -c ': # >& /dev/tcp/192.0.2.1/4444'; "
                      "/usr/bin/python3 -c '0 # socket connect dup2'", "bash -c ': # > /dev/null'"),
    "root_by_interpreter": (
        "setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps +setuid --ambient-caps +setuid "
        "/usr/bin/python3 -c 'import os; os.setuid(0)'",
        "/usr/bin/python3 -c 'import os; os.setresuid(0, 0, 0); os.setuid(65534)'"),
    "kernel_module_tool": ("bash -c 'exec -a insmod kmod /nonexistent.ko' || true", "kmod list > /dev/null || true"),
    "cloud_metadata_connect": (
        "/usr/bin/python3 -c 'import socket; socket.socket().connect_ex((\"169.254.169.254\", 80))'",
        "/usr/bin/python3 -c 'import socket; socket.socket().connect_ex((\"169.254.1.1\", 80))'"),
    "crypto_miner_connect": (
        "/usr/bin/python3 -c 'import socket; socket.socket().connect_ex((\"1.1.1.1\", 3333))'",
        "/usr/bin/python3 -c 'import socket; socket.socket().connect_ex((\"10.1.1.1\", 3333)); "
        "socket.socket().connect_ex((\"1.1.1.1\", 443))'"),
    "crypto_miner_arguments": ("/bin/true --donate-level 1", "/bin/true --level 1"),
    "history_tampering": ("HISTSIZE=0 /bin/true", "HISTSIZE=1000 /bin/true"),
    "history_truncated": ("touch /root/.bash_history; cp /dev/null /root/.bash_history",
                          "touch /root/.bash_history; cat /root/.bash_history"),
}


def perform(script):
    """Runs a script in the stage. Returns a word that stands in the arguments of an ancestor of all it did."""
    marker = f"vedette-case-{uuid.uuid4().hex}"
    # Not in /tmp, which is empty on the stage.
    with tempfile.TemporaryDirectory(prefix="vedette-case.", dir="/run") as place:
        stage = pathlib.Path(place) / "stage.sh"
        case = pathlib.Path(place) / "case.sh"
        stage.write_text(STAGE)
        case.write_text(f"set -e\n{script}\n")
        done = subprocess.run(["unshare", "--mount", "--net", "--propagation", "private", "sh", str(stage), str(case),
                               marker], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{script}: exit code {done.returncode}: {done.stderr}"
    return marker


def descends_from(alert, marker):
    process = alert.get("process", {})
    return any(marker in image.get("args", []) for image in [process, *process.get("ancestors", [])])
