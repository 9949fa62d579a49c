#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs inside the machine that systemd-run-ns boots. Each check says "ok NAME" or "FAIL NAME: what was tried".
# shellcheck disable=SC2016,SC2034,SC2317
fail=0
check() {
    if eval "$2"; then
        echo "ok $1"
    else
        echo "FAIL $1: $2"
        fail=1
    fi
}
# soon CONDITION: within 20 seconds
soon() {
    for _ in $(seq 100); do
        eval "$1" && return 0
        sleep 0.2
    done
    return 1
}
property() { systemctl show -P "$1" "vedette-$2"; }
pid() { property MainPID "$1"; }
capabilities() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$(pid "$1")/status"; }
agent() { setpriv --reuid vedette --regid vedette --clear-groups security-agent "$@"; }
started_again() { [ "$(pid "$1")" != 0 ] && [ "$(pid "$1")" != "$2" ]; }
connected() { agent status -j 2> /dev/null | tr -d ' \n' | grep -q '"connected":true'; }
alerts() { journalctl -u vedette-security-agent -o cat --no-pager | grep -c "\"rule_id\":\"$1\""; }

check "both units start and notify" 'soon "systemctl is-active -q vedette-system-probe && systemctl is-active -q vedette-security-agent"'
check "the agent starts after the probe" \
    '[ "$(property ActiveEnterTimestampMonotonic security-agent)" -ge \
       "$(property ActiveEnterTimestampMonotonic system-probe)" ]'
check "the agent is an ordinary user" '[ "$(stat -c %U "/proc/$(pid security-agent)")" = vedette ]'
check "the agent has no capability" '[ "$(capabilities security-agent CapBnd)" = 0000000000000000 ]'
check "the probe has dropped its capabilities" '[ "$(capabilities system-probe CapEff)" = 0000000000000000 ]'
check "both have a seccomp filter" \
    'grep -q "^Seccomp:.2" "/proc/$(pid system-probe)/status" &&
     grep -q "^Seccomp:.2" "/proc/$(pid security-agent)/status"'
check "the agent is connected" 'soon connected'
check "the API answers with the token" 'agent version --remote | grep -q "\"Major\""'
check "the token is the agent's alone" '[ "$(stat -c %U:%a /var/lib/vedette/auth_token)" = vedette:600 ]'
check "nobody else reads the status" \
    '! setpriv --reuid nobody --regid nogroup --clear-groups security-agent status > /dev/null 2>&1'

act openat /etc/shadow > /dev/null
check "an alert arrives in the journal" 'soon "[ \$(alerts credential_shadow_read) -ge 1 ]"'

check "the self-test passes with the units' restrictions" 'agent runtime self-test | grep -q "self test: OK"'

old=$(pid system-probe)
kill -9 "$old"
check "a killed probe is started again" \
    'soon "started_again system-probe $old && systemctl is-active -q vedette-system-probe"'
check "the agent survives that and connects again" 'systemctl is-active -q vedette-security-agent && soon connected'
before=$(alerts credential_shadow_read)
act openat /etc/shadow > /dev/null
check "alerts go on after the probe came back" 'soon "[ \$(alerts credential_shadow_read) -gt $before ]"'

old=$(pid security-agent)
kill -9 "$old"
check "a killed agent is started again" \
    'soon "started_again security-agent $old && connected"'
before=$(alerts credential_shadow_read)
act openat /etc/shadow > /dev/null
check "alerts go on after the agent came back" 'soon "[ \$(alerts credential_shadow_read) -gt $before ]"'

check "reload is survived" 'systemctl reload vedette-security-agent && sleep 1 && connected'
check "stop is orderly" \
    'systemctl stop vedette-security-agent vedette-system-probe && [ "$(property Result security-agent)" = success ] &&
     [ "$(property Result system-probe)" = success ]'
check "nothing is left behind" \
    '! pgrep -x system-probe && ! pgrep -x security-agent && [ -z "$(find /run/vedette -type s)" ]'
systemd-analyze security --no-pager vedette-system-probe vedette-security-agent 2> /dev/null | tail -n 3
exit $fail
