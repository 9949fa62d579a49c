// SPDX-License-Identifier: Apache-2.0
#include "bpf/abi/file_records.h"
#include "system-probe/decode/decoder.h"
#include "system-probe/decode/file.h"
#include "tests/unit/catch.h"
#include "tests/unit/system_probe/records.h"

namespace vedette::probe {
namespace {

using namespace test;

template <typename Fixed>
v1::Event event_of(RecordBuilder<Fixed>& record) {
    const auto bytes = bytes_of(record);
    Decoded out;
    REQUIRE(decode(as_record(bytes), out));
    return out.event;
}

/// A call on the name "file" in /home, which succeeded.
RecordBuilder<vdt_file_call> by_name(vdt_type type, int64_t retval = 0) {
    auto record = builder<vdt_file_call>(type, image(5), 1);
    record.fixed.retval = retval;
    record.fixed.file.flags = VDT_FILE_NO_INODE;
    record.item(VDT_ITEM_SYSCALL_PATH, "file");
    record.item(VDT_ITEM_CWD, "/home");
    return record;
}

RecordBuilder<vdt_file_call> by_object(vdt_type type) {
    auto record = builder<vdt_file_call>(type, image(5), 1);
    record.fixed.file.inode = 12;
    record.fixed.file.mode = 0100644;
    record.item(VDT_ITEM_PATH, "/home/file");
    record.item(VDT_ITEM_FILESYSTEM, "ext4");
    return record;
}

TEST_CASE("a file that was passed by name is its argument, and says so") {
    auto done = by_name(VDT_UNLINK);
    auto file = event_of(done).unlink().file();
    CHECK(file.path() == "/home/file");
    CHECK(file.path_error() == kPathOfCall);
    CHECK(file.inode() == 0);
    auto refused = by_name(VDT_UNLINK, -13);
    file = event_of(refused).unlink().file();
    CHECK(file.path() == "/home/file");
    CHECK(file.path_error() == kPathOfFailedCall);
}

TEST_CASE("a file that the kernel knows has its inode and a sound path") {
    auto record = by_object(VDT_CHDIR);
    const auto event = event_of(record);
    CHECK(event.chdir().file().path() == "/home/file");
    CHECK(event.chdir().file().inode() == 12);
    CHECK(event.chdir().file().filesystem() == "ext4");
    CHECK(event.chdir().file().path_error().empty());
    CHECK_FALSE(event.chdir().has_syscall());
}

TEST_CASE("chmod and mkdir: the mode's type bits are the caller's whim") {
    auto chmod = by_name(VDT_CHMOD);
    chmod.fixed.mode = 0104755;
    CHECK(event_of(chmod).chmod().mode() == 04755);
    CHECK(event_of(chmod).chmod().syscall().mode() == 0104755);
    CHECK(event_of(chmod).chmod().syscall().path() == "file");
    auto mkdir = by_name(VDT_MKDIR);
    mkdir.fixed.mode = 0777;
    CHECK(event_of(mkdir).mkdir().mode() == 0777);
}

TEST_CASE("chown: an id that is not to change is -1") {
    auto record = by_name(VDT_CHOWN);
    record.fixed.uid = 4294967294;
    record.fixed.gid = VDT_ID_UNCHANGED;
    const auto event = event_of(record);
    CHECK(event.chown().uid() == 4294967294);
    CHECK(event.chown().gid() == -1);
    CHECK(event.chown().syscall().gid() == -1);
}

TEST_CASE("xattr: the namespace is what is before the first dot") {
    const auto names = [](std::string_view name) {
        auto record = by_name(VDT_SETXATTR);
        record.item(VDT_ITEM_NAME, name);
        const auto set = event_of(record).setxattr();
        return std::pair(set.attribute_namespace(), set.attribute_name());
    };
    CHECK(names("security.ima.x") ==
          std::pair<std::string, std::string>("security", "security.ima.x"));
    CHECK(names("odd") == std::pair<std::string, std::string>("", "odd"));
    CHECK(names(".x") == std::pair<std::string, std::string>("", ".x"));
    CHECK(names("") == std::pair<std::string, std::string>("", ""));
}

TEST_CASE("rename: two files, each with its own items") {
    auto record = builder<vdt_two_files>(VDT_RENAME, image(5), 1);
    record.fixed.file.flags = VDT_FILE_NO_INODE;
    record.fixed.destination.inode = 9;
    record.item(VDT_ITEM_SYSCALL_PATH, "/a/./b");
    record.item(VDT_ITEM_SYSCALL_PATH2, "c");
    record.item(VDT_ITEM_PATH2, "/a/c");
    const auto event = event_of(record);
    CHECK(event.rename().file().path() == "/a/b");
    CHECK(event.rename().destination().path() == "/a/c");
    CHECK(event.rename().destination().inode() == 9);
    CHECK(event.rename().syscall().path() == "/a/./b");
    CHECK(event.rename().syscall().destination_path() == "c");
}

TEST_CASE("splice: the flags before and after") {
    auto record = builder<vdt_splice>(VDT_SPLICE, image(5), 1);
    record.fixed = {.retval = 1, .file = {}, .entry_flags = 0x10, .exit_flags = 1};
    CHECK(event_of(record).splice().pipe_entry_flag() == 0x10);
    CHECK(event_of(record).splice().pipe_exit_flag() == 1);
}

/// mount(2) of a tmpfs on /mnt/point, and the namespace's newest mount is at `found`.
RecordBuilder<vdt_mount> mount_at(std::string_view found, uint32_t flags = 0) {
    auto record = builder<vdt_mount>(VDT_MOUNT, image(5), 1);
    record.fixed.mountpoint.flags = VDT_FILE_NO_INODE;
    record.fixed.source.flags = VDT_FILE_NO_INODE;
    record.fixed.mount_id = 44;
    record.fixed.flags = flags;
    record.item(VDT_ITEM_PATH, found);
    record.item(VDT_ITEM_FILESYSTEM, "tmpfs");
    record.item(VDT_ITEM_ROOT_PATH, "/part");
    record.item(VDT_ITEM_SYSCALL_PATH, "/mnt/point/");
    record.item(VDT_ITEM_SYSCALL_PATH2, "/from");
    record.item(VDT_ITEM_NAME, "nonsense");
    return record;
}

TEST_CASE("mount: the newest mount counts when it is where the call put it") {
    auto record = mount_at("/mnt/point");
    auto mount = event_of(record).mount();
    CHECK(mount.mountpoint_path() == "/mnt/point");
    CHECK(mount.mount_id() == 44);
    CHECK(mount.fs_type() == "tmpfs");
    CHECK(mount.root_path() == "/part");
    CHECK(mount.visible());
    CHECK(mount.source_path().empty());
    CHECK(mount.syscall().fs_type() == "nonsense");

    auto elsewhere = mount_at("/other");
    mount = event_of(elsewhere).mount();
    CHECK(mount.mountpoint_path() == "/mnt/point");
    CHECK(mount.mount_id() == 0);
    CHECK(mount.fs_type() == "nonsense");
    CHECK(mount.root_path().empty());
}

TEST_CASE("mount: of a bind mount the type that was passed means nothing, the source does") {
    auto record = mount_at("/other", VDT_MOUNT_BIND);
    const auto mount = event_of(record).mount();
    CHECK(mount.fs_type().empty());
    CHECK(mount.source_path() == "/from");
}

TEST_CASE("mount: detached, failed, moved by descriptor") {
    auto detached = mount_at("", VDT_MOUNT_DETACHED);
    auto mount = event_of(detached).mount();
    CHECK(mount.detached());
    CHECK_FALSE(mount.visible());
    CHECK(mount.mountpoint_path().empty());

    auto failed = mount_at("/mnt/point");
    failed.fixed.retval = -1;
    mount = event_of(failed).mount();
    CHECK_FALSE(mount.visible());
    CHECK(mount.mount_id() == 0);

    auto moved = mount_at("/mnt/point", VDT_MOUNT_MOVED);
    moved.fixed.source.flags = 0;
    mount = event_of(moved).mount();
    CHECK(mount.visible());
    CHECK(mount.source_path().empty());
}

}  // namespace
}  // namespace vedette::probe
