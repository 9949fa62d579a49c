# doc: make the generated pages and the documentation site, check all links
#
# usage: ./dev doc [--check]
#
# Writes what docs/ has from other sources: reference/fields.md (proto/), constants.md (security-agent/secl), settings.md
# and deploy/vedette.yaml.example (common/config), bypasses.md (tests/live/bypass), coverage.md (tests/data/coverage),
# cli.md and api.md (the programs themselves) and the index of adr/. Then builds the site into build/site with mkdocs: open
# build/site/index.html, no server is needed but for its search. A page without a place in the navigation, a link that leads
# nowhere or a thing that is loaded from elsewhere is an error (tools/docs).
#
#   --check  changes nothing in docs/; exit code 1 when a page there is not what its source says
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

# doc_written SCRIPT PAGE CHECK: a page that a script writes to standard output; it is told the build directory
doc_written() {
    local made=doc/${2##*/}
    as_owner mkdir -p "$top/build/doc"
    /usr/bin/python3 -B "$top/$1" "$top/build" > "$top/build/$made" || die "$1 failed"
    doc_page "$made" "$2" "$3"
}

doc_site() {
    as_owner env PYTHONDONTWRITEBYTECODE=1 mkdocs --quiet build --config-file "$top/tools/docs/mkdocs.yml" >&2 ||
        die "the site was not built"
    /usr/bin/python3 -B "$top/tools/docs/check_site.py" "$top/build/site" >&2 || die "the site is not whole"
    say "build/site/index.html"
}

cmd_doc() {
    local check=''
    case ${1:-} in
        '') ;;
        --check) check=1 ;;
        *) wrong_option doc "$1" ;;
    esac
    need docs
    "$top/dev" build proto/generator/fields.md security-agent/secl/constants.md common/settings.md \
        common/vedette.yaml.example system-probe/system-probe security-agent/security-agent
    doc_page proto/generator/fields.md docs/reference/fields.md "$check"
    doc_page common/settings.md docs/reference/settings.md "$check"
    doc_page common/vedette.yaml.example deploy/vedette.yaml.example "$check"
    # The page has x86_64's values.
    if [ "$(uname -m)" = x86_64 ]; then
        doc_page security-agent/secl/constants.md docs/reference/constants.md "$check"
    fi
    doc_written tests/live/bypass/table.py docs/reference/bypasses.md "$check"
    doc_written tests/vm/coverage.py docs/reference/coverage.md "$check"
    doc_written tools/docs/cli_page.py docs/reference/cli.md "$check"
    doc_written tools/docs/api_page.py docs/reference/api.md "$check"
    doc_written tools/docs/adr_page.py docs/adr/index.md "$check"
    /usr/bin/python3 "$top/tools/lint/rules.py" --links
    doc_site
}
