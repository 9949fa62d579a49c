#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# syscall_names.sh native|compat COMPILER...: {"name", number}, of every system call of the kernel's headers
set -eu
entry=$1
shift
case $entry in
    native) header='<asm/unistd.h>' ;;
    compat) header='<asm/unistd_32.h>' ;; # x86; the headers of arm64 have no numbers of arm
esac
printf '#if __has_include(%s)\n#include %s\n#endif\n' "$header" "$header" | "$@" -E -dM -x c - |
    sed -n -E 's/^#define __NR(3264)?_([a-z0-9_]*) ([0-9]*)$/{"\2", \3},/p' | sort
