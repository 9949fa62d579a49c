// SPDX-License-Identifier: Apache-2.0
//
// Records of what happened to files.
#include <string>

#include "bpf/abi/file_records.h"
#include "system-probe/decode/decoder.h"
#include "system-probe/decode/event_type.h"
#include "system-probe/decode/file.h"
#include "system-probe/decode/mount_event.h"
#include "system-probe/decode/record.h"

namespace vedette::probe {
namespace {

constexpr uint32_t kModeBits = 07777;

/// The file of a call: the kernel's object, or the name that was passed.
void fill_call_file(v1::File& out, const vdt_file& file, const Record& record, bool succeeded,
                    const FileItems& items = kFirstFile) {
    if (file.flags & VDT_FILE_NO_INODE) {
        fill_named_file(out, file, record.item(items.directory), record.item(items.argument),
                        succeeded);
    } else {
        fill_file(out, file, record.item(items.path), record.item(items.filesystem));
    }
}

void decode_open(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_open>();
    auto& open = *out.event.mutable_open();
    open.set_retval(fixed.retval);
    open.set_flags(fixed.flags);
    open.set_mode(fixed.mode);
    fill_call_file(*open.mutable_file(), fixed.file, record, fixed.retval >= 0);
    if (!record.has(VDT_ITEM_SYSCALL_PATH))
        return;
    auto& syscall = *open.mutable_syscall();
    syscall.mutable_path()->assign(record.item(VDT_ITEM_SYSCALL_PATH));
    syscall.set_flags(fixed.flags);
    syscall.set_mode(fixed.mode);
}

/// What every call on one file says.
template <typename Payload>
vdt_file_call decode_call(const Record& record, Payload& out) {
    const auto fixed = record.fixed<vdt_file_call>();
    out.set_retval(fixed.retval);
    fill_call_file(*out.mutable_file(), fixed.file, record, fixed.retval >= 0);
    return fixed;
}

template <typename Payload>
void decode_syscall_path(const Record& record, Payload& out) {
    if (record.has(VDT_ITEM_SYSCALL_PATH))
        out.mutable_syscall()->mutable_path()->assign(record.item(VDT_ITEM_SYSCALL_PATH));
}

void decode_chmod(const Record& record, Decoded& out) {
    auto& chmod = *out.event.mutable_chmod();
    const auto fixed = decode_call(record, chmod);
    decode_syscall_path(record, chmod);
    chmod.set_mode(fixed.mode & kModeBits);
    chmod.mutable_syscall()->set_mode(fixed.mode);
}

int64_t id_of(uint32_t id) {
    return id == VDT_ID_UNCHANGED ? -1 : int64_t{id};
}

void decode_chown(const Record& record, Decoded& out) {
    auto& chown = *out.event.mutable_chown();
    const auto fixed = decode_call(record, chown);
    decode_syscall_path(record, chown);
    chown.set_uid(id_of(fixed.uid));
    chown.set_gid(id_of(fixed.gid));
    chown.mutable_syscall()->set_uid(id_of(fixed.uid));
    chown.mutable_syscall()->set_gid(id_of(fixed.gid));
}

void decode_mkdir(const Record& record, Decoded& out) {
    auto& mkdir = *out.event.mutable_mkdir();
    const auto fixed = decode_call(record, mkdir);
    decode_syscall_path(record, mkdir);
    mkdir.set_mode(fixed.mode & kModeBits);
    mkdir.mutable_syscall()->set_mode(fixed.mode);
}

void decode_rmdir(const Record& record, Decoded& out) {
    auto& rmdir = *out.event.mutable_rmdir();
    decode_call(record, rmdir);
    decode_syscall_path(record, rmdir);
}

void decode_unlink(const Record& record, Decoded& out) {
    auto& unlink = *out.event.mutable_unlink();
    const auto fixed = decode_call(record, unlink);
    decode_syscall_path(record, unlink);
    unlink.set_flags(fixed.flags);
    unlink.mutable_syscall()->set_dirfd(fixed.dirfd);
    unlink.mutable_syscall()->set_flags(fixed.flags);
}

void decode_utimes(const Record& record, Decoded& out) {
    auto& utimes = *out.event.mutable_utimes();
    const auto fixed = decode_call(record, utimes);
    decode_syscall_path(record, utimes);
    utimes.set_access_time(static_cast<uint64_t>(fixed.atime_ns));
    utimes.set_modification_time(static_cast<uint64_t>(fixed.mtime_ns));
}

template <typename Payload>
void decode_attribute(const Record& record, Payload& out) {
    decode_call(record, out);
    const auto name = record.item(VDT_ITEM_NAME);
    out.mutable_attribute_name()->assign(name);
    if (const auto dot = name.find('.'); dot != name.npos)
        out.mutable_attribute_namespace()->assign(name.substr(0, dot));
}

void decode_setxattr(const Record& record, Decoded& out) {
    decode_attribute(record, *out.event.mutable_setxattr());
}

void decode_removexattr(const Record& record, Decoded& out) {
    decode_attribute(record, *out.event.mutable_removexattr());
}

void decode_chdir(const Record& record, Decoded& out) {
    auto& chdir = *out.event.mutable_chdir();
    decode_call(record, chdir);
    decode_syscall_path(record, chdir);
}

template <typename Payload>
void decode_two_files(const Record& record, Payload& out) {
    const auto fixed = record.fixed<vdt_two_files>();
    const bool succeeded = fixed.retval >= 0;
    out.set_retval(fixed.retval);
    fill_call_file(*out.mutable_file(), fixed.file, record, succeeded);
    fill_call_file(*out.mutable_destination(), fixed.destination, record, succeeded, kSecondFile);
    out.mutable_syscall()->mutable_path()->assign(record.item(VDT_ITEM_SYSCALL_PATH));
    out.mutable_syscall()->mutable_destination_path()->assign(record.item(VDT_ITEM_SYSCALL_PATH2));
}

void decode_rename(const Record& record, Decoded& out) {
    decode_two_files(record, *out.event.mutable_rename());
}

void decode_link(const Record& record, Decoded& out) {
    decode_two_files(record, *out.event.mutable_link());
}

void decode_splice(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_splice>();
    auto& splice = *out.event.mutable_splice();
    splice.set_retval(fixed.retval);
    fill_call_file(*splice.mutable_file(), fixed.file, record, fixed.retval >= 0);
    splice.set_pipe_entry_flag(fixed.entry_flags);
    splice.set_pipe_exit_flag(fixed.exit_flags);
}

constexpr EventType call(vdt_type type, std::string_view name, int field,
                         void (*decode)(const Record&, Decoded&)) {
    return {type, name, static_cast<uint32_t>(field), sizeof(vdt_file_call), decode};
}

constexpr EventType kEvents[] = {
    {VDT_OPEN, "open", v1::Event::kOpenFieldNumber, sizeof(vdt_open), decode_open},
    call(VDT_CHMOD, "chmod", v1::Event::kChmodFieldNumber, decode_chmod),
    call(VDT_CHOWN, "chown", v1::Event::kChownFieldNumber, decode_chown),
    call(VDT_MKDIR, "mkdir", v1::Event::kMkdirFieldNumber, decode_mkdir),
    call(VDT_RMDIR, "rmdir", v1::Event::kRmdirFieldNumber, decode_rmdir),
    call(VDT_UNLINK, "unlink", v1::Event::kUnlinkFieldNumber, decode_unlink),
    {VDT_RENAME, "rename", v1::Event::kRenameFieldNumber, sizeof(vdt_two_files), decode_rename},
    {VDT_LINK, "link", v1::Event::kLinkFieldNumber, sizeof(vdt_two_files), decode_link},
    call(VDT_UTIMES, "utimes", v1::Event::kUtimesFieldNumber, decode_utimes),
    call(VDT_SETXATTR, "setxattr", v1::Event::kSetxattrFieldNumber, decode_setxattr),
    call(VDT_REMOVEXATTR, "removexattr", v1::Event::kRemovexattrFieldNumber, decode_removexattr),
    call(VDT_CHDIR, "chdir", v1::Event::kChdirFieldNumber, decode_chdir),
    {VDT_MOUNT, "mount", v1::Event::kMountFieldNumber, sizeof(vdt_mount), decode_mount},
    {VDT_SPLICE, "splice", v1::Event::kSpliceFieldNumber, sizeof(vdt_splice), decode_splice},
};

}  // namespace

std::span<const EventType> file_events() {
    return kEvents;
}

}  // namespace vedette::probe
