#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The packages, from `dpkg -i` on a machine that has never seen them.
# shellcheck disable=SC1091,SC2016,SC2034,SC2317
. /srv/test/checks.sh
# A container runtime of root's, as far as a listener can be one.
mkdir /run/podman
perl -MIO::Socket::UNIX -e 'my $socket = IO::Socket::UNIX->new(Local => "/run/podman/podman.sock", Listen => 5) or die;
    my $caller = $socket->accept; open(my $asked, ">", "/srv/asked"); print $asked scalar <$caller>;' &
files_of_the_system | sort -u > /root/before

check "the packages install" 'dpkg -i /srv/debs/*.deb > /root/dpkg.log 2>&1 || { cat /root/dpkg.log; false; }'
check "both units run after the installation" 'soon "active system-probe && active security-agent"'
check "both units are enabled" 'systemctl is-enabled -q vedette-system-probe vedette-security-agent'
check "files are as the packages made them" '[ -z "$(dpkg -V vedette vedette-system-probe vedette-security-agent)" ]'
check "directories are closed" '[ "$(stat -c %U:%G:%a /run/vedette /var/lib/vedette /var/log/vedette | paste -sd" ")" = \
    "root:root:755 vedette:vedette:750 vedette:vedette:750" ]'
check "sockets are the agent's" '[ "$(stat -c %U:%G:%a /run/vedette/*.sock | sort -u)" = root:vedette:660 ]'
check "manual pages and completions are there" '[ -s /usr/share/bash-completion/completions/security-agent ] &&
    [ -s /usr/share/zsh/vendor-completions/_system-probe ] && dpkg -L vedette-security-agent | grep -q "vedette.yaml.5.gz"'
check "the agent is an ordinary user" '[ "$(stat -c %U "/proc/$(pid security-agent)")" = vedette ]'
check "the agent has no capability" '[ "$(capabilities security-agent CapBnd)" = 0000000000000000 ]'
check "the probe has dropped its capabilities" '[ "$(capabilities system-probe CapEff)" = 0000000000000000 ]'
# CAP_NET_ADMIN 12, SYS_PTRACE 19, DAC_READ_SEARCH 2, PERFMON 38, BPF 39
check "the probe could have five and no more" '[ "$(capabilities system-probe CapBnd)" = 000000c000081004 ]'
check "both have a seccomp filter" \
    'grep -q "^Seccomp:.2" "/proc/$(pid system-probe)/status" &&
     grep -q "^Seccomp:.2" "/proc/$(pid security-agent)/status"'
check "the agent is connected" 'soon connected'
check "the units' system call filters refuse nothing that is needed" \
    '! journalctl --no-pager -o cat -u vedette-system-probe -u vedette-security-agent | grep -E "seccomp|not permitted"'
check "the probe asks container runtimes" 'soon "grep -q ^GET /srv/asked"'
check "the default rules are in force" 'agent status | grep -q default'
check "the API answers with the token" 'agent version --remote | grep -q "\"Major\""'

# Who is given the token and the certificate by root may ask; nobody else.
install -d -o nobody -g nogroup -m 700 /srv/other
check "without the token nobody else reads the status" 'refused security-agent status'
install -o nobody -g nogroup -m 600 /var/lib/vedette/auth_token /var/lib/vedette/ipc_cert.pem /srv/other
check "another user with the token reads the status" \
    'as_other env VEDETTE_AUTH_TOKEN_FILE_PATH=/srv/other/auth_token VEDETTE_IPC_CERT_FILE_PATH=/srv/other/ipc_cert.pem \
        security-agent status | grep -q connected'
rm -r /srv/other
check "the token is the agent's alone" '[ "$(stat -c %U:%a /var/lib/vedette/auth_token)" = vedette:600 ] &&
    refused cat /var/lib/vedette/auth_token && refused cat /var/lib/vedette/ipc_cert.pem'
check "nobody else connects to the sockets" \
    '(for socket in events cmd; do refused perl -MIO::Socket::UNIX -e "IO::Socket::UNIX->new(shift) or exit 1" \
        /run/vedette/$socket.sock || exit 1; done)'
check "root connects to the sockets, so that test can fail" \
    'perl -MIO::Socket::UNIX -e "IO::Socket::UNIX->new(shift) or exit 1" /run/vedette/cmd.sock'
check "nobody else writes policies, settings, sockets, state or alerts" \
    '(for place in /etc/vedette/runtime-security.d/x.policy /etc/vedette/vedette.yaml /etc/vedette/system-probe.yaml \
        /run/vedette/x /var/lib/vedette/x /var/log/vedette/x; do refused bash -c "echo >> $place" || exit 1; done)'
check "nobody else stops them" 'refused kill -9 "$(pid security-agent)" && refused kill -9 "$(pid system-probe)" &&
    active system-probe && active security-agent'

act openat /etc/shadow > /dev/null
check "an alert arrives in the journal" 'soon "[ \$(alerts credential_shadow_read) -ge 1 ]"'
check "the self-test passes with the units' restrictions" 'soon "agent runtime self-test | grep -q \"self test: OK\""'
check "doctor finds nothing wrong" \
    'agent doctor > /root/doctor 2>&1; grep -q " 0 failures" /root/doctor || { cat /root/doctor; false; }'
check "a flare is made" 'cd /tmp && agent flare > /root/flare 2>&1 || { cat /root/flare; false; }'

# Settings of one's own, in the packaged file; and a rule whose alerts can be counted one by one.
alerts_of_marks 6000
check "alerts go to a file in the logs directory" 'soon connected && open_marks 1 10 && soon "[ \$(marks_seen 1 10) = 10 ]"'

old=$(pid security-agent)
(open_marks 1001 1500; sleep 1; open_marks 1501 2000) &
load=$!
sleep 0.3
kill -9 "$old"
wait $load
check "a killed agent is started again" 'soon "started_again security-agent $old && connected"'
check "a killed agent misses nothing" 'soon "[ \$(marks_seen 1001 2000) = 1000 ]" || { marks_seen 1001 2000; false; }'

old=$(pid system-probe)
kill -9 "$old"
check "a killed probe is started again" 'soon "started_again system-probe $old && active system-probe"'
check "a started probe misses nothing from its first moment" \
    'open_marks 2001 2500 && soon "[ \$(marks_seen 2001 2500) = 500 ]" || { marks_seen 2001 2500; false; }'
check "the agent survives that and connects again" 'active security-agent && soon connected'
check "the agent says how long nobody watched" \
    'journalctl -u vedette-security-agent -o cat --no-pager | grep -q "nobody watched"'

old=$(pid system-probe)
open_marks 2501 2600
systemctl restart vedette-system-probe
check "an orderly restart of the probe hands over what it held" \
    'soon "[ \$(marks_seen 2501 2600) = 100 ]" || { marks_seen 2501 2600; false; }'
soon connected
systemctl stop vedette-security-agent
open_marks 2601 3000
systemctl start vedette-security-agent
check "what happens while the agent is stopped is kept for it" \
    'soon "[ \$(marks_seen 2601 3000) = 400 ]" || { marks_seen 2601 3000; false; }'

old=$(pid security-agent)
sed -i 's/id: mark$/id: mark2/' /etc/vedette/runtime-security.d/marks.policy
check "reload takes new rules without a restart" \
    'systemctl reload vedette-security-agent vedette-system-probe && soon "rule_loaded mark2" &&
     [ "$(pid security-agent)" = "$old" ]'
mv /var/log/vedette/alerts.json /var/log/vedette/alerts.json-rotated
check "reload opens the alert file again" \
    'systemctl reload vedette-security-agent && soon "[ -e /var/log/vedette/alerts.json ]"'
check "logrotate's way does, too" 'rm /var/log/vedette/alerts.json &&
    sed -n "/postrotate/,/endscript/p" /etc/logrotate.d/vedette-security-agent | sed "1d;\$d" | bash &&
    soon "[ -e /var/log/vedette/alerts.json ]"'

systemctl stop vedette-system-probe
check "the agent runs and reports without the probe" \
    'sleep 1; active security-agent && agent status -j | tr -d " \n" | grep -q "\"connected\":false"'
systemctl start vedette-system-probe
check "and goes on when it is back" 'soon connected'

# The packages once more, over themselves: nothing that somebody changed is lost.
echo exit 101 > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
old=$(pid system-probe)
check "policy-rc.d is obeyed" \
    'dpkg -i /srv/debs/*.deb > /root/dpkg.log 2>&1 < /dev/null && [ "$(pid system-probe)" = "$old" ]'
rm /usr/sbin/policy-rc.d
check "changed settings and rules of one's own stay" \
    'grep -q alerts.json /etc/vedette/vedette.yaml && [ -s /etc/vedette/runtime-security.d/marks.policy ]'

check "settings with a mistake are said and not tried again" \
    'echo "no_such_key: 1" > /etc/vedette/system-probe.yaml; systemctl restart vedette-system-probe 2> /dev/null
     soon "systemctl is-failed -q vedette-system-probe" &&
     journalctl -u vedette-system-probe -o cat --no-pager | grep -q "system-probe.yaml:1.*no_such_key"'
rm /etc/vedette/system-probe.yaml
systemctl start vedette-system-probe
soon connected

systemctl stop vedette-system-probe
system-probe start > /dev/null 2>&1 &
other=$!
check "a start that fails in order is tried again, but not at once" \
    'soon "[ -S /run/vedette/cmd.sock ]" && { systemctl start --no-block vedette-system-probe; sleep 5; } &&
     [ "$(property NRestarts system-probe)" -le 1 ] && ! active system-probe'
kill "$other"
wait "$other"
check "and works once the reason is gone" 'soon "active system-probe && connected"'

# Where there is a memory controller: what the limits of the units are made from.
for unit in system-probe security-agent; do
    peak=/sys/fs/cgroup/system.slice/vedette-$unit.service/memory.peak
    echo "$unit: $(grep -E 'VmHWM|RssAnon' "/proc/$(pid "$unit")/status" | tr -s ' \t\n' ' ')" \
        "cgroup $([ ! -e "$peak" ] || cat "$peak")" | tee -a /test/out/memory.txt
done

check "stop is orderly" \
    'systemctl stop vedette-security-agent vedette-system-probe && [ "$(property Result security-agent)" = success ] &&
     [ "$(property Result system-probe)" = success ]'
check "nothing runs on" \
    '! pgrep -x system-probe && ! pgrep -x security-agent && [ -z "$(find /run/vedette -type s)" ]'
systemd-analyze security --no-pager vedette-system-probe > /test/out/probe.txt 2> /dev/null
systemd-analyze security --no-pager vedette-security-agent > /test/out/agent.txt 2> /dev/null
check "the agent's exposure is at most 2.0" \
    'systemd-analyze security --no-pager --threshold=20 vedette-security-agent > /dev/null 2>&1'
check "the probe's exposure is at most 2.5" \
    'systemd-analyze security --no-pager --threshold=25 vedette-system-probe > /dev/null 2>&1'
tail -qn 1 /test/out/probe.txt /test/out/agent.txt
exit "${fail:-1}"
