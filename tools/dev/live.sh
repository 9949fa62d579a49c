# live: the tests on this machine's kernel
#
# usage: ./dev live [--build DIR] [-- PYTEST OPTION...]
#
# The same as ./dev test live: every event type by one real act and one asserted alert, the default policy, the exec
# burst. Needs root and BPF. For one test: ./dev live -- -k shadow
# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
: "${top:?is set by ./dev}"

# shellcheck source=tools/dev/test.sh
. "$top/tools/dev/test.sh"
cmd_live() { cmd_test live "$@"; }
