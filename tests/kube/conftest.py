# SPDX-License-Identifier: Apache-2.0
"""The node of ./dev kube, with images of this build on it. Without one, nothing here runs."""
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest
from containers import PODMAN_CONF
from pair import TOP

HERE = pathlib.Path(__file__).resolve().parent


def pytest_collection_modifyitems(items):
    # A kubelet takes its time: up to a minute until a pod that has ended is gone.
    for item in items:
        if HERE in pathlib.Path(str(item.fspath)).parents:
            item.add_marker(pytest.mark.timeout(900))
    if "NODE_DIR" not in os.environ:
        for item in items:
            if HERE in pathlib.Path(str(item.fspath)).parents:
                item.add_marker(pytest.mark.skip(reason="NO KUBERNETES HERE: ./dev kube makes one and runs this"))


@pytest.fixture(scope="session")
def cluster(build):
    """The cluster, with our images and one for the pods that are watched."""
    from cluster import Cluster  # pylint: disable=import-outside-toplevel
    import_images(build)
    return Cluster()


def import_images(build):
    """By ./dev image, with a store of Podman's of our own."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="vedette-images.", dir="/tmp"))
    try:
        (work / "containers.conf").write_text(PODMAN_CONF)
        (work / "storage.conf").write_text(
            f'[storage]\ndriver = "overlay"\ngraphroot = "{work}/lib"\nrunroot = "{work}/run"\n')
        environment = {**os.environ, "CONTAINERS_CONF": f"{work}/containers.conf",
                       "CONTAINERS_STORAGE_CONF": f"{work}/storage.conf"}
        done = subprocess.run([str(TOP / "dev"), "image", "--build", str(build), "--save", str(work / "out")],
                              env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300,
                              check=False)
        assert done.returncode == 0, done.stderr
        for archive in (work / "out").iterdir():
            subprocess.run(["ctr", "-n", "k8s.io", "images", "import", str(archive)], check=True, capture_output=True,
                           timeout=120)
        subprocess.run([str(TOP / "tests/support/kube/images"), "localhost/lab:1.2", "/bin/sleep", "1000"], check=True)
    finally:
        subprocess.run(["umount", "-l", f"{work}/lib/overlay"], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(work, ignore_errors=True)
