# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What the commands of ./dev share. `top` is the checkout.
: "${top:?is set by ./dev}"

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() {
    printf 'dev: %s\n' "$*" >&2
    exit 1
}
is_root() { [ "$(id -u)" = 0 ]; }

# help_of FILE: the comment block that opens a command's file, without the SPDX line.
help_of() { sed -n '/^# SPDX/d; /^# shellcheck/d; /^[^#]/q; /^$/q; s/^# \{0,1\}//p' "$1"; }

# wrong_option COMMAND WORD
wrong_option() {
    echo "dev $1: unknown option '$2'; see ./dev $1 --help" >&2
    exit 2
}

# as_owner COMMAND...: runs it as the owner of the checkout, so that `sudo ./dev` leaves no build directory that only
# root can write to.
as_owner() {
    local uid
    uid=$(stat -c %u "$top")
    if is_root && [ "$uid" != 0 ]; then
        HOME=$(getent passwd "$uid" | cut -d: -f6) \
            setpriv --reuid "$uid" --regid "$(stat -c %g "$top")" --clear-groups "$@"
    else
        "$@"
    fi
}

# files PATTERN...: files that git knows or would add; git refuses a checkout of another user unless told.
files() {
    git -C "$top" -c safe.directory='*' ls-files --cached --others --exclude-standard -- "$@" |
        while read -r file; do [ ! -e "$top/$file" ] || printf '%s\n' "$file"; done
}

# packages [GROUP...]: package names of tools/packages.txt, of all groups without a word.
packages() {
    local groups=" $* "
    while read -r group names; do
        case $group in '' | '#'*) continue ;; esac
        # shellcheck disable=SC2086
        [ "$groups" != "  " ] && [ "${groups#* "$group" }" = "$groups" ] || printf '%s\n' $names
    done < "$top/tools/packages.txt"
}

# missing_packages [GROUP...]
missing_packages() {
    command -v dpkg-query > /dev/null ||
        die "this script installs Debian packages and dpkg is not here; tools/packages.txt lists what is needed"
    local installed
    # shellcheck disable=SC2046
    installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' $(packages "$@") 2> /dev/null |
        sed -n 's/^installed //p')
    packages "$@" | grep -vxF -f <(echo "$installed") || true
}

# need [GROUP...]: installs what is missing of these groups, or says what to install.
need() {
    local missing
    missing=$(missing_packages "$@" | tr '\n' ' ')
    [ -n "$missing" ] || return 0
    is_root || die "missing packages: install them with
    sudo apt-get install --no-install-recommends $missing
or let ./dev do it: sudo ./dev deps $*"
    say "installing $missing"
    # The lists may be missing or old: then once more, with what apt says.
    # shellcheck disable=SC2086
    apt_install $missing 2> /dev/null || { apt-get -qq update && apt_install $missing; } ||
        die "apt-get could not install: $missing"
}
apt_install() {
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -qq -o Dpkg::Use-Pty=0 "$@" > /dev/null
}

# bpf_problem: why this shell cannot load BPF programs; nothing when it probably can.
bpf_problem() {
    local caps
    is_root || { echo "not root (uid $(id -u)): try sudo"; return; }
    [ -r /sys/kernel/btf/vmlinux ] || { echo "this kernel has no BTF (/sys/kernel/btf/vmlinux)"; return; }
    caps=$((16#$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)))
    # CAP_BPF 39 and CAP_PERFMON 38, or CAP_SYS_ADMIN 21 (capabilities(7))
    if [ $((caps >> 21 & 1)) = 0 ] && { [ $((caps >> 39 & 1)) = 0 ] || [ $((caps >> 38 & 1)) = 0 ]; }; then
        echo "this root has neither CAP_SYS_ADMIN nor CAP_BPF with CAP_PERFMON (an ordinary container?)"
        return
    fi
    [ "$(sed -n 's/.*\[\(.*\)\].*/\1/p' /sys/kernel/security/lockdown 2> /dev/null)" != confidentiality ] ||
        echo "the kernel is locked down (confidentiality): BPF cannot read kernel memory"
}
