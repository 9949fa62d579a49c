# run: build and start the pair in the foreground and show alerts as they happen
#
# usage: ./dev run [--demo] [--json] [--state-dir DIR] [--policies-dir DIR] [--ports API,EXPVAR] [--replay FILE]
#
# Builds, starts system-probe (as root) and security-agent (as nobody) with the rules of deploy/policies, prints one
# line that begins with "ready" once both are up and the probe is attached, then every alert. Ctrl-C stops both and
# leaves nothing behind.
#
#   --demo              then does three harmless things that look suspicious, so that there are alerts to see
#   --json              alerts as raw JSON, one a line
#   --state-dir DIR     keeps sockets (run/), auth_token, ipc_cert.pem, logs/ and alerts.json there; without it a
#                       temporary directory is used and removed
#   --policies-dir DIR  these rules instead of the default ones (DIR/*.policy)
#   --ports API,EXPVAR  listen there; without it on 5010 and 5011, or on free ports when those are taken
#   --replay FILE       recorded kernel records instead of the kernel: needs neither root nor BPF
#   --set KEY=VALUE     any setting of both daemons, as often as you like
#   --build DIR         use this build directory as it is, e.g. one made by ./dev build --sanitize address
# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
: "${top:?is set by ./dev}"

cmd_run() {
    local word replay='' build='' problem=''
    for word in "$@"; do
        case $word in
            --replay | --replay=*) replay=1 ;;
            --build | --build=*) build=1 ;;
        esac
    done
    [ -n "$replay" ] || problem=$(bpf_problem)
    if [ -n "$problem" ]; then
        die "cannot watch this kernel: $problem.
The same pair can be fed from recorded kernel records instead, without root:
    ./dev run --replay tests/data/demo.rec"
    fi
    if [ -n "$build" ]; then
        need build
    else
        build_pair build -- system-probe/system-probe security-agent/security-agent
    fi
    exec /usr/bin/python3 "$top/tools/dev/run.py" "$@"
}

# shellcheck source=tools/dev/build.sh
. "$top/tools/dev/build.sh"
