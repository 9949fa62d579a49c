# doc: make the generated pages and check all links
#
# usage: ./dev doc [--check]
#
# Writes docs/reference/fields.md (every field a rule can name, from proto/), docs/reference/constants.md (every
# constant, from security-agent/secl), docs/reference/settings.md and deploy/vedette.yaml.example (from common/config)
# by way of the build, docs/reference/bypasses.md (from tests/live/bypass) and coverage.md (from tests/data/coverage), and
# checks that links between documents lead somewhere.
#
#   --check  writes nothing; exit code 1 when a page in the tree is not what its source says
# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
: "${top:?is set by ./dev}"

# doc_page MADE PAGE CHECK: the built page into the tree, or the difference between the two.
doc_page() {
    local made=$top/build/$1 page=$top/$2 check=$3
    if [ -n "$check" ]; then
        diff -u "$page" "$made" >&2 || die "$2 is not what its source says: run ./dev doc"
    else
        as_owner mkdir -p "$(dirname "$page")"
        as_owner cp "$made" "$page"
    fi
}

cmd_doc() {
    local check=''
    case ${1:-} in
        '') ;;
        --check) check=1 ;;
        *) wrong_option doc "$1" ;;
    esac
    "$top/dev" build proto/generator/fields.md security-agent/secl/constants.md common/settings.md \
        common/vedette.yaml.example
    doc_page proto/generator/fields.md docs/reference/fields.md "$check"
    doc_page common/settings.md docs/reference/settings.md "$check"
    doc_page common/vedette.yaml.example deploy/vedette.yaml.example "$check"
    # The page has x86_64's values.
    if [ "$(uname -m)" = x86_64 ]; then
        doc_page security-agent/secl/constants.md docs/reference/constants.md "$check"
    fi
    /usr/bin/python3 "$top/tests/live/bypass/table.py" > "$top/build/bypasses.md"
    doc_page bypasses.md docs/reference/bypasses.md "$check"
    /usr/bin/python3 "$top/tests/vm/coverage.py" > "$top/build/coverage.md"
    doc_page coverage.md docs/reference/coverage.md "$check"
    /usr/bin/python3 "$top/tools/lint/rules.py" --links
}
