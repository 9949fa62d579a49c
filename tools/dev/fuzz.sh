# fuzz: run the libFuzzer targets of tests/fuzz
#
# usage: ./dev fuzz [--seconds N] [NAME...]
#
# Builds tests/fuzz/*_fuzzer.cpp with clang-19, AddressSanitizer and UndefinedBehaviorSanitizer into build-fuzz/ and
# runs each for N seconds (default 60), or those that are named (secl, policy ...). What it finds to be new goes to
# build-fuzz/corpus/NAME, seeds are read from tests/fuzz/corpus/NAME; a crash is kept in build-fuzz/crashes and makes
# the exit code 1.
# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
: "${top:?is set by ./dev}"

# shellcheck source=tools/dev/build.sh
. "$top/tools/dev/build.sh"

cmd_fuzz() {
    local seconds=60 names=() name failed='' dir=$top/build-fuzz source
    while [ $# -gt 0 ]; do
        case $1 in
            --seconds)
                [[ ${2:-} =~ ^[0-9]+$ ]] || die "--seconds needs a number"
                seconds=$2
                shift
                ;;
            -*) wrong_option fuzz "$1" ;;
            *) names+=("${1%_fuzzer}_fuzzer") ;;
        esac
        shift
    done
    need build fuzz
    if [ ${#names[@]} -eq 0 ]; then
        for source in "$top"/tests/fuzz/*_fuzzer.cpp; do
            [ -e "$source" ] || die "there is no tests/fuzz/*_fuzzer.cpp"
            names+=("$(basename "$source" .cpp)")
        done
    fi
    # The libraries are built by clang as well, so that the fuzzer sees which ways an input takes.
    CC='ccache clang-19' CXX='ccache clang++-19' build_pair build-fuzz -Dfuzzers=true -Db_lundef=false -Dwerror=false \
        -Dc_args=-fsanitize=fuzzer-no-link -Dcpp_args=-fsanitize=fuzzer-no-link \
        -Db_sanitize=address,undefined -Doptimization=1 -- "${names[@]/#/tests/fuzz/}"
    mkdir -p "$dir/crashes"
    for name in "${names[@]}"; do
        say "$name for $seconds s"
        mkdir -p "$dir/corpus/$name"
        local seeds=()
        [ ! -d "$top/tests/fuzz/corpus/${name%_fuzzer}" ] || seeds=("$top/tests/fuzz/corpus/${name%_fuzzer}")
        if ! "$dir/tests/fuzz/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
            -artifact_prefix="$dir/crashes/$name-" "$dir/corpus/$name" "${seeds[@]}" > "$dir/$name.log" 2>&1; then
            tail -n 60 "$dir/$name.log" >&2
            failed=1
        fi
        grep -E '^stat::(number_of_executed_units|average_exec_per_sec)' "$dir/$name.log" || true
    done
    [ -z "$failed" ] || die "a fuzzer found something; inputs are in build-fuzz/crashes"
}
