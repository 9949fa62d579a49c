# bench: measure latency, bursts and cost per event
#
# usage: ./dev bench [--build DIR] [--quick] [--engine]
#
# Builds an optimised pair, starts it on this kernel with the default policy, and measures
#
#   latency      from a system call (open of /etc/shadow) to the alert's line in the file
#   exec burst   execs in a tight loop: how many per second, how many were lost
#   cost         CPU time of each daemon per event, for opens, execs and connects that no rule matches, and how much
#                slower the workload itself becomes
#
# --engine measures the rule engine alone instead (Google Benchmark, one core, no root): what an event costs as rules
# grow from 10 to 10,000, decoding and evaluating a stream, compiling rules.
#
# --quick takes a tenth of the operations. Needs root and BPF. The figures are only as quiet as the machine.
# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
: "${top:?is set by ./dev}"

# bench_engine [DIR] [--quick]
bench_engine() {
    local dir=$1 seconds=0.5
    [ "${2:-}" != --quick ] || seconds=0.05
    if [ -z "$dir" ]; then
        dir=$top/build-release
        "$top/dev" build --release tests/bench/rules_bench tests/bench/engine_bench
    fi
    # One core, so that the scheduler does not move it while it is measured.
    taskset -c 0 "$dir/tests/bench/rules_bench" --benchmark_min_time=$seconds
    taskset -c 0 "$dir/tests/bench/engine_bench" --benchmark_min_time=$seconds
}

cmd_bench() {
    local dir='' options=() problem engine=''
    while [ $# -gt 0 ]; do
        case $1 in
            --build) dir=$(readlink -f "$2") && shift ;;
            --quick) options+=(--quick) ;;
            --engine) engine=1 ;;
            *) wrong_option bench "$1" ;;
        esac
        shift
    done
    need build test bench
    if [ -n "$engine" ]; then
        bench_engine "$dir" "${options[@]}"
        return
    fi
    problem=$(bpf_problem)
    [ -z "$problem" ] || die "cannot measure here: $problem"
    if [ -z "$dir" ]; then
        dir=$top/build-release
        "$top/dev" build --release system-probe/system-probe security-agent/security-agent tests/bench/workload
    fi
    VEDETTE_BUILD=$dir exec /usr/bin/python3 "$top/tests/bench/bench.py" "${options[@]}"
}
