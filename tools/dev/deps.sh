# deps: install the Debian packages that building, testing and checking need
#
# usage: ./dev deps [--list | --missing] [GROUP...]
#
# Installs the packages of tools/packages.txt: all of them, or those of the groups that are named (build, test, lint,
# docs ...: the first word of each line there). Does nothing when all are there. Without root it says what to install.
#
#   --list      print the package names and stop
#   --missing   print those that are not installed and stop
# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
: "${top:?is set by ./dev}"

cmd_deps() {
    local mode=install groups=() word
    for word in "$@"; do
        case $word in
            --list) mode=list ;;
            --missing) mode=missing ;;
            *)
                [ -n "$(packages "$word")" ] || wrong_option deps "$word"
                groups+=("$word")
                ;;
        esac
    done
    case $mode in
        list) packages "${groups[@]}" ;;
        missing) missing_packages "${groups[@]}" ;;
        install) need "${groups[@]}" && say "all packages are installed" ;;
    esac
}
