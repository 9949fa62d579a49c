#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# From one version to the next and back, while files are opened all the time: what is not in the alerts happened while
# nobody watched, and the agent says how long that was.
# shellcheck disable=SC1091,SC2016,SC2034,SC2317
. /srv/test/checks.sh
older=$(basename /srv/debs/vedette_*[0-9]_all.deb | cut -d_ -f2)
said() { journalctl -o short-unix --no-pager -u "vedette-$1" | grep -F "$2" | awk '{print $1}'; }
# pair_is VERSION: the agent says it of itself and of the probe
pair_is() { [ "$(agent status -j | tr -d ' \n' | grep -oF "\"version\":\"$1\"" | wc -l)" -ge 2 ]; }

dpkg -i /srv/debs/*[0-9]_*.deb > /root/dpkg.log 2>&1 < /dev/null || { cat /root/dpkg.log; exit 1; }
alerts_of_marks 60000
check "the older version runs" 'soon connected && soon "rule_loaded mark"'
token=$(sha256sum /var/lib/vedette/auth_token)

# shellcheck disable=SC2188
load() {
    for ((i = 1; i <= 60000; i++)); do
        [ -e /srv/enough ] && break
        printf '%s %s\n' "$EPOCHREALTIME" "$i"
        < "/srv/marks/$i"
        read -rt 0.002 <> <(:)
    done > /srv/opened
}
load &
load=$!
sleep 3
check "the upgrade installs" 'dpkg -i /srv/debs/*+next_*.deb > /root/dpkg.log 2>&1 < /dev/null'
check "the newer version runs" 'soon connected && soon "pair_is $older+next"'
sleep 3
check "the rollback installs" 'dpkg -i /srv/debs/*[0-9]_*.deb > /root/dpkg.log 2>&1 < /dev/null'
check "the older version runs again" 'soon connected && soon "pair_is $older"'
sleep 3
touch /srv/enough
wait "$load"
last=$(tail -n 1 /srv/opened | cut -d' ' -f2)
check "the load went on all the time" '[ "$last" -gt 1000 ]'
soon '[ "$(marks_seen "$last" "$last")" = 1 ]'
sleep 2

grep -oh '"path":"/srv/marks/[0-9]*"' /var/log/vedette/alerts.json* | tr -dc '0-9\n' | sort -u > /srv/seen
# Nobody watches from the signal to the old probe to the ready of the new one.
paste -d' ' <(said system-probe "Terminated received") <(said system-probe "ready: records" | tail -n +2) > /srv/gaps
awk 'FILENAME == "/srv/seen" { seen[$1] = 1; next }
     FILENAME == "/srv/gaps" { from[++gaps] = $1; to[gaps] = $2; next }
     $2 in seen { next }
     { missing++; for (g = 1; g <= gaps; g++) if ($1 >= from[g] - 0.01 && $1 <= to[g] + 0.01) { inside++; break } }
     END { printf "opened %d, alerts %d, ", FNR, length(seen)
           printf "missing %d, of these %d while no probe watched\n", missing, inside
           exit missing != inside }' /srv/seen /srv/gaps /srv/opened
check "every event that is missing happened while no probe watched" "[ $? = 0 ]"
awk '{ print "unwatched for", $2 - $1, "s" }' /srv/gaps
check "two restarts of the probe, each short" '[ "$(awk "\$2 - \$1 < 20" /srv/gaps | wc -l)" = 2 ]'
check "the agent says how long nobody watched" '[ "$(said security-agent "nobody watched" | wc -l)" -ge 1 ]'
check "nothing else was lost" 'agent status -j | tr -d " \n" | grep -q "\"lost\":{}"'
check "token, settings and rules are carried over" '[ "$(sha256sum /var/lib/vedette/auth_token)" = "$token" ] &&
    grep -q alerts.json /etc/vedette/vedette.yaml && rule_loaded mark'
exit "${fail:-1}"
