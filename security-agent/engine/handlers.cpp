// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/handlers.h"

#include <cstring>

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

}  // namespace

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

bool process_is_thread(const v1::ProcessNode& process) {
    return !process.is_exec() && process.source() == v1::ProcessNode::SOURCE_EVENT;
}

}  // namespace vedette::engine::handlers
