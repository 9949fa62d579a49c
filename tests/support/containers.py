# SPDX-License-Identifier: Apache-2.0
"""Real container runtimes for tests, each in a directory of its own: Podman with its API, containerd with its CRI.

Nothing is downloaded: the image is Debian's static busybox. Needs root. `problem()` of a class says what is missing.
"""
import contextlib
import hashlib
import io
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tarfile
import tempfile

from pair import wait_for

BUSYBOX = "/bin/busybox"
APPLETS = ("sh", "sleep", "true", "cat", "touch")
# No CAP_SYS_RESOURCE in the lab: limits as they are.
PODMAN_CONF = """[engine]
runtime="runc"
cgroup_manager="cgroupfs"
events_logger="file"
[containers]
default_ulimits=["nofile=1024:20000","nproc=1000:1000"]
"""
CONTAINERD_CONF = """version = 2
root = "{root}/lib"
state = "{root}/run"
[grpc]
  address = "{root}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    conf_dir = "{root}/cni"
"""


def missing(*programs):
    absent = [name for name in programs if not shutil.which(name) and not os.path.exists(name)]
    return f"not installed: {', '.join(absent)}" if absent else ""


def make_directory():
    """Sockets below it keep within 108 bytes."""
    return pathlib.Path(tempfile.mkdtemp(prefix="vedette-ct.", dir="/tmp"))


def write_root(path):
    """A root file system with busybox, as a tar file."""
    with tarfile.open(path, "w") as tar:
        tar.add(BUSYBOX, "bin/busybox")
        for name in APPLETS:
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)


def write_image(path, layer, name, command):
    """An archive as `docker save` makes it, of one layer."""
    config = {"architecture": "amd64", "os": "linux", "config": {"Cmd": command, "Env": ["PATH=/bin"]},
              "rootfs": {"type": "layers", "diff_ids": [f"sha256:{sha256(layer)}"]}}
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    with tarfile.open(path, "w") as tar:
        for part, content in (("manifest.json", manifest), ("config.json", config)):
            data = json.dumps(content).encode()
            entry = tarfile.TarInfo(part)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
        tar.add(layer, "layer.tar")


def end(process):
    if process and process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Podman:
    """Podman with storage of its own, and its API on `socket` while serving."""

    IMAGE = "localhost/lab:1.2"

    @staticmethod
    def problem():
        return missing("podman", "runc", BUSYBOX)

    def __init__(self):
        self.root = make_directory()
        self.socket = self.root / "podman.sock"
        self.service = None
        (self.root / "containers.conf").write_text(PODMAN_CONF)
        write_root(self.root / "root.tar")
        self("import", str(self.root / "root.tar"), self.IMAGE)

    def __call__(self, *words):
        """Output of `podman WORDS...`."""
        run = subprocess.run(self._command(*words), env=self._env(), stdin=subprocess.DEVNULL, capture_output=True,
                             text=True, timeout=60)
        assert run.returncode == 0, f"podman {words}: {run.stderr}"
        return run.stdout.strip()

    def _command(self, *words):
        return ["podman", "--root", f"{self.root}/lib", "--runroot", f"{self.root}/run", "--log-level", "error", *words]

    def _env(self):
        return {"PATH": os.environ["PATH"], "HOME": str(self.root), "CONTAINERS_CONF": f"{self.root}/containers.conf"}

    def serve(self):
        with open(self.root / "service.log", "ab") as log:
            self.service = subprocess.Popen(self._command("system", "service", "--time=0", f"unix://{self.socket}"),
                                            env=self._env(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(self.socket.is_socket, 20, "podman's API")

    def stop_serving(self):
        end(self.service)
        self.socket.unlink(missing_ok=True)

    def close(self):
        with contextlib.suppress(AssertionError):
            self("rm", "-f", "-t", "0", "-a")
            self("pod", "rm", "-f", "-a")
        self.stop_serving()
        subprocess.run(["umount", "-l", f"{self.root}/lib/overlay"], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(self.root, ignore_errors=True)


def field(number, value):
    """One field of a protobuf message: text, bytes, a number, or a message given as a list of fields."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else b"".join(value) if isinstance(value, list) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def varint(value):
    out = bytearray()
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def first_text(message):
    """Text of field 1, when that is the first: an id."""
    assert message[:1] == b"\x0a", message
    return message[2:2 + message[1]].decode()


def entries(number, labels):
    return [field(number, [field(1, key), field(2, value)]) for key, value in labels.items()]


class Containerd:
    """containerd with CRI, and what a kubelet would ask of it."""

    IMAGE = "localhost/lab:1.2"
    NODE = 2  # namespace mode: the host's

    @staticmethod
    def problem():
        try:
            import grpc  # noqa: F401  pylint: disable=unused-import,import-outside-toplevel
        except ImportError:
            return "not installed: python3-grpcio"
        return missing("containerd", "ctr", "runc", "podman", BUSYBOX)

    def __init__(self):
        self.root = make_directory()
        self.socket = self.root / "containerd.sock"
        self.sandboxes = []
        (self.root / "config.toml").write_text(CONTAINERD_CONF.format(root=self.root))
        self.daemon = None
        self.start()
        self._import_images()

    def start(self):
        with open(self.root / "containerd.log", "ab") as log:
            self.daemon = subprocess.Popen(["containerd", "-c", str(self.root / "config.toml")],
                                           stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(self._answers, 30, "containerd")

    def stop(self):
        end(self.daemon)

    def _answers(self):
        with contextlib.suppress(Exception):
            return bool(self.call("Version", b""))
        return False

    def _import_images(self):
        write_root(self.root / "layer.tar")
        for name, command in ((self.IMAGE, ["true"]), ("localhost/pause:1", ["/bin/sleep", "1000"])):
            archive = self.root / "image.tar"
            write_image(archive, self.root / "layer.tar", name, command)
            subprocess.run(["ctr", "-a", str(self.socket), "-n", "k8s.io", "images", "import", str(archive)],
                           stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=60)

    def call(self, method, message):
        import grpc  # pylint: disable=import-outside-toplevel
        options = [("grpc.default_authority", "localhost")]
        with grpc.insecure_channel(f"unix:{self.socket}", options=options) as channel:
            return channel.unary_unary(f"/runtime.v1.RuntimeService/{method}")(message, timeout=30)

    def _sandbox_config(self, name, namespace, uid, labels):
        modes = [field(1, self.NODE), field(2, 1), field(3, 0)]
        security = [field(1, modes)]
        linux = [field(1, f"/kubepods/besteffort/pod{uid}"), field(2, security)]
        return [field(1, [field(1, name), field(2, uid), field(3, namespace)]), field(3, str(self.root / "logs")),
                *entries(6, labels), field(8, linux)]

    def run_pod(self, name, namespace, uid, labels):
        """(sandbox id, its configuration for containers)"""
        config = self._sandbox_config(name, namespace, uid, labels)
        sandbox = first_text(self.call("RunPodSandbox", field(1, config)))
        self.sandboxes.append(sandbox)
        return sandbox, config

    def run_container(self, pod, name, command, labels):
        """Its id, before it is started by start_container()."""
        sandbox, sandbox_config = pod
        security = [field(3, [field(1, self.NODE), field(2, 1), field(3, 0)])]
        config = [field(1, [field(1, name)]), field(2, [field(1, self.IMAGE)]),
                  *[field(3, word) for word in command], *entries(9, labels), field(15, [field(2, security)])]
        request = field(1, sandbox) + field(2, config) + field(3, sandbox_config)
        return first_text(self.call("CreateContainer", request))

    def start_container(self, container):
        self.call("StartContainer", field(1, container))

    def remove_pod(self, sandbox):
        self.call("StopPodSandbox", field(1, sandbox))
        self.call("RemovePodSandbox", field(1, sandbox))
        self.sandboxes.remove(sandbox)

    def close(self):
        for sandbox in list(self.sandboxes):
            with contextlib.suppress(Exception):
                self.remove_pod(sandbox)
        self.stop()
        for line in pathlib.Path("/proc/mounts").read_text().splitlines():
            if f" {self.root}/" in line:
                subprocess.run(["umount", "-l", line.split()[1]], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(self.root, ignore_errors=True)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
