#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What is in our packages and what they need, as CycloneDX 1.5: sbom.py VERSION PACKAGE.deb... > FILE.cdx.json

Our packages and programs, the BPF object inside the probe, what was compiled in from headers, and every shared library
that a program is linked with, as the Debian package that has it here, where it was built. The same packages give the
same file: its date is the changelog's (SOURCE_DATE_EPOCH), its number made of the content.
"""
import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.parse
import uuid

# Header-only, or compiled into our programs from headers; by the Debian package that has them.
COMPILED_IN = ["libboost1.81-dev", "libcli11-dev", "libexpected-dev", "libbpf-dev", "linux-libc-dev"]
APACHE = [{"license": {"id": "Apache-2.0"}}]


def run(*command):
    return subprocess.check_output(command, text=True)


def distribution():
    facts = dict(line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line)
    return f'{facts["ID"]}-{facts["VERSION_ID"]}'.replace('"', "")


def debian_component(name):
    """A package as it is installed here."""
    version, architecture, source, source_version = run(
        "dpkg-query", "-W", "-f", "${Version}\t${Architecture}\t${source:Package}\t${source:Version}", name).split("\t")
    purl = (f"pkg:deb/debian/{urllib.parse.quote(name)}@{urllib.parse.quote(version)}"
            f"?arch={architecture}&distro={distribution()}")
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
            "properties": [{"name": "debian:source", "value": f"{source} {source_version}"}]}


def hashes(data):
    return [{"alg": "SHA-256", "content": hashlib.sha256(data).hexdigest()}]


def libraries(program):
    """Names of the packages whose shared libraries the program names itself: what they need in turn is theirs to say."""
    needed = re.findall(r"NEEDED\s+(\S+)", run("objdump", "-p", str(program)))
    paths = dict(re.findall(r"^\t(\S+) => (\S+)", run("ldd", str(program)), re.M))
    found = set()
    for library in needed:
        path = os.path.realpath(paths.get(library, f"/lib64/{library}"))
        candidates = [path, path.removeprefix("/usr")]
        done = subprocess.run(["dpkg-query", "-S", *candidates], capture_output=True, text=True)
        found.add(done.stdout.split(":")[0])
    return sorted(found)


def describe(version, debs):
    components, dependencies = {}, {}

    def add(component, needs=()):
        components[component["bom-ref"]] = component
        dependencies[component["bom-ref"]] = sorted(needs)
        return component["bom-ref"]

    headers = [add(debian_component(name)) for name in COMPILED_IN]
    for component in (components[ref] for ref in headers):
        component["properties"].append({"name": "vedette:linked", "value": "compiled in"})
    roots = []
    for deb in debs:
        name, architecture, depends = (run("dpkg-deb", "-f", str(deb), field).strip()
                                       for field in ("Package", "Architecture", "Depends"))
        needs = []
        with tempfile.TemporaryDirectory() as place:
            subprocess.run(["dpkg-deb", "-x", str(deb), place], check=True)
            for program in sorted(pathlib.Path(place, "usr/bin").glob("*")):
                inside = [add(debian_component(library)) for library in libraries(program)] + headers[:3]
                if program.name == "system-probe":
                    inside.append(add({"type": "library", "bom-ref": f"vedette-bpf@{version}", "name": "vedette-bpf",
                                       "version": version, "description": "the BPF programs inside system-probe",
                                       "licenses": [{"expression": "GPL-2.0-only OR BSD-2-Clause"}]}, headers[3:]))
                needs.append(add({"type": "application", "bom-ref": f"{program.name}@{version}", "name": program.name,
                                  "version": version, "hashes": hashes(program.read_bytes()), "licenses": APACHE},
                                 inside))
        purl = f"pkg:deb/{name}@{urllib.parse.quote(version)}?arch={architecture}&distro={distribution()}"
        roots.append(add({"type": "application", "bom-ref": purl, "name": name, "version": version, "purl": purl,
                          "hashes": hashes(deb.read_bytes()), "licenses": APACHE,
                          "properties": [{"name": "debian:depends", "value": depends}]}, needs))
    when = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    root = f"vedette@{version}"
    content = [components[ref] for ref in sorted(components)]
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(content, sort_keys=True))}",
        "metadata": {"timestamp": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
                     "tools": {"components": [{"type": "application", "name": "tools/dev/sbom.py"}]},
                     "component": {"type": "application", "bom-ref": root, "name": "vedette", "version": version,
                                   "licenses": APACHE}},
        "components": content,
        "dependencies": [{"ref": root, "dependsOn": sorted(roots)},
                         *({"ref": ref, "dependsOn": dependencies[ref]} for ref in sorted(dependencies))]}


json.dump(describe(sys.argv[1], [pathlib.Path(word) for word in sys.argv[2:]]), sys.stdout, indent=1)
print()
