# image: build the container images of the two processes
#
# usage: ./dev image [--base IMAGE | --build DIR] [--tag TAG] [--save DIR] [--with PROGRAM]
#
# Makes vedette-system-probe:VERSION and vedette-security-agent:VERSION in the local image store, from the packages
# that `./dev pkg` left in dist/ and deploy/container/Containerfile. Needs podman (or --with docker).
#
#   --base IMAGE     the Debian 12 that installs the packages, default debian:bookworm-slim. `local` makes one with
#                    mmdebstrap from this machine's own Debian mirror: no registry is asked
#   --build DIR      no packages: the programs of this build directory with the libraries of this machine, which must be
#                    Debian 12. In seconds, for trying out and for tests
#   --tag TAG        instead of the version
#   --save DIR       also writes each image to DIR/NAME.tar, for `ctr -n k8s.io images import` on a node
#   --with PROGRAM   podman (the default) or docker
# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
: "${top:?is set by ./dev}"

readonly local_base=localhost/vedette-base:bookworm

# local_base_image: Debian's archive checked with Debian's keys, made anew when it is a day old.
local_base_image() {
    local made archive
    made=$(podman image inspect --format '{{.Created.Unix}}' $local_base 2> /dev/null || echo 0)
    [ $(($(date +%s) - made)) -ge 86400 ] || return 0
    command -v mmdebstrap > /dev/null || need vm
    archive=$(mktemp)
    say "making $local_base from this machine's Debian mirror"
    mmdebstrap --quiet --variant=apt bookworm - > "$archive" < /dev/null || { rm -f "$archive"; die "mmdebstrap failed"; }
    podman import --quiet "$archive" $local_base > /dev/null || { rm -f "$archive"; die "podman import failed"; }
    rm -f "$archive"
}

# assembled DIR: the file systems of both images under DIR/out, from the programs of a build directory
assembled() {
    local name
    for name in system-probe security-agent; do
        [ -x "$build/$name/$name" ] || die "$build/$name/$name is missing: run ./dev build"
        VEDETTE_PROGRAM=$build/$name/$name VEDETTE_POLICIES=$top/deploy/policies \
            "$top/deploy/container/assemble" "$name" "$1/out/$name"
    done
}

cmd_image() {
    local base=debian:bookworm-slim build='' tag='' save='' engine=podman options=() name version work
    while [ $# -gt 0 ]; do
        case $1 in
            --base | --build | --tag | --save | --with)
                [ $# -gt 1 ] || die "$1 needs a value; see ./dev image --help"
                ;;&
            --base) base=$2 && shift ;;
            --build) build=$(readlink -f "$2") && shift ;;
            --tag) tag=$2 && shift ;;
            --save) save=$2 && shift ;;
            --with) engine=$2 && shift ;;
            *) wrong_option image "$1" ;;
        esac
        shift
    done
    case $engine in podman | docker) ;; *) die "--with: podman or docker, not '$engine'" ;; esac
    command -v "$engine" > /dev/null || die "$engine is not installed"
    version=$(sed -n "s/^ *version: '\(.*\)',/\1/p" "$top/meson.build" | head -n 1)
    work=$(mktemp -d)
    # shellcheck disable=SC2064
    trap "rm -rf '$work'" EXIT
    if [ -n "$build" ]; then
        is_root || die "--build makes files that belong to root: sudo ./dev image ..."
        assembled "$work"
        # Instead of the stage that installs packages.
        options+=(--build-context "packages=$work")
    else
        compgen -G "$top/dist/vedette-*.deb" > /dev/null || die "no packages in dist/: run ./dev pkg first"
        if [ "$base" = local ]; then
            [ "$engine" = podman ] || die "--base local needs podman"
            local_base_image
            base=$local_base
        fi
        options+=(--build-arg "BASE=$base")
    fi
    if [ "$engine" = podman ]; then
        # chroot: also where this root may not make namespaces. docker: the format that has health checks. The time is
        # the commit's, so that the same source gives the same image.
        options+=(--isolation chroot --format docker --timestamp
            "$(git -C "$top" -c safe.directory='*' log -1 --format=%ct 2> /dev/null || date +%s)")
    fi
    for name in system-probe security-agent; do
        say "vedette-$name:${tag:-$version}"
        "$engine" build --quiet --file "$top/deploy/container/Containerfile" --target "$name" \
            --tag "vedette-$name:${tag:-$version}" --build-arg "VERSION=$version" --build-arg \
            "REVISION=$(git -C "$top" -c safe.directory='*' rev-parse --short=12 HEAD 2> /dev/null || echo unknown)" \
            "${options[@]}" "$top" < /dev/null >&2 || die "the image of $name could not be built"
        if [ -n "$save" ]; then
            mkdir -p "$save"
            rm -f "$save/vedette-$name.tar"
            "$engine" save --output "$save/vedette-$name.tar" "vedette-$name:${tag:-$version}" > /dev/null
        fi
    done
}
