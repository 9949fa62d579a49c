// SPDX-License-Identifier: Apache-2.0
//
// Every setting of both daemons. Sorted by key; the reference page and the example files are made from this.
#include <algorithm>
#include <array>

#include "common/config/settings.h"

namespace vedette {
namespace {

using enum SettingType;

constexpr int64_t kMiB = 1 << 20;
constexpr int64_t kSecond = 1'000'000'000;

constexpr SettingDef kTable[] = {
    {.key = "auth_token_file_path",
     .type = kString,
     .default_value = "",
     .help = "File with the session token of the API; empty: auth_token in state_dir."},
    {.key = "cmd_host",
     .type = kString,
     .default_value = "127.0.0.1",
     .help = "Address the API listens on."},
    {.key = "container_runtimes.labels_as_tags",
     .type = kStringList,
     .default_value = "[]",
     .help = "Labels of containers and pods that become tags of the same name; '*' takes all."},
    {.key = "container_runtimes.refresh",
     .type = kDuration,
     .default_value = "30s",
     .help = "How often the probe looks which containers run; a new one is asked about at once.",
     .min = kSecond,
     .max = 3600 * kSecond},
    {.key = "container_runtimes.sockets",
     .type = kStringList,
     .default_value = "[/run/containerd/containerd.sock, /run/crio/crio.sock, "
                      "/run/k3s/containerd/containerd.sock, /run/docker.sock, "
                      "/run/podman/podman.sock]",
     .help = "Sockets of container runtimes that the probe asks about containers: Docker's or "
             "Podman's API, or CRI. Those that are not there are left alone; empty: none."},
    {.key = "core_dumps",
     .type = kBool,
     .default_value = "false",
     .help = "Let the kernel keep a core dump when the process crashes; it holds command lines of "
             "others. The unit's "
             "LimitCORE must allow it."},
    {.key = "event_monitoring_config.envs_with_value",
     .type = kStringList,
     .default_value = "[LD_PRELOAD, LD_LIBRARY_PATH, PATH, HISTSIZE, HISTFILESIZE, GLIBC_TUNABLES, "
                      "SSH_CLIENT, OTEL_SERVICE_NAME, CLAUDECODE, RUNNER_TRACKING_ID]",
     .help = "Environment variables whose value is collected at exec; of others only the name is."},
    {.key = "event_monitoring_config.network.flow_monitor.period",
     .type = kDuration,
     .default_value = "10s",
     .help = "How often the traffic of flows is reported, while a rule asks for it.",
     .min = kSecond,
     .max = 3600 * kSecond},
    {.key = "event_monitoring_config.network.private_ip_ranges",
     .type = kStringList,
     .default_value =
         "[10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 0.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, "
         "169.254.0.0/16, 192.0.0.0/24, 192.0.2.0/24, 192.88.99.0/24, 198.18.0.0/15, "
         "198.51.100.0/24, 203.0.113.0/24, 224.0.0.0/4, 240.0.0.0/4, '::/128', '::1/128', "
         "'fc00::/7', 'fe80::/10', 'ff00::/8', '2001:db8::/32']",
     .help = "Networks that the is_public fields do not count as public."},
    {.key = "event_monitoring_config.network.raw_packet.limiter_rate",
     .type = kInt,
     .default_value = "10",
     .help = "Events a second that one packet filter may make; packets beyond it are counted.",
     .min = 1,
     .max = 1'000'000},
    {.key = "hostname",
     .type = kString,
     .default_value = "",
     .help = "Name of this host in alerts; empty: asked from the system."},
    {.key = "ipc_cert_file_path",
     .type = kString,
     .default_value = "",
     .help = "Certificate and key of the API; empty: ipc_cert.pem in state_dir."},
    {.key = "log_file",
     .type = kString,
     .default_value = "",
     .help = "Log file; empty: no file. SIGHUP opens it again."},
    {.key = "log_format_json",
     .type = kBool,
     .default_value = "false",
     .help = "Log one JSON object a line."},
    {.key = "log_level",
     .type = kString,
     .default_value = "info",
     .help = "How much is logged.",
     .runtime = true,
     .choices = "trace|debug|info|warn|error|critical|off"},
    {.key = "log_to_console",
     .type = kBool,
     .default_value = "true",
     .help = "Log to standard error."},
    {.key = "outputs.file.max_size",
     .type = kBytes,
     .default_value = "64MiB",
     .help = "Size at which the alert file is rotated.",
     .min = kMiB},
    {.key = "outputs.file.path",
     .type = kString,
     .default_value = "",
     .help = "File for alerts, one JSON object a line; empty: none."},
    {.key = "outputs.stdout",
     .type = kBool,
     .default_value = "true",
     .help = "Write alerts to standard output, one JSON object a line."},
    {.key = "run_dir",
     .type = kString,
     .default_value = "/run/vedette",
     .help = "Directory of sockets."},
    {.key = "runtime_security_config.cmd_socket",
     .type = kString,
     .default_value = "",
     .help = "Socket on which the probe takes commands; empty: cmd.sock in run_dir."},
    {.key = "runtime_security_config.emulated_version",
     .type = kString,
     .default_value = "7.83.0",
     .help =
         "Version of the reference that agent_version constraints of policies are tested against."},
    {.key = "runtime_security_config.enabled",
     .type = kBool,
     .default_value = "true",
     .help = "Watch this host. When false both daemons exit at once, with success."},
    {.key = "runtime_security_config.event_server.burst",
     .type = kInt,
     .default_value = "40",
     .help = "Alerts of one rule that may come at once before its rate limit holds.",
     .min = 1,
     .max = 1'000'000},
    {.key = "runtime_security_config.event_server.rate",
     .type = kInt,
     .default_value = "10",
     .help = "Alerts of one rule per second.",
     .min = 1,
     .max = 1'000'000},
    {.key = "runtime_security_config.file_metadata_resolver.enabled",
     .type = kBool,
     .default_value = "false",
     .help = "Look into programs for exec.file.metadata.*: kind, machine, packer."},
    {.key = "runtime_security_config.hash_resolver.cache_size",
     .type = kInt,
     .default_value = "500",
     .help = "Files whose hashes are kept.",
     .min = 0,
     .max = 1'000'000},
    {.key = "runtime_security_config.hash_resolver.enabled",
     .type = kBool,
     .default_value = "true",
     .help = "Hash files: for alerts, for rules that read hashes, and for the action 'hash'."},
    {.key = "runtime_security_config.hash_resolver.event_types",
     .type = kStringList,
     .default_value = "[exec, open]",
     .help = "Event types whose alerts have the hashes of their file."},
    {.key = "runtime_security_config.hash_resolver.hash_algorithms",
     .type = kStringList,
     .default_value = "[sha1, sha256, ssdeep]",
     .help = "Hashes that are made of a file: md5, sha1, sha256, ssdeep."},
    {.key = "runtime_security_config.hash_resolver.max_file_size",
     .type = kBytes,
     .default_value = "5MiB",
     .help = "Larger files are not hashed.",
     .min = 0,
     .max = 1024 * kMiB},
    {.key = "runtime_security_config.hash_resolver.max_hash_rate",
     .type = kInt,
     .default_value = "500",
     .help = "Files that are hashed per second.",
     .min = 0,
     .max = 1'000'000},
    {.key = "runtime_security_config.package_resolver.enabled",
     .type = kBool,
     .default_value = "false",
     .help = "Alerts say which package brought the program or file. Rules that read package fields "
             "get them without it."},
    {.key = "runtime_security_config.policies.dir",
     .type = kString,
     .default_value = "/etc/vedette/runtime-security.d",
     .help = "Directory of *.policy files."},
    {.key = "runtime_security_config.policies.watch_debounce",
     .type = kDuration,
     .default_value = "5s",
     .help = "How long changed policies are left to settle before they are loaded.",
     .min = kSecond / 100,
     .max = 3600 * kSecond},
    {.key = "runtime_security_config.policies.watch_dir",
     .type = kBool,
     .default_value = "true",
     .help = "Load policies again when their files change; when false on SIGHUP and by command."},
    {.key = "runtime_security_config.self_test.enabled",
     .type = kBool,
     .default_value = "true",
     .help = "Prove soon after the start and then hourly that events come through."},
    {.key = "runtime_security_config.self_test.send_report",
     .type = kBool,
     .default_value = "true",
     .help = "Write the outcome of each self-test as an event."},
    {.key = "runtime_security_config.socket",
     .type = kString,
     .default_value = "",
     .help = "Socket on which the probe serves events; empty: events.sock in run_dir."},
    {.key = "runtime_security_config.user_sessions.ssh.enabled",
     .type = kBool,
     .default_value = "true",
     .help = "Tell which processes belong to whose ssh session."},
    {.key = "runtime_security_config.user_sessions.ssh.log_files",
     .type = kStringList,
     .default_value = "[/var/log/auth.log, /var/log/secure]",
     .help = "System logs in which sshd says how a client proved who it is."},
    {.key = "runtime_security_config.variables.max_bytes",
     .type = kBytes,
     .default_value = "16MiB",
     .help = "Memory of the variables that rules set; the scopes used longest ago go first.",
     .min = kMiB / 16,
     .max = 4096 * kMiB},
    {.key = "scrubber.additional_keys",
     .type = kStringList,
     .default_value = "[]",
     .help = "Names of values that flares must not show, besides password, token, secret and their "
             "like."},
    {.key = "security_agent.cmd_port",
     .type = kInt,
     .default_value = "5010",
     .help = "Port of the API; 0: any free one.",
     .min = 0,
     .max = 65535},
    {.key = "security_agent.expvar_port",
     .type = kInt,
     .default_value = "5011",
     .help = "Port of telemetry on 127.0.0.1; 0: any free one.",
     .min = 0,
     .max = 65535},
    {.key = "security_agent.internal_profiling.enabled",
     .type = kBool,
     .default_value = "false",
     .help = "Answer /debug/profile: where the agent spends its CPU time, to anybody on this host.",
     .runtime = true},
    {.key = "server_timeout",
     .type = kDuration,
     .default_value = "30s",
     .help = "How long a client of the API waits for an answer.",
     .min = kSecond,
     .max = 3600 * kSecond},
    {.key = "state_dir",
     .type = kString,
     .default_value = "/var/lib/vedette",
     .help = "Directory of what must survive a restart."},
    {.key = "system_probe_config.agent_user",
     .type = kString,
     .default_value = "vedette",
     .help = "User the agent runs as: besides root the only one the probe talks to."},
    {.key = "system_probe_config.backend",
     .type = kString,
     .default_value = "auto",
     .help = "Kernel hooks to use; auto takes the best that attach.",
     .choices = "auto|tracepoint|trampoline"},
    {.key = "system_probe_config.bpf_stats",
     .type = kBool,
     .default_value = "false",
     .help = "Have the kernel count what the BPF programs cost, for `security-agent top`: it then "
             "reads a clock twice a run. As sysctl kernel.bpf_stats_enabled."},
    {.key = "system_probe_config.disabled_programs",
     .type = kStringList,
     .default_value = "[]",
     .help = "BPF programs to do without, by the names that `system-probe check` shows: for a "
             "kernel on which one does harm."},
    {.key = "system_probe_config.kernel_filters",
     .type = kBool,
     .default_value = "true",
     .help = "Let the kernel drop events that no rule can match. Without it only whole event types "
             "are left out."},
    {.key = "system_probe_config.process_cache_size",
     .type = kBytes,
     .default_value = "32MiB",
     .help = "Memory for the process tree.",
     .min = kMiB,
     .max = 4096 * kMiB},
    {.key = "system_probe_config.record",
     .type = kString,
     .default_value = "",
     .help = "File to which kernel records are copied, for replay."},
    {.key = "system_probe_config.replay",
     .type = kString,
     .default_value = "",
     .help = "File of recorded kernel records to read instead of the kernel."},
    {.key = "system_probe_config.reserved_ring_buffer_size",
     .type = kBytes,
     .default_value = "4MiB",
     .help = "Ring buffer of its own for processes, credentials, modules, mounts, signals and the "
             "like, which no flood of other events fills; a power of two.",
     .min = 64 << 10,
     .max = 1024 * kMiB},
    {.key = "system_probe_config.ring_buffer_size",
     .type = kBytes,
     .default_value = "8MiB",
     .help = "Ring buffer shared with the kernel; a power of two.",
     .min = 64 << 10,
     .max = 1024 * kMiB},
    {.key = "system_probe_config.stream_buffer_size",
     .type = kBytes,
     .default_value = "16MiB",
     .help = "Events kept while no agent takes them.",
     .min = kMiB,
     .max = 4096 * kMiB},
    {.key = "telemetry.enabled",
     .type = kBool,
     .default_value = "true",
     .help = "Serve Prometheus metrics."},
    {.key = "telemetry.listen_host",
     .type = kString,
     .default_value = "",
     .help = "Address on which other machines, or the kubelet, may also ask for /telemetry, /live "
             "and /ready, and for nothing else; without TLS or a token. Empty: none."},
    {.key = "telemetry.listen_port",
     .type = kInt,
     .default_value = "5012",
     .help = "Port on that address.",
     .min = 0,
     .max = 65535},
};

constexpr bool sorted_and_unique() {
    for (size_t i = 1; i < std::size(kTable); ++i)
        if (kTable[i - 1].key >= kTable[i].key)
            return false;
    return true;
}
static_assert(sorted_and_unique());

/// Levenshtein distance; keys are short.
size_t distance(std::string_view a, std::string_view b) {
    std::vector<size_t> row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const size_t above = row[j];
            row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
            diagonal = above;
        }
    }
    return row.back();
}

std::string_view last_element(std::string_view key) {
    return key.substr(key.rfind('.') + 1);
}

}  // namespace

std::span<const SettingDef> settings_table() {
    return kTable;
}

const SettingDef* find_setting(std::string_view key) {
    const auto it = std::lower_bound(
        std::begin(kTable), std::end(kTable), key,
        [](const SettingDef& def, std::string_view wanted) { return def.key < wanted; });
    return it != std::end(kTable) && it->key == key ? it : nullptr;
}

std::string nearest_setting(std::string_view key) {
    if (key.size() > 200)
        return {};
    const SettingDef* best = nullptr;
    size_t best_distance = std::max<size_t>(2, key.size() / 4) + 1;
    for (const auto& def : kTable) {
        // The right name in the wrong place ("cmd_port" at the top level) is as near as one typing error.
        const size_t d = last_element(def.key) == last_element(key) ? 1 : distance(def.key, key);
        if (d < best_distance) {
            best = &def;
            best_distance = d;
        }
    }
    return best ? fmt::format("; did you mean '{}'?", best->key) : std::string();
}

}  // namespace vedette
