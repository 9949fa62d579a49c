// SPDX-License-Identifier: Apache-2.0
//
// Events about files. The file stands in `file`, what becomes of it in `file.destination`.
#include <fcntl.h>

#include "security-agent/engine/event_json_parts.h"
#include "security-agent/engine/handlers.h"
#include "security-agent/engine/json_fields.h"
#include "security-agent/engine/names.h"
#include "security-agent/engine/process_json.h"

namespace vedette::engine {
namespace {

using object = JsonObject;

void put_file(object& alert, const v1::File& file, const object& destination = {}) {
    object out = file_json(file);
    put_object(out, "destination", destination);
    alert["file"] = out;
}

void put_path_call(object& alert, std::string_view event, const v1::PathSyscall& syscall) {
    object arguments;
    put_text(arguments, "path", syscall.path());
    put_syscall(alert, event, arguments);
}

void put_path_mode_call(object& alert, std::string_view event, const v1::PathModeSyscall& syscall) {
    object arguments;
    put_text(arguments, "path", syscall.path());
    arguments["mode"] = syscall.mode();
    put_syscall(alert, event, arguments);
}

void put_two_paths_call(object& alert, std::string_view event, const v1::TwoPathsSyscall& syscall) {
    object arguments;
    put_text(arguments, "path", syscall.path());
    put_text(arguments, "destination_path", syscall.destination_path());
    put_syscall(alert, event, arguments);
}

void put_open(object& alert, const v1::Open& open) {
    object file = file_json(open.file());
    put_list(file, "flags", open_flag_names(open.flags()));
    const bool creates = (open.flags() & O_CREAT) || (open.flags() & O_TMPFILE) == O_TMPFILE;
    if (creates)
        file["destination"] = object{{"mode", open.mode()}};
    alert["file"] = file;
    if (!open.has_syscall())
        return;
    object arguments;
    put_text(arguments, "path", open.syscall().path());
    arguments["flags"] = open.syscall().flags();
    arguments["mode"] = open.syscall().mode();
    put_syscall(alert, "open", arguments);
}

void put_chmod(object& alert, const v1::Chmod& chmod) {
    put_file(alert, chmod.file(),
             {{"mode", chmod.mode()}, {"rights", handlers::new_rights(chmod)}});
    if (chmod.has_syscall())
        put_path_mode_call(alert, "chmod", chmod.syscall());
}

void put_chown(object& alert, const v1::Chown& chown) {
    object destination;
    destination["uid"] = chown.uid();
    put_text(destination, "user", chown.user());
    destination["gid"] = chown.gid();
    put_text(destination, "group", chown.group());
    put_file(alert, chown.file(), destination);
    if (!chown.has_syscall())
        return;
    object arguments;
    put_text(arguments, "path", chown.syscall().path());
    arguments["uid"] = chown.syscall().uid();
    arguments["gid"] = chown.syscall().gid();
    put_syscall(alert, "chown", arguments);
}

void put_mkdir(object& alert, const v1::Mkdir& mkdir) {
    put_file(alert, mkdir.file(),
             {{"mode", mkdir.mode()}, {"rights", handlers::new_rights(mkdir)}});
    if (mkdir.has_syscall())
        put_path_mode_call(alert, "mkdir", mkdir.syscall());
}

void put_rmdir(object& alert, const v1::Rmdir& rmdir) {
    put_file(alert, rmdir.file());
    put_path_call(alert, "rmdir", rmdir.syscall());
}

void put_unlink(object& alert, const v1::Unlink& unlink) {
    object file = file_json(unlink.file());
    put_list(file, "flags", flag_names("unlink_flags", unlink.flags()));
    alert["file"] = file;
    if (!unlink.has_syscall())
        return;
    object arguments;
    arguments["dirfd"] = unlink.syscall().dirfd();
    put_text(arguments, "path", unlink.syscall().path());
    arguments["flags"] = unlink.syscall().flags();
    put_syscall(alert, "unlink", arguments);
}

void put_rename(object& alert, const v1::Rename& rename) {
    put_file(alert, rename.file(), file_json(rename.destination()));
    put_two_paths_call(alert, "rename", rename.syscall());
}

void put_link(object& alert, const v1::Link& link) {
    put_file(alert, link.file(), file_json(link.destination()));
    put_two_paths_call(alert, "link", link.syscall());
}

void put_utimes(object& alert, const v1::Utimes& utimes) {
    object destination;
    put_time(destination, "access_time", utimes.access_time());
    put_time(destination, "modification_time", utimes.modification_time());
    put_file(alert, utimes.file(), destination);
    put_path_call(alert, "utimes", utimes.syscall());
}

/// SetXattr and RemoveXattr.
template <typename Xattr>
void put_xattr(object& alert, const Xattr& xattr) {
    object destination;
    put_text(destination, "attribute_name", xattr.attribute_name());
    put_text(destination, "attribute_namespace", xattr.attribute_namespace());
    put_file(alert, xattr.file(), destination);
}

void put_chdir(object& alert, const v1::Chdir& chdir) {
    put_file(alert, chdir.file());
    put_path_call(alert, "chdir", chdir.syscall());
}

object path_json(std::string_view path) {
    object out;
    put_text(out, "path", path);
    return out;
}

void put_mount(object& alert, const v1::Mount& mount) {
    object out;
    put_text(out, "fs_type", mount.fs_type());
    put_object(out, "mountpoint", path_json(mount.mountpoint_path()));
    put_object(out, "source", path_json(mount.source_path()));
    put_object(out, "root", path_json(mount.root_path()));
    put_number(out, "mount_id", mount.mount_id());
    put_number(out, "parent_mount_id", mount.parent_mount_id());
    put_number(out, "device", mount.device());
    out["detached"] = mount.detached();
    out["visible"] = mount.visible();
    alert["mount"] = out;
    object arguments;
    put_text(arguments, "path", mount.syscall().source_path());
    put_text(arguments, "destination_path", mount.syscall().mountpoint_path());
    put_text(arguments, "fs_type", mount.syscall().fs_type());
    put_syscall(alert, "mount", arguments);
}

void put_splice(object& alert, const v1::Splice& splice) {
    put_file(alert, splice.file());
    alert["splice"] =
        object{{"pipe_entry_flag", flag_text("pipe_buffer_flags", splice.pipe_entry_flag())},
               {"pipe_exit_flag", flag_text("pipe_buffer_flags", splice.pipe_exit_flag())}};
}

void put_cgroup_write(object& alert, const v1::CGroupWrite& write) {
    put_file(alert, write.file());
    alert["cgroup_write"] = object{{"pid", write.pid()}};
}

}  // namespace

void put_file_event(object& alert, const v1::Event& event) {
    switch (event.payload_case()) {
        case v1::Event::kOpen:
            return put_open(alert, event.open());
        case v1::Event::kChmod:
            return put_chmod(alert, event.chmod());
        case v1::Event::kChown:
            return put_chown(alert, event.chown());
        case v1::Event::kMkdir:
            return put_mkdir(alert, event.mkdir());
        case v1::Event::kRmdir:
            return put_rmdir(alert, event.rmdir());
        case v1::Event::kUnlink:
            return put_unlink(alert, event.unlink());
        case v1::Event::kRename:
            return put_rename(alert, event.rename());
        case v1::Event::kLink:
            return put_link(alert, event.link());
        case v1::Event::kUtimes:
            return put_utimes(alert, event.utimes());
        case v1::Event::kSetxattr:
            return put_xattr(alert, event.setxattr());
        case v1::Event::kRemovexattr:
            return put_xattr(alert, event.removexattr());
        case v1::Event::kChdir:
            return put_chdir(alert, event.chdir());
        case v1::Event::kMount:
            return put_mount(alert, event.mount());
        case v1::Event::kSplice:
            return put_splice(alert, event.splice());
        case v1::Event::kCgroupWrite:
            return put_cgroup_write(alert, event.cgroup_write());
        default:
            return;
    }
}

}  // namespace vedette::engine
