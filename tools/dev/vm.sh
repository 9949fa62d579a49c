# vm: the pair on another kernel, in a virtual machine
#
# usage: ./dev vm [--kernel VERSION | --matrix] [--build DIR] [-- PYTEST OPTION...]
#
# Boots a Debian cloud kernel in QEMU (software emulation, no KVM needed), starts the pair on it with the trampoline
# backend and checks that exec, open and connect come out as alerts. Kernels are fetched with apt into
# VEDETTE_CACHE (default /var/cache/vedette-test) and not installed.
#
#   --kernel VERSION  5.10, 6.1 (the default), 6.12, 6.18 or 7.3, as tests/support/vm/kernel-get takes it
#   --matrix          all of these, one after the other
# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
: "${top:?is set by ./dev}"

# shellcheck source=tools/dev/test.sh
. "$top/tools/dev/test.sh"

cmd_vm() {
    local rest=()
    while [ $# -gt 0 ]; do
        case $1 in
            --kernel)
                [ $# -gt 1 ] || die "--kernel needs a version, e.g. 6.1"
                export VEDETTE_VM_KERNELS=$2
                shift
                ;;
            --matrix) export VEDETTE_VM_KERNELS="5.10 6.1 6.12 6.18 7.3" ;;
            *) rest+=("$1") ;;
        esac
        shift
    done
    cmd_test vm "${rest[@]}"
}
