# soak: hours in minutes: exhaustion, stops and churn, with an eye on memory and on the account of events
#
# usage: ./dev soak [--build DIR] [--minutes N] [--scale PERCENT]
#
# Starts the pair with the default policy on this kernel and
#
#   exhaustion   makes 100,000 processes, 50,000 cgroups and 200,000 files come and go
#   stops        stops (SIGSTOP) the agent, then the probe, under load, and lets them go on
#   churn        forks, opens, connects and moves between cgroups for N minutes (30)
#
# and fails when an event is unaccounted for, when memory goes over its bounds or grows while nothing else does, or when
# a self-test does not pass afterwards. --scale 10 takes a tenth of the numbers. Needs root and BPF.
# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
: "${top:?is set by ./dev}"

cmd_soak() {
    local dir='' options=() problem
    while [ $# -gt 0 ]; do
        case $1 in
            --build) dir=$(readlink -f "$2") && shift ;;
            --minutes | --scale)
                [ $# -gt 1 ] || die "$1 needs a number"
                options+=("$1" "$2")
                shift
                ;;
            *) wrong_option soak "$1" ;;
        esac
        shift
    done
    need build test
    problem=$(bpf_problem)
    [ -z "$problem" ] || die "cannot soak here: $problem"
    if [ -z "$dir" ]; then
        dir=$top/build
        "$top/dev" build system-probe/system-probe security-agent/security-agent tests/live/act
    fi
    VEDETTE_BUILD=$dir exec /usr/bin/python3 "$top/tests/soak/soak.py" "${options[@]}"
}
