// SPDX-License-Identifier: Apache-2.0
#include "system-probe/filters/filter_fields.h"

#include <algorithm>
#include <iterator>

namespace vedette::probe {
namespace {

struct NumberField {
    vdt_type type;
    std::string_view field;
    unsigned number;
};

constexpr NumberField kNumbers[] = {
    {VDT_OPEN, "open.flags", VDT_OPEN_FLAGS},
    {VDT_OPEN, "open.file.in_upper_layer", VDT_OPEN_UPPER},
    {VDT_MMAP, "mmap.protection", VDT_MMAP_PROTECTION},
    {VDT_MMAP, "mmap.flags", VDT_MMAP_FLAGS},
    {VDT_MPROTECT, "mprotect.vm_protection", VDT_MPROTECT_BEFORE},
    {VDT_MPROTECT, "mprotect.req_protection", VDT_MPROTECT_REQUESTED},
    {VDT_SPLICE, "splice.pipe_entry_flag", VDT_SPLICE_ENTRY},
    {VDT_SPLICE, "splice.pipe_exit_flag", VDT_SPLICE_EXIT},
    {VDT_BPF, "bpf.cmd", VDT_BPF_CMD},
    {VDT_SYSCTL, "sysctl.action", VDT_SYSCTL_ACTION},
    {VDT_CONNECT, "connect.addr.family", VDT_ADDRESS_FAMILY},
    {VDT_BIND, "bind.addr.family", VDT_ADDRESS_FAMILY},
    {VDT_SOCKET, "socket.domain", VDT_SOCKET_DOMAIN},
    {VDT_SOCKET, "socket.type", VDT_SOCKET_TYPE},
    {VDT_SOCKET, "socket.protocol", VDT_SOCKET_PROTOCOL},
    {VDT_SETSOCKOPT, "setsockopt.level", VDT_SETSOCKOPT_LEVEL},
    {VDT_SETSOCKOPT, "setsockopt.optname", VDT_SETSOCKOPT_OPTION},
    {VDT_PRCTL, "prctl.option", VDT_PRCTL_OPTION},
    {VDT_UNSHARE, "unshare.flags", VDT_UNSHARE_FLAGS},
};

struct TextField {
    vdt_type type;
    std::string_view field;
};

constexpr TextField kTexts[] = {{VDT_SYSCTL, "sysctl.name"}};

/// Types whose programs look at the names of files.
struct FileType {
    vdt_type type;
    std::string_view event;
    bool two_files;
};

constexpr FileType kFiles[] = {
    {VDT_OPEN, "open", false},         {VDT_CHMOD, "chmod", false},
    {VDT_CHOWN, "chown", false},       {VDT_MKDIR, "mkdir", false},
    {VDT_RMDIR, "rmdir", false},       {VDT_UNLINK, "unlink", false},
    {VDT_UTIMES, "utimes", false},     {VDT_LINK, "link", true},
    {VDT_RENAME, "rename", true},      {VDT_MMAP, "mmap", false},
    {VDT_SPLICE, "splice", false},     {VDT_CHDIR, "chdir", false},
    {VDT_SETXATTR, "setxattr", false}, {VDT_REMOVEXATTR, "removexattr", false},
};

/// Types without files and numbers of their own.
constexpr vdt_type kOnlyAuid[] = {VDT_ACCEPT,    VDT_SIGNAL,      VDT_PTRACE,
                                  VDT_SETRLIMIT, VDT_LOAD_MODULE, VDT_UNLOAD_MODULE};

const FileType* find_file_type(vdt_type type) {
    const auto* found =
        std::find_if(std::begin(kFiles), std::end(kFiles),
                     [type](const FileType& candidate) { return candidate.type == type; });
    return found == std::end(kFiles) ? nullptr : found;
}

/// "file.path", "file.name"; of an event with two files also those of "file.destination".
bool is_file_field(const FileType& type, std::string_view field) {
    const auto skip = [&field](std::string_view prefix) {
        const bool there = field.starts_with(prefix);
        field.remove_prefix(there ? prefix.size() : 0);
        return there;
    };
    if (!skip(type.event) || !skip(".file."))
        return false;
    if (type.two_files)
        skip("destination.");
    return field == "path" || field == "name";
}

}  // namespace

bool has_path_discarders(vdt_type type) {
    const FileType* file = find_file_type(type);
    return file != nullptr && !file->two_files;
}

bool has_auid_filters(vdt_type type) {
    return find_file_type(type) != nullptr ||
           std::any_of(std::begin(kNumbers), std::end(kNumbers),
                       [type](const NumberField& number) { return number.type == type; }) ||
           std::find(std::begin(kOnlyAuid), std::end(kOnlyAuid), type) != std::end(kOnlyAuid);
}

std::optional<FilterField> find_filter_field(vdt_type type, std::string_view field) {
    if (field == "process.auid" && has_auid_filters(type))
        return FilterField{FilterUse::kNumber, VDT_NUMBER_AUID};
    for (const NumberField& number : kNumbers) {
        if (number.type == type && number.field == field)
            return FilterField{FilterUse::kNumber, number.number};
    }
    for (const TextField& text : kTexts) {
        if (text.type == type && text.field == field)
            return FilterField{FilterUse::kText, 0};
    }
    const FileType* file = find_file_type(type);
    if (file != nullptr && is_file_field(*file, field))
        return FilterField{FilterUse::kFile, 0};
    return std::nullopt;
}

}  // namespace vedette::probe
