# bench: measure latency, bursts and cost per event
#
# usage: ./dev bench [--build DIR] [--quick]
#
# Builds an optimised pair, starts it on this kernel with the default policy, and measures
#
#   latency      from a system call (open of /etc/shadow) to the alert's line in the file
#   exec burst   execs in a tight loop: how many per second, how many were lost
#   cost         CPU time of each daemon per event, for opens, execs and connects that no rule matches, and how much
#                slower the workload itself becomes
#
# --quick takes a tenth of the operations. Needs root and BPF. The figures are only as quiet as the machine.
# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
: "${top:?is set by ./dev}"

cmd_bench() {
    local dir='' options=() problem
    while [ $# -gt 0 ]; do
        case $1 in
            --build) dir=$(readlink -f "$2") && shift ;;
            --quick) options+=(--quick) ;;
            *) wrong_option bench "$1" ;;
        esac
        shift
    done
    need build test
    problem=$(bpf_problem)
    [ -z "$problem" ] || die "cannot measure here: $problem"
    if [ -z "$dir" ]; then
        dir=$top/build-release
        "$top/dev" build --release system-probe/system-probe security-agent/security-agent tests/bench/workload
    fi
    VEDETTE_BUILD=$dir exec /usr/bin/python3 "$top/tests/bench/bench.py" "${options[@]}"
}
