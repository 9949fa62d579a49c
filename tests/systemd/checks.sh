# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What the scripts share that run inside the machine of systemd-run-ns. Each check says "ok NAME" or "FAIL NAME: what
# was tried"; the names are tests of test_units.py.
# shellcheck disable=SC2034
fail=0
patience=100
! systemd-detect-virt -q --vm || patience=600
check() {
    if eval "$2"; then
        echo "ok $1"
    else
        echo "FAIL $1: $2"
        fail=1
    fi
}
# soon CONDITION: within 20 seconds, in an emulated machine within two minutes
soon() {
    for _ in $(seq $patience); do
        eval "$1" && return 0
        sleep 0.2
    done
    return 1
}
property() { systemctl show -P "$1" "vedette-$2"; }
pid() { property MainPID "$1"; }
active() { systemctl is-active -q "vedette-$1"; }
capabilities() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$(pid "$1")/status"; }
agent() { setpriv --reuid vedette --regid vedette --clear-groups security-agent "$@"; }
# as_other COMMAND...: as a local user who has nothing to do with Vedette
as_other() { setpriv --reuid nobody --regid nogroup --clear-groups "$@"; }
refused() { ! as_other "$@" > /dev/null 2>&1; }
started_again() { [ "$(pid "$1")" != 0 ] && [ "$(pid "$1")" != "$2" ]; }
connected() { agent status -j 2> /dev/null | tr -d ' \n' | grep -q '"connected":true'; }
alerts() { journalctl -u vedette-security-agent -o cat --no-pager | grep -c "\"rule_id\":\"$1\""; }
rule_loaded() { journalctl -b -u vedette-security-agent -o cat --no-pager | grep -q "\"id\":\"$1\""; }

# alerts_of_marks COUNT: as many files whose opens are alerts, told apart by name, in a file of settings of one's own
alerts_of_marks() {
    mkdir -p /srv/marks && (cd /srv/marks && touch $(seq "$1"))
    cat >> /etc/vedette/vedette.yaml << 'YAML'
outputs:
  file: {path: /var/log/vedette/alerts.json}
runtime_security_config:
  event_server: {burst: 1000000, rate: 1000000}
  hash_resolver: {enabled: false}
YAML
    cat > /etc/vedette/runtime-security.d/marks.policy << 'POLICY'
rules:
  - id: mark
    expression: open.file.path =~ "/srv/marks/*" && open.retval >= 0
POLICY
    systemctl restart vedette-security-agent
}

# open_marks FIRST LAST: one open of each file, told apart by name
open_marks() {
    local i
    # shellcheck disable=SC2188
    for ((i = $1; i <= $2; i++)); do < "/srv/marks/$i"; done
}
# marks_seen FIRST LAST: how many of them are in alerts, each counted once
marks_seen() {
    grep -oh '"path":"/srv/marks/[0-9]*"' /var/log/vedette/alerts.json* | tr -dc '0-9\n' |
        awk -v first="$1" -v last="$2" '$1 >= first && $1 <= last' | sort -u | wc -l
}

# files_of_the_system: names of all files that a package could have left
files_of_the_system() {
    find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /test -o -path /tmp -o -path /srv -o -path /root \
        -o -path /run/systemd -o -path /run/log -o -path /var/log/journal -o -path /var/lib/dpkg \
        -o -path /var/cache/ldconfig -o -path /var/lib/systemd -o -path /var/tmp \) -prune -o -print
    find /run -path /run/systemd -prune -o -path /run/log -prune -o -print
    find /etc/systemd /var/lib/systemd/deb-systemd-helper* /var/lib/dpkg/info -name '*vedette*' 2> /dev/null
}
