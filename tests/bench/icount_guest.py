# SPDX-License-Identifier: Apache-2.0
"""Runs in the virtual machine of icount.py: the workload alone and beside the pair, by backend; one line of JSON."""
import contextlib
import json
import pathlib
import sys
import time

sys.dont_write_bytecode = True
import measure  # noqa: E402

measure.MEMORY_DIR = pathlib.Path("/run")
LOADS = {"getpids": 5000, "opens": 500, "creates": 100, "connects": 100, "execs": 10}
ROUNDS = 5


def loads():
    """{load: instructions of an operation}, in the tasks of the workload alone: the pair's own are no part of it."""
    return {load: measure.workload(load, count, ROUNDS)["cpu_ns_per_op"] for load, count in LOADS.items()}


@contextlib.contextmanager
def pair(policy, backend):
    """Everything takes its time here, a start too."""
    with measure.policy_dir(policy) as directory:
        running = measure.Pair("/run/vedette-icount", policies_dir=directory, build_dir=measure.BUILD,
                               agent_settings=measure.UNLIMITED,
                               probe_settings={"system_probe_config.backend": backend})
        try:
            running.start(timeout=240)
            yield running
        finally:
            running.stop()


def backends(running):
    """{event type: backend} of what is attached"""
    return {hook["eventType"]: hook.get("backend", "") for hook in running.status()["probe"]["hooks"]
            if hook.get("attached")}


def main():
    found = {"off": loads(), "backends": {}}
    for backend in sys.argv[1:]:
        for name, policy in (("default", None), ("exec-only", measure.EXEC_ONLY)):
            with pair(policy, backend) as running:
                time.sleep(1)
                found[f"{backend}.{name}"] = loads()
                found["backends"][f"{backend}.{name}"] = backends(running)
    found["off again"] = loads()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
