// SPDX-License-Identifier: Apache-2.0
#include "system-probe/decode/mount_event.h"

#include <string>

#include "bpf/abi/file_records.h"
#include "system-probe/decode/decoder.h"
#include "system-probe/decode/file.h"
#include "system-probe/decode/paths.h"
#include "system-probe/decode/record.h"

namespace vedette::probe {
namespace {

/// Of the mount point or the source: as the kernel says, or by its name. Empty: not known.
std::string path_of(const vdt_file& file, const Record& record, const FileItems& items) {
    if (!(file.flags & VDT_FILE_NO_INODE))
        return std::string(record.item(items.path));
    const auto argument = record.item(items.argument);
    return argument.empty() ? std::string() : join_path(record.item(items.directory), argument);
}

/// mount(2) does not say which mount it made. The newest of the namespace is it, unless another call was faster or the
/// mount has copies elsewhere: then it is somewhere else, too. (Through a symbolic link it seems to be.)
bool is_sure(const vdt_mount& fixed, const Record& record, const std::string& mountpoint) {
    if (fixed.mount_id == 0 || fixed.retval < 0)
        return false;
    if (fixed.flags & (VDT_MOUNT_DETACHED | VDT_MOUNT_MOVED))
        return true;
    return record.item(VDT_ITEM_PATH) == mountpoint;
}

void fill_arguments(v1::MountSyscall& out, const Record& record) {
    out.set_source_path(std::string(record.item(VDT_ITEM_SYSCALL_PATH2)));
    out.set_mountpoint_path(std::string(record.item(VDT_ITEM_SYSCALL_PATH)));
    out.set_fs_type(std::string(record.item(VDT_ITEM_NAME)));
}

}  // namespace

void decode_mount(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_mount>();
    auto& mount = *out.event.mutable_mount();
    mount.set_retval(fixed.retval);
    mount.set_detached(fixed.flags & VDT_MOUNT_DETACHED);
    mount.set_visible(fixed.retval >= 0 && !(fixed.flags & VDT_MOUNT_DETACHED));
    fill_arguments(*mount.mutable_syscall(), record);

    auto mountpoint = path_of(fixed.mountpoint, record, kFirstFile);
    if (is_sure(fixed, record, mountpoint)) {
        mount.set_mount_id(fixed.mount_id);
        mount.set_parent_mount_id(fixed.parent_mount_id);
        mount.set_device(fixed.dev);
        mount.set_fs_type(ascii(record.item(VDT_ITEM_FILESYSTEM)));
        mount.set_root_path(std::string(record.item(VDT_ITEM_ROOT_PATH)));
        mountpoint = std::string(record.item(VDT_ITEM_PATH));
    } else if (!(fixed.flags & (VDT_MOUNT_BIND | VDT_MOUNT_MOVED))) {
        mount.set_fs_type(std::string(record.item(VDT_ITEM_NAME)));
    }
    mount.set_mountpoint_path(std::move(mountpoint));
    // What was moved by its descriptor is already where it goes to.
    const bool by_name = fixed.source.flags & VDT_FILE_NO_INODE;
    if (fixed.flags & VDT_MOUNT_BIND || (fixed.flags & VDT_MOUNT_MOVED && by_name))
        mount.set_source_path(path_of(fixed.source, record, kSecondFile));
}

}  // namespace vedette::probe
