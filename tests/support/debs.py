# SPDX-License-Identifier: Apache-2.0
"""The Debian packages of this checkout, for tests that install them."""
import functools
import os
import pathlib
import re
import subprocess

from pair import TOP


def version_here():
    return re.search(r"^  version: '(.*)'", (TOP / "meson.build").read_text(), re.M).group(1)


@functools.cache
def build_debs(version=None):
    """Paths of the packages without debug symbols. VEDETTE_DEBS names a directory that has them already."""
    ready = os.environ.get("VEDETTE_DEBS")
    out = pathlib.Path(ready) if ready else TOP / "build-pkg/tested"
    version = version or version_here()
    if not ready:
        subprocess.run([str(TOP / "dev"), "pkg", "--work-tree", "--no-lintian", "--no-symbols", "--out", str(out),
                        "--version", version], check=True, stdin=subprocess.DEVNULL)
    return sorted(path for path in out.glob(f"vedette*_{version}_*.deb") if "-dbgsym" not in path.name)


def libraries_of(debs):
    """Names of the packages that these depend on: of alternatives the first."""
    found = set()
    for deb in debs:
        depends = subprocess.check_output(["dpkg-deb", "-f", str(deb), "Depends"], text=True)
        found |= {re.split(r"[ (|]", word.strip())[0] for word in depends.split(",") if word.strip()}
    return sorted(name for name in found if not name.startswith("vedette"))
