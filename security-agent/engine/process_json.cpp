// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/process_json.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "bpf/abi/records.h"
#include "proto/process_source.h"
#include "security-agent/engine/handlers.h"
#include "security-agent/engine/json_fields.h"
#include "security-agent/engine/names.h"
#include "security-agent/engine/scrubber.h"

namespace vedette::engine {
namespace {

using object = JsonObject;

/// What a process mostly takes: text that grows is moved.
constexpr size_t kProcessBytes = 4096;
constexpr size_t kFileBytes = 512;

void put_arguments(object& out, const v1::ProcessNode& process) {
    const auto& argv = process.argv();
    if (argv.empty())
        return;
    put_text(out, "argv0", argv.Get(0));
    put_scrubbed(out, "args", std::vector<std::string_view>(argv.begin() + 1, argv.end()));
    put_true(out, "args_truncated", process.args_truncated());
}

/// Names of all variables; NAME=value for those on the allow-list.
void put_environment(object& out, const v1::ProcessNode& process) {
    std::vector<std::string_view> variables(process.envp().begin(), process.envp().end());
    for (const std::string_view name : process.env_names()) {
        const bool with_value = std::any_of(
            process.envp().begin(), process.envp().end(), [name](std::string_view variable) {
                return variable.substr(0, variable.find('=')) == name;
            });
        if (!with_value)
            variables.push_back(name);
    }
    put_scrubbed(out, "envs", variables);
    put_true(out, "envs_truncated", process.envs_truncated());
}

/// Who made the cgroup, as far as its name tells.
std::string_view cgroup_manager(std::string_view path) {
    static constexpr std::pair<std::string_view, std::string_view> kPrefixes[] = {
        {"docker-", "docker"},
        {"cri-containerd-", "cri"},
        {"crio-", "cri-o"},
        {"libpod-", "podman"}};
    const std::string_view name = path.substr(path.rfind('/') + 1);
    for (const auto& [prefix, manager] : kPrefixes)
        if (name.starts_with(prefix))
            return manager;
    if (path.starts_with("/docker/"))
        return "docker";
    if (name.ends_with(".service") || name.ends_with(".scope"))
        return "systemd";
    return {};
}

void put_package(object& out, const v1::Package& package) {
    put_text(out, "package_name", package.name());
    put_text(out, "package_version", package.version());
    put_number(out, "package_epoch", package.epoch());
    put_text(out, "package_release", package.release());
    put_text(out, "package_source_version", package.source_version());
    put_number(out, "package_source_epoch", package.source_epoch());
    put_text(out, "package_source_release", package.source_release());
}

std::string_view hash_state_name(v1::File::HashState state) {
    switch (state) {
        case v1::File::HASH_STATE_DONE:
            return "done";
        case v1::File::HASH_STATE_FILE_NOT_FOUND:
            return "file_not_found";
        case v1::File::HASH_STATE_PATH_UNKNOWN:
            return "pathname_resolution_error";
        case v1::File::HASH_STATE_TOO_BIG:
            return "file_too_big";
        case v1::File::HASH_STATE_EMPTY:
            return "file_empty";
        case v1::File::HASH_STATE_OPEN_ERROR:
            return "file_open_error";
        case v1::File::HASH_STATE_NOT_CONFIGURED:
            return "event_type_not_configured";
        case v1::File::HASH_STATE_RATE_LIMITED:
            return "hash_was_rate_limited";
        case v1::File::HASH_STATE_FAILED:
            return "hash_failed";
        default:
            return {};
    }
}

/// As a value: written straight to where it goes.
struct Ancestors {
    std::span<const void* const> processes;
    ProcessTexts& texts;

    void append_to(std::string& out) const {
        char separator = '[';
        for (const void* process : processes) {
            out += separator;
            texts.of(*static_cast<const v1::ProcessNode*>(process)).append_to(out);
            separator = ',';
        }
        out += ']';
    }
};

object user_session_json(const v1::UserSession& session) {
    object out;
    put_text(out, "id", session.id());
    if (session.session_type())
        out["session_type"] = name_of("session_type", session.session_type());
    put_text(out, "identity", session.identity());
    put_text(out, "k8s_username", session.k8s_username());
    put_text(out, "k8s_uid", session.k8s_uid());
    put_list(out, "k8s_groups", session.k8s_groups());
    put_number(out, "k8s_session_id", session.k8s_session_id());
    put_number(out, "ssh_session_id", session.ssh_session_id());
    put_text(out, "ssh_client_ip", ip_text(session.ssh_client_ip()));
    put_number(out, "ssh_client_port", session.ssh_client_port());
    if (session.ssh_auth_method())
        out["ssh_auth_method"] = name_of("ssh_auth_method", session.ssh_auth_method());
    put_text(out, "ssh_public_key", session.ssh_public_key());
    return out;
}

}  // namespace

bool has_file(const v1::File& file) {
    return !file.path().empty() || !file.name().empty() || file.inode() != 0;
}

void put_scrubbed(object& out, std::string_view name, std::span<const std::string_view> values) {
    put_list(out, name, scrub(values));
}

JsonArray capabilities_json(uint64_t mask) {
    JsonArray names;
    for (const std::string& name : capability_names(mask))
        names.push_back(name);
    return names;
}

object file_metadata_json(const v1::FileMetadata& metadata) {
    object out;
    put_number(out, "size", metadata.size());
    if (metadata.type())
        out["type"] = name_of("file_type", metadata.type());
    put_true(out, "is_executable", metadata.is_executable());
    if (metadata.architecture())
        out["architecture"] = name_of("file_architecture", metadata.architecture());
    if (metadata.abi())
        out["abi"] = name_of("file_abi", metadata.abi());
    put_true(out, "is_upx_packed", metadata.is_upx_packed());
    if (metadata.compression())
        out["compression"] = name_of("file_compression", metadata.compression());
    put_true(out, "is_garble_obfuscated", metadata.is_garble_obfuscated());
    return out;
}

void put_file_answer(object& file, const v1::FileAnswer& answer) {
    put_package(file, answer.package());
    put_list(file, "hashes", answer.hashes());
    put_text(file, "hash_state", hash_state_name(answer.hash_state()));
    if (answer.has_metadata())
        put_object(file, "metadata", file_metadata_json(answer.metadata()));
}

object file_json(const v1::File& file) {
    object out;
    out.reserve(kFileBytes);
    auto& scratch = *std::pmr::null_memory_resource();  // these two never allocate
    put_text(out, "path", file.path());
    put_text(out, "name", handlers::file_name(file, scratch));
    put_text(out, "extension", handlers::file_extension(file, scratch));
    put_text(out, "path_resolution_error", file.path_error());
    put_number(out, "inode", file.inode());
    put_number(out, "mode", file.mode());
    if (file.flags() & (VDT_FILE_UPPER | VDT_FILE_LOWER))
        out["in_upper_layer"] = handlers::file_in_upper_layer(file);
    put_number(out, "mount_id", file.mount_id());
    put_text(out, "filesystem", file.filesystem());
    out["uid"] = file.uid();
    out["gid"] = file.gid();
    put_text(out, "user", file.user());
    put_text(out, "group", file.group());
    put_time(out, "modification_time", file.modification_time());
    put_time(out, "change_time", file.change_time());
    put_package(out, file.package());
    put_list(out, "hashes", file.hashes());
    put_text(out, "hash_state", hash_state_name(file.hash_state()));
    put_text(out, "mount_path", file.mount_path());
    put_true(out, "mount_visible", handlers::file_mount_visible(file));
    put_true(out, "mount_detached", handlers::file_mount_detached(file));
    return out;
}

object credentials_json(const v1::Credentials& credentials) {
    object out;
    out["uid"] = credentials.uid();
    put_text(out, "user", credentials.user());
    out["gid"] = credentials.gid();
    put_text(out, "group", credentials.group());
    out["euid"] = credentials.euid();
    put_text(out, "euser", credentials.euser());
    out["egid"] = credentials.egid();
    put_text(out, "egroup", credentials.egroup());
    out["fsuid"] = credentials.fsuid();
    put_text(out, "fsuser", credentials.fsuser());
    out["fsgid"] = credentials.fsgid();
    put_text(out, "fsgroup", credentials.fsgroup());
    out["auid"] = credentials.auid();
    out["cap_effective"] = capabilities_json(credentials.cap_effective());
    out["cap_permitted"] = capabilities_json(credentials.cap_permitted());
    return out;
}

object container_json(const v1::Container& container) {
    object out;
    if (container.id().empty())
        return out;
    put_text(out, "id", container.id());
    put_time(out, "created_at", container.created_at());
    return out;
}

object cgroup_json(const v1::CGroup& cgroup) {
    object out;
    if (cgroup.id().empty())
        return out;
    put_text(out, "id", cgroup.id());
    put_text(out, "manager", cgroup_manager(cgroup.id()));
    return out;
}

void put_process_ids(object& out, const v1::ProcessNode& process, uint32_t tid) {
    put_number(out, "pid", process.pid());
    put_number(out, "ppid", process.ppid());
    put_number(out, "tid", tid);
}

object process_json(const v1::ProcessNode& process) {
    object out;
    put_process_ids(out, process, process.tid());
    out.append(process_json_rest(process).members());
    return out;
}

object process_json_rest(const v1::ProcessNode& process) {
    const v1::Credentials& credentials = process.credentials();
    object out;
    out.reserve(kProcessBytes);
    out["uid"] = credentials.uid();
    out["gid"] = credentials.gid();
    put_text(out, "user", credentials.user());
    put_text(out, "group", credentials.group());
    put_text(out, "path_resolution_error", process.file().path_error());
    put_text(out, "comm", process.comm());
    put_text(out, "tty", process.tty_name());
    put_time(out, "fork_time", process.created_at());
    put_time(out, "exec_time", process.exec_time());
    put_time(out, "exit_time", process.exit_time());
    out["credentials"] = credentials_json(credentials);
    if (process.caps_attempted())
        out["caps_attempted"] = capabilities_json(process.caps_attempted());
    if (process.caps_used())
        out["caps_used"] = capabilities_json(process.caps_used());
    put_object(out, "user_session", user_session_json(process.user_session()));
    if (has_file(process.file()))
        out["executable"] = file_json(process.file());
    if (has_file(process.interpreter()))
        out["interpreter"] = file_json(process.interpreter());
    put_object(out, "container", container_json(process.container()));
    put_object(out, "cgroup", cgroup_json(process.cgroup()));
    put_arguments(out, process);
    put_environment(out, process);
    put_true(out, "is_thread",
             !process.is_exec() && process.source() == v1::ProcessNode::SOURCE_EVENT);
    put_true(out, "is_kworker", process.is_kworker());
    put_text(out, "source", process_source_name(process.source()));
    return out;
}

void put_family(object& out, const v1::ProcessNode* parent, std::span<const void* const> ancestors,
                ProcessTexts& texts) {
    if (parent)
        out["parent"] = texts.of(*parent);
    if (!ancestors.empty())
        out["ancestors"] =
            Ancestors{ancestors.first(std::min(ancestors.size(), kAlertAncestors)), texts};
    put_true(out, "truncated_ancestors", ancestors.size() > kAlertAncestors);
}

}  // namespace vedette::engine
