# SPDX-License-Identifier: Apache-2.0
"""The Debian packages of this checkout, for tests that install them."""
import functools
import os
import pathlib
import re
import subprocess

from pair import TOP


@functools.cache
def build_debs(version=None):
    """Paths of the packages without debug symbols. VEDETTE_DEBS names a directory that has them already."""
    ready = os.environ.get("VEDETTE_DEBS")
    out = pathlib.Path(ready) if ready else TOP / "build-pkg/tested"
    if not ready:
        command = [str(TOP / "dev"), "pkg", "--work-tree", "--no-lintian", "--no-symbols", "--out", str(out)]
        subprocess.run(command + (["--version", version] if version else []), check=True, stdin=subprocess.DEVNULL)
    wanted = f"_{version}_" if version else "_"
    return sorted(path for path in out.glob("vedette*.deb") if "-dbgsym" not in path.name and wanted in path.name)


def libraries_of(debs):
    """Names of the packages that these depend on: of alternatives the first."""
    found = set()
    for deb in debs:
        depends = subprocess.check_output(["dpkg-deb", "-f", str(deb), "Depends"], text=True)
        found |= {re.split(r"[ (|]", word.strip())[0] for word in depends.split(",") if word.strip()}
    return sorted(name for name in found if not name.startswith("vedette"))
