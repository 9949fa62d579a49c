// SPDX-License-Identifier: Apache-2.0
#include "system-probe/decode/decoder.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <filesystem>
#include <limits>
#include <random>

#include "common/os/fd.h"
#include "system-probe/decode/event_type.h"
#include "system-probe/decode/file.h"
#include "tests/unit/catch.h"
#include "tests/unit/system_probe/records.h"

namespace vedette::probe {
namespace {

using namespace test;

std::string error_of(const Bytes& record) {
    Decoded out;
    const auto done = decode(as_record(record), out);
    return done ? "" : done.error().message;
}

Decoded decoded(const Bytes& record) {
    Decoded out;
    const auto done = decode(as_record(record), out);
    INFO((done ? "" : done.error().message));
    REQUIRE(done);
    return out;
}

template <typename T>
void put(Bytes& record, size_t offset, T value) {
    std::memcpy(record.data() + offset, &value, sizeof value);
}

/// Sets header.size to what is there, after a test has cut or added bytes.
Bytes resized(Bytes record) {
    put(record, offsetof(vdt_header, size), static_cast<uint32_t>(record.size()));
    return record;
}

constexpr size_t kOpenItems = sizeof(vdt_header) + sizeof(vdt_open);

TEST_CASE("a record is refused when any length does not fit") {
    const auto good = open_record(image(7), 5);
    REQUIRE(error_of(good).empty());

    CHECK_THAT(error_of(""), ContainsSubstring("shorter than a header"));
    CHECK_THAT(error_of(good.substr(0, sizeof(vdt_header) - 1)),
               ContainsSubstring("shorter than a header"));
    CHECK_THAT(error_of(good.substr(0, good.size() - 1)), ContainsSubstring("says"));
    CHECK_THAT(error_of(good + "x"), ContainsSubstring("says"));
    CHECK_THAT(error_of(resized(good.substr(0, kOpenItems - 1))),
               ContainsSubstring("open record ends in its fixed part: 79 of 80 bytes"));
    CHECK_THAT(error_of(resized(good + "abc")), ContainsSubstring("3 stray bytes"));

    auto oversized = good;
    put(oversized, kOpenItems + offsetof(vdt_item, len), uint16_t{0xffff});
    CHECK_THAT(error_of(oversized), ContainsSubstring("item 1 says 65535 bytes"));

    auto unknown_type = good;
    put(unknown_type, offsetof(vdt_header, type), uint16_t{VDT_TYPE_MAX});
    CHECK_THAT(error_of(unknown_type),
               ContainsSubstring("unknown record type " + std::to_string(VDT_TYPE_MAX)));
    put(unknown_type, offsetof(vdt_header, type), uint16_t{VDT_NONE});
    CHECK_THAT(error_of(unknown_type), ContainsSubstring("unknown record type 0"));

    CHECK_THAT(error_of(resized(good + Bytes(VDT_RECORD_MAX, 'x'))),
               ContainsSubstring("is longer than"));
}

TEST_CASE("a record is refused when an item is longer than its kind allows or stands twice") {
    auto longer = builder<vdt_open>(VDT_OPEN, image(1), 1);
    longer.item(VDT_ITEM_PATH, Bytes(VDT_PATH_MAX + 1, 'a'));
    CHECK_THAT(error_of(bytes_of(longer)), ContainsSubstring("at most 4096 are allowed"));

    auto twice = builder<vdt_open>(VDT_OPEN, image(1), 1);
    twice.item(VDT_ITEM_PATH, "/a");
    twice.item(VDT_ITEM_PATH, "/b");
    CHECK_THAT(error_of(bytes_of(twice)), ContainsSubstring("item 1 stands twice"));

    auto exact = builder<vdt_open>(VDT_OPEN, image(1), 1);
    exact.item(VDT_ITEM_PATH, Bytes(VDT_PATH_MAX, 'a'));
    CHECK(error_of(bytes_of(exact)).empty());
}

TEST_CASE("items of a newer kernel program are skipped by their length and counted") {
    auto record = builder<vdt_open>(VDT_OPEN, image(1), 1);
    record.item(VDT_ITEM_MAX, "whatever");
    record.item(static_cast<vdt_item_kind>(0), "zero");
    record.item(VDT_ITEM_PATH, "/after");
    const auto out = decoded(bytes_of(record));
    CHECK(out.unknown_items == 2);
    CHECK(out.event.open().file().path() == "/after");
}

TEST_CASE("every prefix of every record is refused or decoded, and random damage never crashes") {
    const std::vector<Bytes> records = {
        fork_record(image(2), image(1), 1),
        exec_record(image(2, 1), image(1), 1),
        exit_record(image(2), 1),
        snapshot_record(image(2), image(1), 1),
        open_record(image(2), 1),
        setuid_record(image(2), 2, 0, 1),
        cgroup_record(image(2), 5, "/x", 1),
    };
    std::mt19937 random(1);  // NOLINT: the same damage each time
    Decoded out;
    size_t refused = 0;
    for (const auto& record : records) {
        for (size_t length = 0; length < record.size(); ++length) {
            auto cut = record.substr(0, length);
            CHECK_FALSE(decode(as_record(cut), out));
            if (length >= sizeof(vdt_header))
                (void)decode(as_record(resized(cut)), out);
        }
        for (int i = 0; i < 5000; ++i) {
            auto damaged = record;
            for (int n = 0; n < 3; ++n)
                damaged[random() % damaged.size()] = static_cast<char>(random());
            if (!decode(as_record(damaged), out))
                ++refused;
        }
    }
    CHECK(refused > 100);
}

TEST_CASE("the inputs of the fuzzer's corpus") {
    const auto corpus = std::filesystem::path(VEDETTE_SOURCE_DIR) / "tests/fuzz/corpus/decode";
    size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
        const auto content = read_file(entry.path().string(), 1 << 20);
        REQUIRE(content);
        Decoded out;
        const bool ok = decode(as_record(*content), out).has_value();
        INFO(entry.path());
        CHECK(ok == entry.path().filename().string().starts_with("good_"));
        ++files;
    }
    CHECK(files >= 20);
}

TEST_CASE("exec: file, arguments, environment, system call") {
    auto record = builder<vdt_exec>(VDT_EXEC, image(5, 3), 42);
    record.header.flags = VDT_F_COMPAT | VDT_F_TRAMPOLINE | VDT_F_ASYNC;
    record.fixed.process = process(image(5, 3), image(4));
    record.fixed.args_size = 9000;
    record.item(VDT_ITEM_PATH, "/bin/\xff\n");
    record.item(VDT_ITEM_ARGV, std::string("a\0b", 3));
    record.item(VDT_ITEM_SYSCALL_PATH, "./b");
    const auto bytes = bytes_of(record);
    const auto out = decoded(bytes);
    REQUIRE(out.process);
    CHECK(out.process->path == "/bin/\xff\n");
    CHECK(out.process->argv == std::string("a\0b", 3));
    CHECK(out.process->args_size == 9000);
    CHECK(out.event.exec().syscall().path() == "./b");
    CHECK(out.event.compat());
    CHECK(out.event.async());
    CHECK(out.event.backend() == v1::Event::BACKEND_TRAMPOLINE);
    CHECK(out.cgroup_id == 77);
    CHECK_FALSE(out.cgroup);
}

TEST_CASE("exit: the wait status becomes a cause and a code") {
    const auto exit = [](uint32_t code) {
        return decoded(exit_record(image(5), 1, code)).event.exit();
    };
    CHECK(exit(3 << 8).cause() == v1::Exit::EXITED);
    CHECK(exit(3 << 8).code() == 3);
    CHECK(exit(9).cause() == v1::Exit::SIGNALED);
    CHECK(exit(9).code() == 9);
    CHECK(exit(11 | 0x80).cause() == v1::Exit::COREDUMPED);
    CHECK(exit(11 | 0x80).code() == 11);
}

TEST_CASE("connect: addresses by family") {
    auto record = builder<vdt_connect>(VDT_CONNECT, image(5), 1);
    record.fixed.family = AF_INET;
    record.fixed.port = htons(443);
    record.fixed.retval = -115;
    record.fixed.protocol = 6;
    std::memcpy(record.fixed.addr, "\x0a\x00\x00\x01", 4);
    auto out = decoded(bytes_of(record));
    CHECK(out.event.connect().addr().ip() == std::string("\x0a\x00\x00\x01", 4));
    CHECK(out.event.connect().addr().port() == 443);
    CHECK(out.event.connect().retval() == -115);
    record.fixed.family = AF_INET6;
    CHECK(decoded(bytes_of(record)).event.connect().addr().ip().size() == 16);
    record.fixed.family = AF_UNIX;
    out = decoded(bytes_of(record));
    CHECK(out.event.connect().addr().family() == AF_UNIX);
    CHECK(out.event.connect().addr().ip().empty());
    CHECK(out.event.connect().addr().port() == 0);
}

TEST_CASE("open: what is unsound about the path is said") {
    auto record = builder<vdt_open>(VDT_OPEN, image(5), 1);
    const auto file = [&](uint32_t flags) {
        record.fixed.file.flags = flags;
        return decoded(bytes_of(record)).event.open().file();
    };
    CHECK(file(0).path_error() == kPathMissing);
    record.item(VDT_ITEM_PATH, "/memfd:x (deleted)");
    CHECK(file(0).path_error().empty());
    CHECK(file(VDT_FILE_TRUNCATED).path_error() == kPathTruncated);
    CHECK(file(VDT_FILE_DETACHED).path_error() == kPathDetached);
    CHECK(file(VDT_FILE_UNREACHABLE).path_error() == kPathUnreachable);
    CHECK(file(VDT_FILE_MEMFD).path().empty());
    CHECK(file(VDT_FILE_MEMFD).name() == "memfd:x");
}

TEST_CASE("open that failed: its argument is joined by letters and marked") {
    const auto file = [](std::string_view argument, std::string_view directory) {
        auto record = builder<vdt_open>(VDT_OPEN, image(5), 1);
        record.fixed.retval = -2;
        record.fixed.file.flags = VDT_FILE_NO_INODE;
        if (!argument.empty())
            record.item(VDT_ITEM_SYSCALL_PATH, argument);
        if (!directory.empty())
            record.item(VDT_ITEM_CWD, directory);
        return decoded(bytes_of(record)).event.open().file();
    };
    CHECK(file("/a/../b", "").path() == "/b");
    CHECK(file("../x", "/home/me").path() == "/home/x");
    CHECK(file("../x", "/home/me").path_error() == kPathOfFailedCall);
    CHECK(file("x", "").path().empty());
    CHECK(file("x", "").path_error() == kPathRelativeUnknown);
    CHECK(file("", "/home").path_error() == kPathMissing);
}

TEST_CASE("names that the kernel chooses cannot break a batch") {
    auto record = builder<vdt_open>(VDT_OPEN, image(5), 1);
    record.item(VDT_ITEM_PATH, "/x");
    record.item(VDT_ITEM_FILESYSTEM, "odd\xff\n");
    const auto out = decoded(bytes_of(record));
    CHECK(out.event.open().file().filesystem() == "odd??");
    v1::Event copy;
    CHECK(copy.ParseFromString(out.event.SerializeAsString()));
}

TEST_CASE("every record type but what only the resolver reads has a member of Event") {
    for (const auto& type : event_types()) {
        CHECK(find_event_type(type.type) == &type);
        CHECK((type.payload_field == 0) ==
              (type.type == VDT_SNAPSHOT || type.type == VDT_NAMESPACES || type.type == VDT_COMM));
        if (type.payload_field != 0)
            CHECK(payload_name(type.payload_field) == type.name);
    }
    CHECK(find_event_type(VDT_TYPE_MAX) == nullptr);
    CHECK(find_event_type(std::numeric_limits<uint32_t>::max()) == nullptr);
    CHECK(payload_name(0) == "unknown");
}

}  // namespace
}  // namespace vedette::probe
