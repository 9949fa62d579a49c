# kube: the DaemonSet on a real Kubernetes node, which this makes
#
# usage: ./dev kube [--build DIR] [-- PYTEST OPTION...]
#
# Starts a one-node Kubernetes 1.20 in namespaces of its own (nothing of this machine's network or files is touched), puts
# the images of this build on it, and tests deploy/kubernetes and the chart there: rollout, probes, an alert of another
# pod, rules that change, killed containers, updates, Helm's install, upgrade and uninstall. Needs root and BPF; six
# to ten minutes, and once as many more, because Kubernetes itself is compiled (Debian has its source, but not the
# programs).
#
#   --build DIR  the programs of this build directory as they are
# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
: "${top:?is set by ./dev}"

cmd_kube() {
    local dir='' problem
    while [ $# -gt 0 ]; do
        case $1 in
            --build)
                [ $# -gt 1 ] || die "--build needs a directory; see ./dev kube --help"
                dir=$(readlink -f "$2") && shift
                ;;
            --) shift && break ;;
            *) wrong_option kube "$1" ;;
        esac
        shift
    done
    problem=$(bpf_problem)
    [ -z "$problem" ] || die "no DaemonSet can watch here: $problem"
    need build test pkg kube
    if [ -z "$dir" ]; then
        dir=$top/build
        "$top/dev" build system-probe/system-probe security-agent/security-agent
    fi
    cd "$top" || exit
    VEDETTE_BUILD=$dir PYTHONDONTWRITEBYTECODE=1 exec tests/support/kube/node \
        /usr/bin/python3 -m pytest -c tests/pytest.ini --rootdir=tests tests/kube "$@"
}
