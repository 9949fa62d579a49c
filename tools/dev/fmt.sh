# fmt: format C and C++ sources with clang-format-19
#
# usage: ./dev fmt [--check] [FILE...]
#
# All files that git knows, or those that are named; bpf/ has the kernel's style.
#
#   --check  changes nothing; exit code 1 when a file would change
# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
: "${top:?is set by ./dev}"

cmd_fmt() {
    local check='' found sources=()
    while [ $# -gt 0 ]; do
        case $1 in
            --check) check=1 ;;
            -*) wrong_option fmt "$1" ;;
            *) sources+=("$(readlink -f "$1")") ;;
        esac
        shift
    done
    need lint
    [ ${#sources[@]} -gt 0 ] ||
        mapfile -t sources < <(files '*.cpp' '*.h' '*.c' ':!bpf/vmlinux' | sed "s|^|$top/|")
    if [ -n "$check" ]; then
        found=$(clang-format-19 --dry-run --Werror "${sources[@]}" 2>&1 | sed -n 's/: error: .*//p' | cut -d: -f1 |
            sort | uniq -c | sed "s|$top/||; s|^ *\([0-9]*\) \(.*\)|\2: \1 places to format; run ./dev fmt|") || true
        [ -z "$found" ] || { echo "$found" && return 1; }
        return 0
    fi
    as_owner clang-format-19 -i "${sources[@]}"
}
