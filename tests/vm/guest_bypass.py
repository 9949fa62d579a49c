# SPDX-License-Identifier: Apache-2.0
"""Runs in the virtual machine: performs every known bypass, prints which were seen as one line of JSON."""
import json
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / place) for place in ("support", "support/vm", "live/bypass")]
from cases import CASES  # noqa: E402
from pair import Pair, PairError, rule_of  # noqa: E402
from suite import Stage, rule_id, seen  # noqa: E402
from standing import tell_when_late  # noqa: E402

UNLIMITED = {"runtime_security_config.event_server.burst": 1000000, "runtime_security_config.event_server.rate": 1000000}


def main():
    state = pathlib.Path("/run/vedette-vm")
    tell_when_late(state, 580)
    policies = state / "policies.d"
    policies.mkdir(parents=True)
    stage = Stage("/run/bypass")
    (policies / "bypass.policy").write_text(stage.policy())
    pair = Pair(state, policies_dir=policies, agent_settings=UNLIMITED).start(timeout=150)
    facts, failed = {}, {}
    for case in CASES:
        try:
            facts[case.number] = stage.perform(case, pair)
        except (AssertionError, OSError) as error:
            failed[case.number] = str(error)
    stage.pass_barrier(pair)
    result = {}
    for case in CASES:
        if case.number in failed:
            result[case.number] = failed[case.number]
            continue
        try:
            seen(case, pair, facts[case.number], timeout=1)
            result[case.number] = "seen"
        except PairError:
            result[case.number] = "unseen"
    hooks = {hook["eventType"]: hook["backend"] for hook in pair.status()["probe"]["hooks"]}
    pair.stop()
    print(json.dumps({"result": result, "backend": hooks}))


if __name__ == "__main__":
    main()
