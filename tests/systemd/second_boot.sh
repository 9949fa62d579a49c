#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The same machine after a reboot, and what the packages leave.
# shellcheck disable=SC1091,SC2016,SC2034,SC2317
. /srv/test/checks.sh
check "both units run after a reboot" 'soon "active system-probe && active security-agent"'
check "the agent starts after the probe" \
    '[ "$(property ActiveEnterTimestampMonotonic security-agent)" -ge \
       "$(property ActiveEnterTimestampMonotonic system-probe)" ]'
check "rules of one's own are in force after a reboot" 'soon connected && soon "rule_loaded mark2"'
check "events come after a reboot" 'open_marks 4001 4100 && soon "[ \$(marks_seen 4001 4100) = 100 ]"'

check "the packages can be removed" 'dpkg -r vedette vedette-security-agent vedette-system-probe > /root/dpkg.log 2>&1'
check "removed, nothing runs" '! pgrep -x system-probe && ! pgrep -x security-agent && [ ! -e /run/vedette ]'
check "removed, settings, rules, token and alerts are kept" \
    '[ -s /etc/vedette/vedette.yaml ] && [ -s /etc/vedette/runtime-security.d/marks.policy ] &&
     [ -s /var/lib/vedette/auth_token ] && [ -s /var/log/vedette/alerts.json ]'
check "installed again, all of that is in use" \
    'dpkg -i /srv/debs/*.deb > /root/dpkg.log 2>&1 < /dev/null && soon connected &&
     open_marks 4101 4200 && soon "[ \$(marks_seen 4101 4200) = 100 ]"'
check "the packages can be purged" 'dpkg -P vedette vedette-security-agent vedette-system-probe > /root/dpkg.log 2>&1'
files_of_the_system | sort -u > /root/after
check "purged, no file is left" '! comm -13 /root/before /root/after | grep -v "^/var/log/dpkg.log$"'
check "purged, only the locked user is left" 'getent passwd vedette | grep -q ":/usr/sbin/nologin$" &&
    getent shadow vedette | grep -q "^vedette:!"'
exit "${fail:-1}"
