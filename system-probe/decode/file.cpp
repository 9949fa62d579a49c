// SPDX-License-Identifier: Apache-2.0
#include "system-probe/decode/file.h"

#include <algorithm>
#include <cstring>

#include "system-probe/decode/paths.h"
#include "vedette/v1/process.pb.h"

namespace vedette::probe {
namespace {

std::string_view path_error(const vdt_file& file, std::string_view path) {
    if (file.flags & VDT_FILE_MEMFD)
        return {};
    if (path.empty())
        return kPathMissing;
    if (file.flags & VDT_FILE_TRUNCATED)
        return kPathTruncated;
    if (file.flags & VDT_FILE_DETACHED)
        return kPathDetached;
    if (file.flags & VDT_FILE_UNREACHABLE)
        return kPathUnreachable;
    return {};
}

void fill_inode(v1::File& out, const vdt_file& file) {
    out.set_inode(file.inode);
    out.set_mount_id(file.mount_id);
    out.set_mode(file.mode);
    out.set_uid(file.uid);
    out.set_gid(file.gid);
    out.set_change_time(file.ctime_ns);
    out.set_modification_time(file.mtime_ns);
    out.set_flags(file.flags);
    out.set_device(file.dev);
    out.set_nlink(file.nlink);
}

}  // namespace

std::string_view fixed_text(const char* text, size_t size) {
    return {text, strnlen(text, size)};
}

void assign_ascii(std::string& out, std::string_view text) {
    out.assign(text);
    std::ranges::replace_if(out, [](char c) { return c < 0x20 || c > 0x7e; }, '?');
}

std::string ascii(std::string_view text) {
    std::string out;
    assign_ascii(out, text);
    return out;
}

void fill_file(v1::File& out, const vdt_file& file, std::string_view path,
               std::string_view filesystem) {
    fill_inode(out, file);
    if (file.flags & VDT_FILE_MEMFD) {
        out.mutable_name()->assign(unnamed_file(path));
    } else {
        out.mutable_path()->assign(path);
    }
    if (!filesystem.empty())
        assign_ascii(*out.mutable_filesystem(), filesystem);
    if (const auto error = path_error(file, path); !error.empty()) {
        out.mutable_path_error()->assign(error);
    }
}

void fill_named_file(v1::File& out, const vdt_file& file, std::string_view directory,
                     std::string_view path, bool succeeded) {
    out.set_flags(file.flags);
    auto resolved = path.empty() ? std::string() : join_path(directory, path);
    if (path.empty()) {
        out.mutable_path_error()->assign(kPathMissing);
    } else if (resolved.empty()) {
        out.mutable_path_error()->assign(kPathRelativeUnknown);
    } else {
        out.set_path(std::move(resolved));
        out.mutable_path_error()->assign(succeeded ? kPathOfCall : kPathOfFailedCall);
    }
}

}  // namespace vedette::probe
