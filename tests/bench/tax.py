# SPDX-License-Identifier: Apache-2.0
"""How much slower the work of others becomes: every load with the pair off and on.

"Off" means that neither process runs. A pair of measurements is one of each, back to back, the order changed every
time, so that what else the machine does falls on both. The workload has one CPU, the pair another, files are in memory:
what is left is the time that the kernel spends on us within the system calls of others, and what sharing a machine costs.
"""
import json
import shutil
import subprocess
import tempfile
import time

import measure

# load -> operations of a round; five rounds are a measurement
LOADS = {"getpids": 300000, "opens": 20000, "creates": 3000, "connects": 2500, "execs": 120, "mixed": 1500}
ROUNDS = 5
PAIRS = 9
# A build of parts of this project: the sources, without ccache.
BUILD_SOURCES = ["common/os/fd.cpp", "common/version.cpp"]
BUILD_PAIRS = 5


def configurations():
    """name -> (policy text, settings of the probe), made when it is needed"""
    return {"default": lambda: (None, {}),
            "default-unfiltered": lambda: (None, measure.NO_FILTERS),
            "none": lambda: (measure.NO_RULES, {}),
            "exec-only": lambda: (measure.EXEC_ONLY, {}),
            "300": lambda: (measure.policy_of(300), {}),
            "1000": lambda: (measure.policy_of(1000), {})}


class RealBuild:
    """Compiles some of our own files as the build system does, and says how long that takes."""

    def __init__(self):
        listed = json.loads(subprocess.check_output(["ninja", "-C", str(measure.BUILD), "-t", "compdb"]))
        wanted = {(measure.TOP / name).resolve(): None for name in BUILD_SOURCES}
        self.commands = []
        for entry in listed:
            source = (measure.BUILD / entry["file"]).resolve()
            if source in wanted and " -c " in entry["command"]:
                self.commands.append(entry["command"].replace("ccache ", "", 1).replace(entry["output"], "OUTPUT"))
        if not self.commands:
            raise RuntimeError(f"none of {BUILD_SOURCES} is in this build")

    def seconds(self, cpus):
        place = tempfile.mkdtemp(prefix="vedette-bench.", dir=measure.MEMORY_DIR)
        begin = time.monotonic()
        try:
            with measure.on_cpus(cpus):
                for number, command in enumerate(self.commands):
                    subprocess.run(command.replace("OUTPUT", f"{place}/{number}.o"), shell=True, check=True,
                                   cwd=measure.BUILD, capture_output=True, stdin=subprocess.DEVNULL)
            return time.monotonic() - begin
        finally:
            shutil.rmtree(place)


def measure_loads(bench, cpus):
    """{load: ns of an operation}"""
    return {load: measure.workload(load, bench.scaled(count, 4), ROUNDS, cpus=cpus)["ns_per_op"]
            for load, count in LOADS.items()}


def interleaved(pairs, off, on):
    """[(what off() said, what on() said)], first one then the other, then the other way round"""
    found = []
    for number in range(pairs):
        first, second = (off, on) if number % 2 == 0 else (on, off)
        one, two = first(), second()
        found.append((one, two) if number % 2 == 0 else (two, one))
    return found


def add_pairs(bench, name, pairs):
    """Figures of pairs of {load: ns}."""
    for load in pairs[0][0]:
        bare, watched = [off[load] for off, _ in pairs], [on[load] for _, on in pairs]
        bench.add(f"tax.{name}.{load}.off", bare, "ns/op")
        bench.add(f"tax.{name}.{load}.on", watched, "ns/op")
        bench.add(f"tax.{name}.{load}.added", [on - off for off, on in zip(bare, watched)], "ns/op")
        bench.add(f"tax.{name}.{load}.ratio", [on / off for off, on in zip(bare, watched)], "x")


def run(bench):
    workload_cpus, pair_cpus = measure.pinning()
    for name, make in configurations().items():
        policy, settings = make()

        def off():
            return measure_loads(bench, workload_cpus)

        def on(policy=policy, settings=settings):
            with measure.running(policy, pair_cpus, settings):
                measure.quiet_moment()
                return measure_loads(bench, workload_cpus)
        with bench.piece(name):
            add_pairs(bench, name, interleaved(3 if bench.quick else PAIRS, off, on))
            ratios = (f"{load} {bench.figures[f'tax.{name}.{load}.ratio']['median']:.2f}x" for load in LOADS)
            bench.say(f"{name}: {', '.join(ratios)}")
    with bench.piece("build"):
        run_build(bench, workload_cpus, pair_cpus)


def run_build(bench, workload_cpus, pair_cpus):
    build = RealBuild()

    def off():
        return {"build": build.seconds(workload_cpus) * 1e9}

    def on():
        with measure.running(None, pair_cpus):
            measure.quiet_moment()
            return off()
    add_pairs(bench, "default", interleaved(2 if bench.quick else BUILD_PAIRS, off, on))
    bench.say(f"default: build {bench.figures['tax.default.build.ratio']['median']:.3f}x")
