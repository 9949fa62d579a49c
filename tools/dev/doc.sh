# doc: make the generated pages and check all links
#
# usage: ./dev doc [--check]
#
# Writes docs/reference/fields.md (every field a rule can name) from proto/ by way of the build, and checks that links
# between documents lead somewhere.
#
#   --check  writes nothing; exit code 1 when the page in the tree is not what proto/ says
# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
: "${top:?is set by ./dev}"

cmd_doc() {
    local check='' made=$top/build/proto/generator/fields.md page=$top/docs/reference/fields.md
    case ${1:-} in
        '') ;;
        --check) check=1 ;;
        *) wrong_option doc "$1" ;;
    esac
    "$top/dev" build proto/generator/fields.md
    if [ -n "$check" ]; then
        diff -u "$page" "$made" >&2 || die "docs/reference/fields.md is not what proto/ says: run ./dev doc"
    else
        as_owner mkdir -p "$(dirname "$page")"
        as_owner cp "$made" "$page"
    fi
    /usr/bin/python3 "$top/tools/lint/rules.py" --links
}
