# test: build and run every test there is
#
# usage: ./dev test [--lint] [--build DIR] [STAGE...] [-- PYTEST OPTION...]
#
# Installs what is missing, builds, and runs the stages
#
#   unit         unit tests, golden files, fuzz corpora: no privileges
#   integration  both daemons, fed from recorded kernel records: no privileges
#   live         both daemons on this machine's kernel: one real act, one asserted alert (needs root and BPF)
#   systemd      the Debian packages under a real systemd in namespaces: builds them first (needs root and BPF)
#   vm           both daemons on Debian's 6.1 kernel in QEMU
#
# or those that are named. What cannot run here is skipped, said loudly and counted. The last line is
# "N passed, N failed" (", N skipped"); the exit code is 1 when anything failed.
#
#   --lint       checks the source first (./dev lint --fast) and counts that as a test
#   --build DIR  test the binaries of this build directory as they are
# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
: "${top:?is set by ./dev}"

# run_pytest RESULT.xml DIRECTORY... : pytest's own summary on stderr, the counts in RESULT.xml
run_pytest() {
    local result=$1
    shift
    (cd "$top" && PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -c tests/pytest.ini --rootdir=tests \
        --junitxml="$result" "$@" >&2)
}

cmd_test() {
    local stages=() dir='' lint='' results status=0 name pytest_dirs=()
    while [ $# -gt 0 ]; do
        case $1 in
            --lint) lint=1 ;;
            --build) dir=$(readlink -f "$2") && shift ;;
            unit | integration | live | systemd | vm) stages+=("$1") ;;
            --) shift && break ;;
            *) wrong_option test "$1" ;;
        esac
        shift
    done
    [ ${#stages[@]} -gt 0 ] || stages=(unit integration live systemd vm)
    need build test docs bench
    case " ${stages[*]} " in *' vm '* | *' systemd '*) need vm ;; esac
    case " ${stages[*]} " in *' systemd '*) need pkg ;; esac
    results=$(mktemp -d)
    # shellcheck disable=SC2064
    trap "rm -rf '$results'" EXIT

    if [ -z "$dir" ]; then
        dir=$top/build
        "$top/dev" build || {
            echo "the build failed" >&2
            echo "0 passed, 1 failed"
            exit 1
        }
    fi
    export VEDETTE_BUILD=$dir
    if [ -n "$lint" ]; then
        say "lint"
        name=pass
        "$top/dev" lint --fast || name=fail
        /usr/bin/python3 "$top/tools/dev/summary.py" --one lint "$name" > "$results/lint.xml"
    fi
    for name in "${stages[@]}"; do
        if [ "$name" = unit ]; then
            say "unit tests"
            /usr/bin/python3 "$top/tools/dev/unit.py" "$dir" "$results/unit.xml" || true
        else
            pytest_dirs+=("tests/$name")
        fi
    done
    if [ ${#pytest_dirs[@]} -gt 0 ]; then
        say "tests of the running pair: ${pytest_dirs[*]}"
        run_pytest "$results/pytest.xml" "$@" "${pytest_dirs[@]}" || true
    fi
    /usr/bin/python3 "$top/tools/dev/summary.py" "$results"/*.xml || status=1
    exit $status
}
