# SPDX-License-Identifier: Apache-2.0
"""How much the pair takes before it loses something, and what it still sees when it does.

The highest rate without loss is looked for by halving between what was lost nothing at and what was too much; filters in
the kernel are off, so that every event is delivered. A producer that cannot go faster ends the search: then the rate is
at least that. Detections: 200 paced reads of /etc/shadow beside producers that open files as fast as they can, on all CPUs.
"""
import contextlib
import subprocess

import measure

# load -> seconds of a try, the event type whose loss counts (None: any)
LOADS = {"opens": (3, "open"), "execs": (4, "exec"), "mixed": (3, None)}
# Nobody asks for more.
TOP_RATE = {"opens": 1000000, "execs": 20000, "mixed": 200000}
STEPS = 5
READS, READ_RATE = 200, 50
PRODUCERS = [1, 2, 4]



def one_try(pair, load, rate, cpus, seconds):
    """(operations a second that were reached, events delivered a second, events lost)"""
    _, kind = LOADS[load]
    before = measure.settled(pair)
    facts = measure.workload(load, max(int(rate * seconds), 1), rate=rate, cpus=cpus)
    after = measure.settled(pair)
    return (facts["ops_per_s"], measure.difference(after, before, "delivered") / facts["wall_s"],
            measure.difference(after, before, "lost", kind))


def highest(pair, load, cpus, seconds, steps):
    """(highest rate without loss, events/s delivered then, the most that the producer made, what was lost then)"""
    reached, delivered, lost = one_try(pair, load, TOP_RATE[load], cpus, seconds * 0.3)
    if lost == 0:  # once more, for longer: at full speed nothing is lost
        reached, delivered, lost = one_try(pair, load, reached, cpus, seconds)
        if lost == 0:
            return reached, delivered, reached, 0
    most, most_lost = reached, lost
    good, good_delivered, bad = 0.0, 0.0, reached
    for _ in range(steps):
        rate = (good + bad) / 2
        reached, delivered, lost = one_try(pair, load, rate, cpus, seconds)
        if lost == 0 and reached > rate * 0.9:
            good, good_delivered = rate, delivered
        else:
            bad = rate
    return good, good_delivered, most, most_lost


def rate_of(bench, pair, load, cores, cpus):
    good, delivered, most, lost = highest(pair, load, cpus, bench.scaled(LOADS[load][0], 3), 2 if bench.quick else STEPS)
    name = f"throughput.{load}.{cores}"
    bench.add(f"{name}.lossless", good, "ops/s", "higher")
    bench.add(f"{name}.lossless_delivered", delivered, "events/s", "higher")
    bench.add(f"{name}.offered", most, "ops/s", "higher")
    bench.add(f"{name}.lost_at_most", lost, "events")
    bench.say(f"{load}, {cores} core(s) for the pair: {good:.0f} ops/s without loss of {most:.0f} offered")


def rates(bench):
    workload_cpus, pair_cpus = measure.pinning()
    for cores, cpus in ((1, pair_cpus), (2, None)):
        for load in LOADS:
            with bench.piece(f"{load}, {cores} cores"), measure.running(None, cpus, measure.NO_FILTERS) as pair:
                measure.quiet_moment()
                rate_of(bench, pair, load, cores, workload_cpus)


@contextlib.contextmanager
def producers(count):
    started = [subprocess.Popen(measure.workload_command("opens", 50000000), stdout=subprocess.DEVNULL)
               for _ in range(count)]
    try:
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait()


def shadow_reads(pair, pid):
    return sum(1 for alert in pair.alerts()
               if alert["agent"]["rule_id"] == "credential_shadow_read" and alert["process"]["pid"] == pid)


def kept_of(pair, pid, count):
    """How many of the reads are alerts, when all are or ten seconds have passed."""
    with contextlib.suppress(measure.PairError):
        measure.wait_for(lambda: shadow_reads(pair, pid) >= count, 10, "alerts", interval=0.2)
    return shadow_reads(pair, pid)


def detections_kept(bench, name, kept, after, before):
    bench.add(f"{name}.kept", kept, "of 200", "higher")
    for kind in ("open", "exec"):
        bench.add(f"{name}.lost_{kind}s", measure.difference(after, before, "lost", kind), "events")
    bench.say(f"{name}: {kept:.0f} of 200 kept")


def detections(bench):
    count = bench.scaled(READS, 4)
    for name, settings in (("filtered", {}), ("unfiltered", measure.NO_FILTERS)):
        for number in PRODUCERS:
            command = measure.workload_command("offend", count, rate=READ_RATE, wait=True)
            with (bench.piece(f"detections, {name}, {number} producers"), measure.Orphan(command) as offender,
                  measure.running(None, None, settings) as pair):
                with producers(number):
                    measure.quiet_moment(1)
                    before = measure.counts(pair)
                    offender.go()
                    offender.output()
                    kept = kept_of(pair, offender.pid, count)
                    after = measure.counts(pair)
                detections_kept(bench, f"detections.{name}.{number}", kept / count * 200, after, before)


def run(bench):
    rates(bench)
    detections(bench)
