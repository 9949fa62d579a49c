// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/handlers.h"

#include <cstring>
#include <optional>
#include <vector>

#include "bpf/abi/records.h"
#include "security-agent/secl/eval_context.h"
#include "security-agent/secl/ip.h"

namespace vedette::engine::handlers {
namespace {

/// Memory for a value of `size` bytes that lives until the event has been evaluated.
char* allocate(secl::Scratch& scratch, size_t size) {
    return static_cast<char*>(scratch.allocate(size ? size : 1, 1));
}

/// An argument that is a flag or option: begins with '-', and is more than dashes.
bool is_dashed(std::string_view arg) {
    return arg.size() > 1 && arg[0] == '-' && arg != "--";
}

std::string_view without_dashes(std::string_view arg) {
    return arg.substr(arg.starts_with("--") ? 2 : 1);
}

std::string_view option(secl::Scratch& scratch, std::string_view name, std::string_view value) {
    char* text = allocate(scratch, name.size() + 1 + value.size());
    std::memcpy(text, name.data(), name.size());
    text[name.size()] = '=';
    if (!value.empty())
        std::memcpy(text + name.size() + 1, value.data(), value.size());
    return {text, name.size() + 1 + value.size()};
}

std::vector<secl::IpRange>& private_ranges() {
    static std::vector<secl::IpRange> ranges;
    return ranges;
}

}  // namespace

int64_t file_rights(const v1::File& file) {
    return file.mode() & 07777;
}

std::string_view file_name(const v1::File& file, secl::Scratch& /*scratch*/) {
    if (!file.name().empty())
        return file.name();
    const std::string_view path = file.path();
    if (path == "/")
        return path;
    const size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view file_extension(const v1::File& file, secl::Scratch& scratch) {
    const std::string_view name = file_name(file, scratch);
    const size_t dot = name.rfind('.');
    return dot == std::string_view::npos ? std::string_view() : name.substr(dot);
}

bool file_mount_detached(const v1::File& file) {
    return file.flags() & VDT_FILE_DETACHED;
}

bool file_mount_visible(const v1::File& file) {
    return !(file.flags() & (VDT_FILE_DETACHED | VDT_FILE_MEMFD | VDT_FILE_UNREACHABLE));
}

bool file_in_upper_layer(const v1::File& file) {
    return file.flags() & VDT_FILE_UPPER;
}

std::string_view process_argv0(const v1::ProcessNode& process, secl::Scratch& /*scratch*/) {
    return process.argv().empty() ? std::string_view() : std::string_view(process.argv(0));
}

std::string_view process_args(const v1::ProcessNode& process, secl::Scratch& scratch) {
    const auto& argv = process.argv();
    if (argv.size() < 2)
        return {};
    if (argv.size() == 2)
        return argv.Get(1);
    size_t size = 0;
    for (int i = 1; i < argv.size(); ++i)
        size += argv.Get(i).size() + 1;
    char* text = allocate(scratch, size);
    char* end = text;
    for (int i = 1; i < argv.size(); ++i) {
        if (i > 1)
            *end++ = ' ';
        std::memcpy(end, argv.Get(i).data(), argv.Get(i).size());
        end += argv.Get(i).size();
    }
    return {text, static_cast<size_t>(end - text)};
}

void process_argv(const v1::ProcessNode& process, secl::Scratch& /*scratch*/,
                  secl::StringList& out) {
    for (int i = 1; i < process.argv_size(); ++i)
        out.push_back(process.argv(i));
}

void process_args_flags(const v1::ProcessNode& process, secl::Scratch& /*scratch*/,
                        secl::StringList& out) {
    for (int i = 1; i < process.argv_size(); ++i) {
        const std::string_view arg = process.argv(i);
        if (!is_dashed(arg) || arg.find('=') != std::string_view::npos)
            continue;
        const std::string_view name = without_dashes(arg);
        if (arg.starts_with("--"))
            out.push_back(name);
        else
            for (size_t at = 0; at < name.size(); ++at)
                out.push_back(name.substr(at, 1));
    }
}

void process_args_options(const v1::ProcessNode& process, secl::Scratch& scratch,
                          secl::StringList& out) {
    for (int i = 1; i < process.argv_size(); ++i) {
        const std::string_view arg = process.argv(i);
        if (!is_dashed(arg))
            continue;
        const std::string_view name = without_dashes(arg);
        if (name.find('=') != std::string_view::npos)
            out.push_back(name);
        else if (i + 1 < process.argv_size() && !process.argv(i + 1).starts_with('-'))
            out.push_back(option(scratch, name, process.argv(i + 1)));
    }
}

void process_envs(const v1::ProcessNode& process, secl::Scratch& /*scratch*/,
                  secl::StringList& out) {
    for (const std::string& name : process.env_names())
        out.push_back(name);
    if (!out.empty())
        return;
    for (const std::string_view variable : process.envp())
        out.push_back(variable.substr(0, variable.find('=')));
}

bool address_is_public(const v1::Address& address) {
    const std::optional<secl::IpAddress> ip = secl::ip_from_bytes(address.ip());
    return ip && !secl::contains(private_ranges(), *ip);
}

Result<> use_private_ranges(std::span<const std::string> networks) {
    std::vector<secl::IpRange> ranges;
    for (const std::string& network : networks) {
        const std::optional<secl::IpRange> range = secl::parse_network(network);
        if (!range)
            return fail(ErrorCode::kInvalid, "'{}' is no IP network (such as 10.0.0.0/8)", network);
        ranges.push_back(*range);
    }
    private_ranges() = secl::normalise(std::move(ranges));
    return {};
}

int64_t ancestors_length(const void* context) {
    const auto& eval = *static_cast<const secl::EvalContext*>(context);
    return static_cast<int64_t>(secl::elements_of(eval, secl::Subject::kAncestor).size());
}

}  // namespace vedette::engine::handlers
