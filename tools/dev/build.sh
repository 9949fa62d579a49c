# build: compile both daemons into build/
#
# usage: ./dev build [--release] [--sanitize LIST] [TARGET...]
#
# Leaves build/system-probe/system-probe and build/security-agent/security-agent, with debug information and every
# hardening flag. Further builds compile only what changed; ccache is used where it is installed.
#
#   --release         optimised without assertions that cost time, in build-release/
#   --sanitize LIST   with sanitizers, e.g. address,undefined or thread, in build-LIST/ (commas as dashes)
#   TARGET            ninja targets instead of all, e.g. tests/unit/secl/unit_secl
# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
: "${top:?is set by ./dev}"

# build_pair DIRECTORY [MESON OPTION...] [-- TARGET...]
build_pair() {
    local dir=$top/$1 options=() cc='' started
    shift
    while [ $# -gt 0 ] && [ "$1" != -- ]; do options+=("$1"); shift; done
    [ $# = 0 ] || shift
    need build
    started=$SECONDS
    if [ ! -e "$dir/build.ninja" ]; then
        command -v ccache > /dev/null && cc='ccache '
        say "configuring ${dir#"$top/"}"
        rm -rf "$dir"
        CC="${CC:-${cc}gcc}" CXX="${CXX:-${cc}g++}" \
            as_owner meson setup "${options[@]}" "$dir" "$top" > "$top/.meson-setup.log" 2>&1 || {
            cat "$top/.meson-setup.log" >&2
            die "meson setup failed"
        }
        rm -f "$top/.meson-setup.log"
    fi
    say "building ${dir#"$top/"}"
    # The options that let ccache serve another checkout and precompiled headers.
    CCACHE_BASEDIR=$top CCACHE_NOHASHDIR=1 \
        CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime \
        as_owner ninja -C "$dir" "$@" >&2 || die "the build failed"
    say "built in $((SECONDS - started)) s"
}

cmd_build() {
    local dir=build options=() targets=()
    while [ $# -gt 0 ]; do
        case $1 in
            # GCC 12 at -O3 warns of overflows inside fmt and std::string that are not there (GCC bugs 105329, 105651); the
            # ordinary build has the warnings.
            --release) dir=build-release options+=(--buildtype=release -Dwerror=false) ;;
            --sanitize)
                [ $# -gt 1 ] || die "--sanitize needs a list, e.g. address,undefined"
                # Instrumented code makes gcc warn of what is not there; the ordinary build has the warnings.
                dir=build-${2//,/-} options+=("-Db_sanitize=$2" -Db_lundef=false -Doptimization=1 -Dwerror=false)
                shift
                ;;
            -*) wrong_option build "$1" ;;
            *) targets+=("$1") ;;
        esac
        shift
    done
    build_pair "$dir" "${options[@]}" -- "${targets[@]}"
}
