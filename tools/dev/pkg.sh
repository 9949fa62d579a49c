# pkg: build the Debian packages into dist/
#
# usage: ./dev pkg [--work-tree] [--version VERSION] [--out DIR] [--check-reproducible] [--no-lintian] [--no-symbols]
#        ./dev pkg --rehearse [PYTEST OPTION...]
#
# Exports HEAD (changes that are not committed are left out, and it says so), puts deploy/debian where debhelper wants
# it, builds with Debian's own flags and hardening, checks the packages with lintian and leaves them in dist/:
# vedette-system-probe, vedette-security-agent, vedette (both and examples), the debug symbols of the two, and
# vedette_VERSION.cdx.json, a list of all parts (SBOM, CycloneDX 1.5).
# ccache is used where it is installed. The packages depend on nothing but the source and the installed packages:
# the same commit gives the same bytes in every directory.
#
#   --work-tree            what is in the checkout now, with files that git would add
#   --version VERSION      another version than that of meson.build, e.g. 0.1.0+next to rehearse an upgrade
#   --out DIR              instead of dist/
#   --check-reproducible   builds once more elsewhere, without ccache, and compares the hashes
#   --no-lintian           without the check
#   --no-symbols           without the packages of debug symbols
#   --rehearse             tests what takes long: an upgrade to a next version and back under load, and all of
#                          tests/systemd in a virtual machine with Debian's kernel (half an hour; needs root and BPF)
# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
: "${top:?is set by ./dev}"

pkg_git() { git -C "$top" -c safe.directory='*' "$@"; }

# pkg_tree DIR VERSION ['work tree']: the source package's tree
pkg_tree() {
    local dir=$1 version=$2 commit
    commit=$(pkg_git rev-parse --short=12 HEAD 2> /dev/null || true)
    rm -rf "$dir" && mkdir -p "$dir"
    if [ -n "${3:-}" ]; then
        files . | tar -C "$top" --no-recursion -T - -c | tar -x -C "$dir"
        [ -z "$(pkg_git status --porcelain)" ] || commit=$commit-dirty
    else
        pkg_git archive HEAD | tar -x -C "$dir"
        [ -z "$(pkg_git status --porcelain)" ] || say "packaging HEAD ($commit): changes in the checkout are left out"
    fi
    mv "$dir/deploy/debian" "$dir/debian"
    echo "$commit" > "$dir/debian/commit"
    sed -i "0,/^  version: '[^']*'/s//  version: '$version'/" "$dir/meson.build"
    sed -i "1s/([^)]*)/($version)/" "$dir/debian/changelog"
}

# pkg_build DIR: the packages beside DIR
pkg_build() {
    local log
    log=$(dirname "$1")/build.log
    # Umask and time zone are nobody's business; the date is the changelog's.
    (cd "$1" && umask 022 && TZ=UTC DEB_BUILD_OPTIONS="parallel=$(nproc) ${symbols:-noautodbgsym}" \
        CCACHE_DIR="${CCACHE_DIR:-$(ccache --get-config cache_dir 2> /dev/null)}" CCACHE_BASEDIR=$1 CCACHE_NOHASHDIR=1 \
        CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime \
        nice -n 5 dpkg-buildpackage --build=binary --no-sign --no-pre-clean < /dev/null > "$log" 2>&1) ||
        { tail -n 40 "$log" >&2; die "the packages could not be built; all of it is in $log"; }
}

cmd_pkg() {
    local out=$top/dist version='' source='' again='' lintian=1 symbols=' ' work started=$SECONDS
    while [ $# -gt 0 ]; do
        case $1 in
            --work-tree) source='work tree' ;;
            --version | --out)
                [ $# -gt 1 ] || die "$1 needs a word; see ./dev pkg --help"
                case $1 in --version) version=$2 ;; *) out=$(readlink -m "$2") ;; esac
                shift
                ;;
            --check-reproducible) again=1 ;;
            --no-lintian) lintian='' ;;
            --rehearse)
                shift
                rehearse "$@"
                return
                ;;
            --no-symbols) symbols='' ;;
            *) wrong_option pkg "$1" ;;
        esac
        shift
    done
    need build pkg
    [ -n "$version" ] || version=$(sed -n "s/^  version: '\(.*\)',/\1/p" "$top/meson.build")
    work=$top/build-pkg
    as_owner mkdir -p "$work" "$out"
    say "building the packages of vedette $version in ${work#"$top/"} (log: ${work#"$top/"}/build.log)"
    rm -f "$work"/*.{deb,buildinfo,changes}
    pkg_tree "$work/vedette-$version" "$version" "$source"
    pkg_build "$work/vedette-$version"
    say "built in $((SECONDS - started)) s"
    rm -f "$out"/vedette*_"$version"_*
    cp "$work"/*.deb "$work"/*.changes "$work"/*.buildinfo "$out/"
    pkg_sbom "$work" "$version" > "$out/vedette_$version.cdx.json"
    [ -z "$lintian" ] || pkg_lintian "$work"/*.changes
    [ -z "$again" ] || pkg_again "$work" "$version" "$source"
    (cd "$out" && ls -l ./*_"$version"_*.deb >&2)
}

rehearse() {
    need build test vm pkg
    "$top/dev" build tests/live/act
    (cd "$top" && PYTHONDONTWRITEBYTECODE=1 VEDETTE_BUILD="$top/build" \
        /usr/bin/python3 -m pytest -c tests/pytest.ini --rootdir=tests "$@" tests/packages)
}

pkg_lintian() {
    say "lintian"
    lintian --allow-root --info --display-info --fail-on error,warning,info "$1" >&2 || die "lintian found something"
}

# pkg_sbom WORK VERSION: what is in the packages and what they need, CycloneDX
pkg_sbom() {
    local debs
    mapfile -t debs < <(find "$1" -maxdepth 1 -name '*.deb' ! -name '*-dbgsym_*' | sort)
    SOURCE_DATE_EPOCH=$(dpkg-parsechangelog -l "$1/vedette-$2/debian/changelog" -S Timestamp) \
        /usr/bin/python3 "$top/tools/dev/sbom.py" "$2" "${debs[@]}" || die "the list of parts (SBOM) could not be made"
}

# pkg_again WORK VERSION SOURCE: the same in another directory; stops where a package differs
pkg_again() {
    local other
    other=$(mktemp -d "${TMPDIR:-/tmp}/vedette-pkg.XXXXXX")
    # shellcheck disable=SC2064
    trap "rm -rf '$other'" EXIT
    say "building once more in $other"
    pkg_tree "$other/elsewhere" "$2" "$3"
    CCACHE_DISABLE=1 pkg_build "$other/elsewhere"
    diff -u <(cd "$1" && sha256sum ./*.deb) <(cd "$other" && sha256sum ./*.deb) >&2 ||
        die "the packages differ between two directories"
    (cd "$other" && sha256sum ./*.deb)
    say "both builds are the same"
}
