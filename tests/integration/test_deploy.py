# SPDX-License-Identifier: Apache-2.0
"""The units say what they must; generated pages are what their sources say."""
import configparser

import pytest
from pair import TOP

SYSTEMD = TOP / "deploy/systemd"


def test_the_field_reference_is_what_proto_says(build):
    made = build / "proto/generator/fields.md"
    assert made.read_text() == (TOP / "docs/reference/fields.md").read_text(), "run ./dev doc"


@pytest.mark.parametrize("name", ["system-probe", "security-agent"])
def test_units_are_hardened(name):
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(SYSTEMD / f"{name}.service")
    service = unit["Service"]
    assert service["Type"] == "notify" and service["Restart"] == "always" and int(service["WatchdogSec"]) > 0
    for key in ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectKernelModules", "RestrictNamespaces",
                "LockPersonality", "MemoryDenyWriteExecute", "RestrictSUIDSGID"):
        assert service[key] == "yes", key
    assert service["ProtectSystem"] == "strict"
    assert "CAP_SYS_ADMIN" not in service["CapabilityBoundingSet"]
    if name == "security-agent":
        assert service["CapabilityBoundingSet"] == "" and service["User"] == "vedette"
