# lint: check sources, scripts, YAML, spelling and the rules of the house
#
# usage: ./dev lint [--all] [--fast] [FILE...]
#
# clang-format-19, tools/lint/rules.py (which folder may include which library, file sizes, licence lines, links
# between documents), shellcheck, codespell, yamllint, and clang-tidy-19 for C++ files that differ from the main
# branch (or those that are named). Each finding names file and line; exit code 1 when there is any.
#
#   --all   clang-tidy for every file
#   --fast  no clang-tidy
# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
: "${top:?is set by ./dev}"

# shellcheck source=tools/dev/fmt.sh
. "$top/tools/dev/fmt.sh"

# shell_files: scripts by suffix or first line
shell_files() {
    files '*.sh' dev .ci/run
    files tests/support tests/systemd tests/vm deploy | while read -r file; do
        case $file in *.sh) continue ;; esac
        head -c 64 "$top/$file" | head -n 1 | grep -aqE '^#!.*\b(ba)?sh\b' && echo "$file"
    done
}

changed_sources() {
    local base
    base=$(git -C "$top" -c safe.directory='*' merge-base HEAD origin/main 2> /dev/null ||
        git -C "$top" -c safe.directory='*' rev-parse HEAD)
    git -C "$top" -c safe.directory='*' diff --name-only --diff-filter=d "$base" -- '*.cpp'
    git -C "$top" -c safe.directory='*' ls-files --others --exclude-standard -- '*.cpp'
}

# tidy FILE...
tidy() {
    [ $# -gt 0 ] || return 0
    need build
    "$top/dev" build || return 1
    say "clang-tidy on $# files"
    printf '%s\n' "$@" | (cd "$top" && xargs -P "$(nproc)" -n 1 \
        clang-tidy-19 -p build --quiet --extra-arg=-Wno-unknown-warning-option \
        --extra-arg=-Wno-ignored-optimization-argument) 2> /dev/null | grep -vE '^$'
    [ "${PIPESTATUS[1]}" = 0 ]
}

# check NAME COMMAND...: says what failed, remembers it in `bad`
check() {
    local name=$1 started=$SECONDS
    shift
    if "$@" >&2; then
        printf 'ok    %s (%d s)\n' "$name" $((SECONDS - started)) >&2
    else
        printf 'FAIL  %s\n' "$name" >&2
        bad=1
    fi
}

cmd_lint() {
    local tidy=changed sources=() scripts documents yaml bad=''
    while [ $# -gt 0 ]; do
        case $1 in
            --all) tidy=all ;;
            --fast) tidy=none ;;
            -*) wrong_option lint "$1" ;;
            *) sources+=("$(readlink -f "$1")") ;;
        esac
        shift
    done
    need lint
    cd "$top" || exit
    mapfile -t scripts < <(shell_files)
    mapfile -t documents < <(files '*.md' '*.h' '*.cpp' '*.c' '*.proto' '*.py' '*.sh' '*.policy' '*.yaml' '*.build' dev)
    mapfile -t yaml < <(files '*.yaml' '*.yml' '*.policy' ':!tests/data' ':!deploy/helm/*/templates/*')
    check 'clang-format' cmd_fmt --check
    check 'house rules' /usr/bin/python3 tools/lint/rules.py
    check 'shellcheck' shellcheck -x "${scripts[@]}"
    check 'codespell' codespell --ignore-words tools/lint/words.txt "${documents[@]}"
    check 'yamllint' yamllint -s -c tools/lint/yamllint.yaml "${yaml[@]}"
    if [ ${#sources[@]} -eq 0 ]; then
        case $tidy in
            all) mapfile -t sources < <(files '*.cpp' ':!tests/fuzz') ;;
            changed) mapfile -t sources < <(changed_sources) ;;
        esac
    fi
    [ $tidy = none ] || check 'clang-tidy' tidy "${sources[@]}"
    [ -z "$bad" ]
}
