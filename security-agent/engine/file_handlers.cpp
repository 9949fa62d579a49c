// SPDX-License-Identifier: Apache-2.0
//
// Computed fields of files.
#include <string.h>

#include <algorithm>

#include "bpf/abi/records.h"
#include "security-agent/engine/handlers.h"

namespace vedette::engine::handlers {
namespace {

constexpr int kMaxSymlinks = 2;  // that a program counts by, as process.proto says

std::string_view base_name(std::string_view path) {
    if (path == "/")
        return path;
    // memrchr, for rfind goes byte by byte and this is read for every ancestor of every event.
    const void* slash = ::memrchr(path.data(), '/', path.size());
    return slash == nullptr ? path : path.substr(static_cast<const char*>(slash) + 1 - path.data());
}

template <typename Use>
void each_symlink(const v1::File& program, Use use) {
    for (int i = 0; i < std::min(program.symlink_paths_size(), kMaxSymlinks); ++i)
        if (!program.symlink_paths(i).empty())
            use(std::string_view(program.symlink_paths(i)));
}

}  // namespace

int64_t file_rights(const v1::File& file) {
    return file.mode() & 07777;
}

std::string_view file_name(const v1::File& file, secl::Scratch& /*scratch*/) {
    if (!file.name().empty())
        return file.name();
    return base_name(file.path());
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

void file_overlay_path(const v1::File& file, secl::Scratch& /*scratch*/, secl::StringList& out) {
    if (file.filesystem() != "overlay")
        return;
    std::string_view mount = file.mount_path();
    while (mount.ends_with('/'))
        mount.remove_suffix(1);
    std::string_view path = file.path();
    if (mount.empty() || !path.starts_with(mount))
        return;
    path.remove_prefix(mount.size());
    if (path.empty())
        out.push_back("/");
    else if (path.front() == '/')
        out.push_back(path);
}

void program_paths(const v1::File& program, secl::Scratch& scratch, secl::StringList& out) {
    file_overlay_path(program, scratch, out);
    each_symlink(program, [&out](std::string_view path) { out.push_back(path); });
}

void program_names(const v1::File& program, secl::Scratch& /*scratch*/, secl::StringList& out) {
    each_symlink(program, [&out](std::string_view path) { out.push_back(base_name(path)); });
}

}  // namespace vedette::engine::handlers
