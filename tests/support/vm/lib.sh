# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What the scripts of this folder share: Debian packages of other suites without touching the host's apt, kernel
# modules and shared libraries collected for a small root. Sourced by bash.
cache=${VEDETTE_CACHE:-/var/cache/vedette-test}

# usage_of FILE: its opening comment
usage_of() { sed -n '2{/^#!/d}; /^# SPDX/d; /^#!/d; /^[^#]/q; /^$/q; s/^# \{0,1\}//p' "$1"; }

# mirror: the Debian archive this host uses
mirror() {
    { cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2> /dev/null || true; } |
        sed -n 's/^URIs:[[:space:]]*//p; s/^deb[[:space:]]*\(\[[^]]*\][[:space:]]*\)\{0,1\}\([^[:space:]]*\).*/\2/p' |
        tr ' ' '\n' | grep -E '/debian/?$' | sed -n 1p
}

# other_apt SUITE apt-get|apt-cache ARGUMENT...: apt with a state of its own; lists are refreshed once a day. With
# `apt_sources` set, of source packages too.
other_apt() {
    local suite=$1 tool=$2 state=$cache/apt/$1${apt_sources:+-src} archive
    shift 2
    archive=$(mirror)
    [ -n "$archive" ] || { echo "no Debian archive in /etc/apt" >&2; return 1; }
    mkdir -p "$state"/{lists/partial,archives/partial}
    : > "$state/status"
    local signed='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
    {
        echo "deb $signed $archive $suite main"
        [ -z "${apt_sources:-}" ] || echo "deb-src $signed $archive $suite main"
        case $suite in
            sid | *-*) ;;
            *) echo "deb $signed ${archive%/}-security $suite-security main" ;;
        esac
    } > "$state/sources"
    local options=(-o "Dir::State=$state" -o "Dir::State::status=$state/status" -o "Dir::Cache=$state"
        -o "Dir::Etc::sourcelist=$state/sources" -o Dir::Etc::sourceparts=/dev/null
        -o Dir::Etc::preferencesparts=/dev/null -o APT::Sandbox::User=root -o Acquire::Languages=none
        -o APT::Update::Post-Invoke-Success::= -o DPkg::Post-Invoke::= -o Acquire::Retries=3)
    if [ -z "$(find "$state/stamp" -mtime -1 2> /dev/null)" ]; then
        apt-get "${options[@]}" -qq update >&2 && touch "$state/stamp"
    fi
    "$tool" "${options[@]}" "$@"
}

# copy_libraries ROOT FILE...: the shared libraries that these programs need, at the same paths below ROOT
copy_libraries() {
    local root=$1 library directory
    shift
    { ldd "$@" 2> /dev/null || true; } | sed -n 's/^\t.* => \(\/[^ ]*\) .*/\1/p; s/^\t\(\/[^ ]*\) (.*/\1/p' | sort -u |
        while read -r library; do
            # Where /lib is a link to usr/lib it must stay one.
            directory=$(readlink -f "$(dirname "$library")")
            mkdir -p "$root$directory"
            cp -L "$library" "$root$directory/"
        done
}

# copy_modules KERNEL ROOT NAME...: kernel modules with those they depend on, into ROOT/modules, numbered in the order
# to load them. (The kernel packages have no modules.dep.) What is built in is skipped.
copy_modules() {
    local kernel=$1 root=$2 name found dependency
    shift 2
    mkdir -p "$root/modules"
    for name in "$@"; do
        [ -z "$(find "$root/modules" -name "*-$name.ko")" ] || continue
        found=$(find "$kernel/modules/kernel" -name "${name//[-_]/[-_]}.ko*" -print -quit)
        [ -n "$found" ] || continue
        case $found in
            *.xz) xz -dc "$found" ;;
            *.zst) zstd -dcq "$found" ;;
            *) cat "$found" ;;
        esac > "$root/modules/$name.new"
        for dependency in $(tr '\0' '\n' < "$root/modules/$name.new" | sed -n 's/^depends=//p' | tr , ' '); do
            copy_modules "$kernel" "$root" "$dependency"
        done
        mv "$root/modules/$name.new" "$(printf '%s/modules/%03d-%s.ko' "$root" \
            "$(find "$root/modules" -name '[0-9]*.ko' | wc -l)" "$name")"
    done
}
