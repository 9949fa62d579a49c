# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# bench: measure what watching costs: slowdown, CPU, memory, throughput, latency, start, instructions
#
# usage: ./dev bench [--json FILE [--merge]] [--compare FILE] [--quick] [--only PART,...] [--build DIR]
#        ./dev bench --gate [--set-limits] [--build DIR]
#        ./dev bench --engine [--quick] [--build DIR]
#
# Builds an optimised pair, starts it on this kernel and measures, in this order:
#
#   latency     from a system call to the line of its alert: file, exec and connect, idle and beside other work
#   start       from the start of both to ready and to the first alert; a reload of 1,000 rules
#   tax         how much slower the work of others becomes, with six policies
#   cost        CPU of the pair by event and thread, BPF time by program, memory
#   throughput  rates at which nothing is lost; detections kept in a flood
#   engine      the rule engine alone, 0 to 10,000 rules
#   gate        instructions of decode, resolve, encode and evaluate, under callgrind
#   icount      the trampoline backend in a virtual machine that counts instructions
#
# The figures are only as quiet as the machine; docs/performance.md says how they are made and shows those of a quiet one.
#
#   --json FILE     write all figures there, with the machine and the commit
#   --merge         keep the parts of that file that are not measured now (of the same machine only)
#   --compare FILE  print new/old for every figure of an earlier run, and mark what changed by more than it spreads
#   --quick         a fraction of the operations: to see that it works
#   --only PART,... these parts
#   --gate          the part gate against the limits in tests/bench/limits.json, in the ordinary build (no root); fails
#                   when a figure is off by more than 3 %, to either side. The integration tests do the same
#   --set-limits    with --gate: what was measured becomes the limits
#   --engine        Google Benchmark's own table of the rule engine (no root)
#   --build DIR     measure the binaries of this build directory as they are
#
# Needs root and BPF, but for --gate and --engine.
: "${top:?is set by ./dev}"

# bench_engine [DIR] [--quick]
bench_engine() {
    local dir=$1 seconds=0.5
    [ "${2:-}" != --quick ] || seconds=0.05
    # One core, so that the scheduler does not move it while it is measured.
    taskset -c 0 "$dir/tests/bench/rules_bench" --benchmark_min_time=$seconds
    taskset -c 0 "$dir/tests/bench/engine_bench" --benchmark_min_time=$seconds
}

cmd_bench() {
    local dir='' options=() quick='' problem mode=pair release='' targets
    local pair=(system-probe/system-probe security-agent/security-agent tests/bench/{workload,latency,print_policy})
    local engine=(tests/bench/{rules_bench,engine_bench}) steps=(tests/bench/{probe_steps,engine_steps})
    while [ $# -gt 0 ]; do
        case $1 in
            --build | --json | --compare | --only)
                [ $# -gt 1 ] || die "bench: $1 needs a value; see ./dev bench --help"
                if [ "$1" = --build ]; then dir=$(readlink -f "$2"); else options+=("$1" "$2"); fi
                shift
                ;;
            --merge) options+=(--merge) ;;
            --quick) quick=--quick options+=(--quick) ;;
            --engine) mode=engine ;;
            --gate) mode=gate options+=(--gate) ;;
            --set-limits) options+=(--set-limits) ;;
            *) wrong_option bench "$1" ;;
        esac
        shift
    done
    need build test bench
    [ $mode != pair ] || need vm
    if [ -z "$dir" ]; then
        case $mode in
            gate) dir=$top/build targets=("${steps[@]}") ;;
            engine) dir=$top/build-release targets=("${engine[@]}") ;;
            *) dir=$top/build-release targets=("${pair[@]}" "${engine[@]}" "${steps[@]}") ;;
        esac
        [ $mode = gate ] || release=--release
        # shellcheck disable=SC2086
        "$top/dev" build $release "${targets[@]}"
    fi
    export VEDETTE_BUILD=$dir
    if [ $mode = engine ]; then
        bench_engine "$dir" "$quick"
        return
    fi
    problem=$(bpf_problem)
    [ -z "$problem" ] || [ $mode = gate ] || die "cannot measure here: $problem"
    exec /usr/bin/python3 "$top/tests/bench/bench.py" "${options[@]}"
}
