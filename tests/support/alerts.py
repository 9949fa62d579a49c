# SPDX-License-Identifier: Apache-2.0
"""Reading alerts: paths as the bytes they stand for (docs/adr/0005), and the words tests match on."""
from pair import rule_of


def by(rule, pid=None, path=None):
    """A match function for Pair.wait_alert."""
    def match(alert):
        if rule_of(alert) != rule:
            return False
        if pid is not None and alert.get("process", {}).get("pid") != pid:
            return False
        return path is None or alert.get("file", {}).get("path") == path
    return match


def ancestry(alert):
    """Paths of the acting program and of its ancestors, nearest first."""
    process = alert["process"]
    chain = [process] + process.get("ancestors", [])
    return [image.get("executable", {}).get("path") for image in chain]


def rules(alerts):
    return sorted({rule_of(alert) for alert in alerts})
