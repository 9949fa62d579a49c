// SPDX-License-Identifier: Apache-2.0
#include "security-agent/flare/items.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "common/config/paths.h"
#include "common/config/settings.h"
#include "common/os/fd.h"
#include "common/os/host.h"
#include "common/version.h"

extern char** environ;

namespace vedette::flare {
namespace {

/// In the names of such dumps (system-probe/commands/dumps.cpp).
constexpr std::string_view kDumpWithArguments = "process-cache-args-dump-";
constexpr size_t kMaxFiles = 200;
constexpr size_t kMaxKernelFile = 1 << 20;

std::string base_name(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

std::string settings_by_source(const Settings& settings) {
    std::string out;
    for (const auto& def : settings_table()) {
        const auto layers = settings.layers(def.key);
        if (!layers)
            continue;
        out += fmt::format("{}:\n", def.key);
        for (const auto& layer : *layers)
            out +=
                fmt::format("  {} ({}): {}\n", to_string(layer.source), layer.origin, layer.text);
    }
    return out;
}

/// Names of ours and a few that change how programs behave; the rest of the environment is nobody's business.
std::string environment() {
    std::string out;
    for (char** entry = environ; entry && *entry; ++entry) {
        const std::string_view variable(*entry);
        const auto name = variable.substr(0, variable.find('='));
        if (name.starts_with("VEDETTE_") || name == "PATH" || name == "LANG" || name == "TZ" ||
            name == "MALLOC_ARENA_MAX" || name == "INVOCATION_ID" || name == "JOURNAL_STREAM")
            out += fmt::format("{}\n", variable);
    }
    return out;
}

/// "0640 root(0) root(0) 123 path" of a file that matters, or why it cannot be looked at.
std::string permission_line(const std::string& path) {
    struct stat st{};
    if (lstat(path.c_str(), &st) != 0)
        return fmt::format("{}: {}\n", path, strerror(errno));
    const auto owner = find_user(st.st_uid);
    return fmt::format("{:06o} {}({}) gid {} {:>10} {}\n", st.st_mode,
                       owner ? owner->name : std::string("?"), st.st_uid, st.st_gid, st.st_size,
                       path);
}

std::string permissions(const Settings& settings, const FlareOptions& options) {
    std::vector<std::string> paths = {settings.string("run_dir"),
                                      settings.string("state_dir"),
                                      settings.string("runtime_security_config.policies.dir"),
                                      events_socket_path(settings),
                                      command_socket_path(settings),
                                      auth_token_path(settings),
                                      ipc_cert_path(settings)};
    paths.insert(paths.end(), settings.files().begin(), settings.files().end());
    paths.insert(paths.end(), options.log_files.begin(), options.log_files.end());
    std::string out;
    for (const auto& path : paths)
        out += permission_line(path);
    return out;
}

std::string about() {
    const auto kernel = kernel_info();
    return fmt::format(
        "version: {}\ncommit: {}\nkernel: {}\nkernel version: {}\narch: {}\n"
        "distribution: {}\nuid: {}\n",
        version().text, version().commit, kernel.release, kernel.version, kernel.machine,
        distribution_name(), geteuid());
}

/// What the kernel was built with, as far as it concerns us; distributions leave it in /boot.
Result<std::string> build_options(const std::string& path) {
    const auto text = read_file(path, kMaxKernelFile);
    if (!text)
        return tl::unexpected<Error>(text.error());
    std::string out;
    for (size_t at = 0; at < text->size();) {
        const size_t end = std::min(text->find('\n', at), text->size());
        const auto line = std::string_view(*text).substr(at, end - at);
        for (const char* word : {"BPF", "BTF", "LSM", "FTRACE", "KPROBE", "LOCKDOWN", "CGROUPS"})
            if (line.find(word) != std::string_view::npos) {
                out += fmt::format("{}\n", line);
                break;
            }
        at = end + 1;
    }
    return out;
}

void add_kernel(std::vector<Item>& items, const FlareOptions& options) {
    const auto file = [&](const std::string& name, const std::string& path) {
        items.push_back({"kernel/" + name, [path] { return read_file(path, kMaxKernelFile); }});
    };
    file("cmdline", options.proc_root + "/cmdline");
    file("mountinfo", options.proc_root + "/1/mountinfo");
    file("agent-status", options.proc_root + "/self/status");
    file("agent-limits", options.proc_root + "/self/limits");
    file("unprivileged_bpf_disabled", options.proc_root + "/sys/kernel/unprivileged_bpf_disabled");
    file("bpf_jit_enable", options.proc_root + "/sys/net/core/bpf_jit_enable");
    file("perf_event_paranoid", options.proc_root + "/sys/kernel/perf_event_paranoid");
    file("kptr_restrict", options.proc_root + "/sys/kernel/kptr_restrict");
    file("lockdown", options.sys_root + "/kernel/security/lockdown");
    file("lsm", options.sys_root + "/kernel/security/lsm");
    file("filesystems", options.proc_root + "/filesystems");
    file("modules", options.proc_root + "/modules");
    file("bpf-stats", options.proc_root + "/sys/kernel/bpf_stats_enabled");
    items.push_back({"kernel/build-options", [path = "/boot/config-" + kernel_info().release] {
                         return build_options(path);
                     }});
    items.push_back({"kernel/btf", [path = options.sys_root + "/kernel/btf/vmlinux"] {
                         struct stat st{};
                         Result<std::string> text("missing\n");
                         if (stat(path.c_str(), &st) == 0)
                             text = fmt::format("{}: {} bytes\n", path, st.st_size);
                         return text;
                     }});
}

/// Regular files of a directory; links are skipped: they could lead anywhere.
std::vector<std::filesystem::path> files_in(const std::string& directory) {
    namespace fs = std::filesystem;
    std::vector<fs::path> paths;
    std::error_code error;
    for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error))
        if (it->symlink_status(error).type() == fs::file_type::regular)
            paths.push_back(it->path());
    std::sort(paths.begin(), paths.end());
    return paths;
}

void add_tail(std::vector<Item>& items, const std::string& folder,
              const std::filesystem::path& path, const FlareOptions& options) {
    items.push_back({folder + "/" + path.filename().string(), [path = path.string(), &options] {
                         return read_tail(path, options.max_entry_bytes);
                     }});
}

void add_policies(std::vector<Item>& items, const Settings& settings, const FlareOptions& options) {
    size_t added = 0;
    for (const auto& path : files_in(settings.string("runtime_security_config.policies.dir")))
        if (path.extension() == ".policy" && ++added <= kMaxFiles)
            add_tail(items, "runtime-security.d", path, options);
}

/// What the probe wrote on request (process cache, discarders, networks): root's files, so only in a flare that root
/// makes without the agent. The probe keeps few. Those with the arguments of others stay where they are: no pattern finds
/// every password in them.
void add_dumps(std::vector<Item>& items, const Settings& settings, const FlareOptions& options) {
    for (const auto& path : files_in(settings.string("run_dir") + "/dumps")) {
        if (!path.filename().string().starts_with(kDumpWithArguments))
            add_tail(items, "dumps", path, options);
    }
}

}  // namespace

Result<std::string> read_tail(const std::string& path, uint64_t max_bytes) {
    auto fd = open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (!fd)
        return forward_error(fd);
    struct stat st{};
    if (fstat(fd->get(), &st) != 0)
        return fail_errno(errno, "cannot stat '{}'", path);
    if (!S_ISREG(st.st_mode))
        return fail(ErrorCode::kInvalid, "'{}' is no regular file", path);
    const auto size = static_cast<uint64_t>(st.st_size);
    const uint64_t skipped = size > max_bytes ? size - max_bytes : 0;
    if (skipped > 0 && lseek(fd->get(), static_cast<off_t>(skipped), SEEK_SET) < 0)
        return fail_errno(errno, "cannot read '{}'", path);
    // It may grow while it is read.
    std::string text(std::min(size, max_bytes), '\0');
    size_t have = 0;
    while (have < text.size()) {
        const ssize_t n = read(fd->get(), text.data() + have, text.size() - have);
        if (n < 0)
            return fail_errno(errno, "cannot read '{}'", path);
        if (n == 0)
            break;
        have += static_cast<size_t>(n);
    }
    text.resize(have);
    if (skipped == 0)
        return text;
    // What is left of a line that was cut could be the end of a secret without its name.
    text.erase(0, std::min(text.find('\n'), text.size()));
    return fmt::format("[the first {} bytes are left out]{}", skipped, text);
}

std::vector<Item> host_items(const Settings& settings, const FlareOptions& options) {
    std::vector<Item> items;
    const auto text = [&](std::string name, auto make) {
        items.push_back({std::move(name), [make] { return Result<std::string>(make()); }});
    };
    text("about.txt", about);
    text("settings.yaml", [&settings] { return settings.to_yaml(); });
    text("settings-by-source.txt", [&settings] { return settings_by_source(settings); });
    text("envvars.log", environment);
    text("permissions.log", [&] { return permissions(settings, options); });
    const auto files = [&](const char* folder, const std::vector<std::string>& paths) {
        for (size_t i = 0; i < paths.size(); ++i)
            items.push_back(
                {fmt::format("{}/{:02}-{}", folder, i, base_name(paths[i])),
                 [path = paths[i], &options] { return read_tail(path, options.max_entry_bytes); }});
    };
    files("etc", settings.files());
    files("logs", options.log_files);
    add_policies(items, settings, options);
    add_dumps(items, settings, options);
    add_kernel(items, options);
    return items;
}

}  // namespace vedette::flare
