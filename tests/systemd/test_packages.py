# SPDX-License-Identifier: Apache-2.0
"""What is in the Debian packages, and what is said of them, without installing them."""
import json
import re
import subprocess

import pytest
from debs import build_debs, version_here


@pytest.fixture(scope="module")
def debs():
    """{name: path}"""
    return {path.name.split("_")[0]: path for path in build_debs()}


@pytest.fixture(scope="module")
def sbom(debs):
    return json.loads(next(debs["vedette"].parent.glob(f"*_{version_here()}.cdx.json")).read_text())


def field(deb, name):
    return subprocess.check_output(["dpkg-deb", "-f", str(deb), name], text=True).strip()


def test_three_packages_of_one_version(debs):
    assert set(debs) == {"vedette", "vedette-system-probe", "vedette-security-agent"}
    assert len({field(deb, "Version") for deb in debs.values()}) == 1
    version = field(debs["vedette"], "Version")
    assert f"vedette-system-probe (= {version})" in field(debs["vedette"], "Depends")


def test_lintian_has_nothing_to_say(debs):
    done = subprocess.run(["lintian", "--allow-root", "--display-info", "--fail-on", "error,warning,info",
                           *map(str, debs.values())], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_writable_setuid_or_somebody_s(debs):
    for deb in debs.values():
        for line in subprocess.check_output(["dpkg-deb", "-c", str(deb)], text=True).splitlines():
            mode, owner = line.split()[:2]
            assert owner == "root/root", line
            assert mode[0] in "-dl" and "s" not in mode and "t" not in mode, line
            assert mode[5] != "w" and mode[8] != "w" or mode[0] == "l", line


def test_settings_rules_and_log_rotation_are_conffiles(debs):
    listed = subprocess.check_output(["dpkg-deb", "-I", str(debs["vedette-security-agent"]), "conffiles"], text=True)
    assert set(listed.split()) == {"/etc/vedette/vedette.yaml", "/etc/vedette/runtime-security.d/default.policy",
                                   "/etc/logrotate.d/vedette-security-agent"}


def test_sbom_has_the_shape_of_cyclonedx(sbom, debs):
    assert (sbom["bomFormat"], sbom["specVersion"], sbom["version"]) == ("CycloneDX", "1.5", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", sbom["serialNumber"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", sbom["metadata"]["timestamp"])
    refs = [component["bom-ref"] for component in sbom["components"]] + [sbom["metadata"]["component"]["bom-ref"]]
    assert len(refs) == len(set(refs))
    for component in sbom["components"]:
        assert component["type"] in ("application", "library") and component["name"] and component["version"]
        if "purl" in component:
            assert re.fullmatch(r"pkg:deb(/debian)?/[A-Za-z0-9.%+-]+@[^?@]+\?arch=[a-z0-9]+&distro=[a-z]+-\d+",
                                component["purl"])
        for found in component.get("hashes", []):
            assert found["alg"] == "SHA-256" and re.fullmatch(r"[0-9a-f]{64}", found["content"])
        for licence in component.get("licenses", []):
            assert ("license" in licence) != ("expression" in licence)
    assert {entry["ref"] for entry in sbom["dependencies"]} == set(refs)
    assert {ref for entry in sbom["dependencies"] for ref in entry["dependsOn"]} <= set(refs)


def test_sbom_names_every_library_that_a_package_depends_on(sbom, debs):
    versions = {component["name"]: component["version"] for component in sbom["components"]}
    for name, deb in debs.items():
        assert versions[name] == field(deb, "Version")
        for word in field(deb, "Depends").split(","):
            library = word.split()[0]
            # "libspdlog1.10-fmt9" is another name of libspdlog1.10, and systemd is no library.
            if library.startswith("lib") and not library.endswith("-fmt9"):
                installed = subprocess.check_output(["dpkg-query", "-W", "-f", "${Version}", library], text=True)
                assert versions[library] == installed, library
    assert "vedette-bpf" in versions and "libcli11-dev" in versions


def test_sbom_has_the_hash_of_each_package(sbom, debs):
    hashes = {component["name"]: component["hashes"][0]["content"] for component in sbom["components"]
              if component.get("hashes")}
    for name, deb in debs.items():
        assert subprocess.check_output(["sha256sum", str(deb)], text=True).split()[0] == hashes[name]
