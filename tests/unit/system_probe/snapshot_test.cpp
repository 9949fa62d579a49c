// SPDX-License-Identifier: Apache-2.0
#include "system-probe/resolvers/snapshot.h"

#include <sys/stat.h>

#include <filesystem>

#include "common/os/fd.h"
#include "system-probe/decode/decoder.h"
#include "tests/unit/catch.h"
#include "tests/unit/system_probe/records.h"
#include "tests/unit/system_probe/temp_dir.h"

namespace vedette::probe {
namespace {

using namespace test;

/// A source whose snapshot is what the test says.
struct FakeSource : RecordSource {
    std::vector<Bytes> records;

    Result<> snapshot(const RecordSink& sink) override {
        for (const auto& record : records)
            sink(as_record(record));
        return {};
    }
    Result<size_t> poll(std::chrono::milliseconds /*timeout*/,
                        const RecordSink& /*sink*/) override {
        return size_t{0};
    }
    vdt_counters counters() override { return {}; }
    std::vector<HookReport> hooks() const override { return {}; }
    std::string name() const override { return "fake"; }
    uint64_t ring_bytes() const override { return 0; }
    uint64_t map_bytes() const override { return 0; }
};

/// A tree that looks like /proc.
struct FakeProc {
    FakeProc() {
        std::filesystem::create_directories(dir / "self/ns");
        REQUIRE(write_file_atomic(dir / "self/ns/pid", "", 0444));
        struct stat ns = {};
        REQUIRE(stat((dir / "self/ns/pid").c_str(), &ns) == 0);
        pid_namespace = static_cast<uint32_t>(ns.st_ino);
    }
    void add(uint32_t pid, const std::string& cmdline, const std::string& environ) {
        const auto base = dir / std::to_string(pid);
        std::filesystem::create_directories(base);
        REQUIRE(write_file_atomic(base + "/cmdline", cmdline, 0444));
        REQUIRE(write_file_atomic(base + "/environ", environ, 0400));
    }
    /// A record of a process in the namespace of this tree.
    Bytes record(vdt_image_id id, vdt_image_id parent, uint32_t flags = 0) const {
        auto out = builder<vdt_snapshot>(VDT_SNAPSHOT, id, 5);
        out.fixed.process = process(id, parent);
        out.fixed.process.pidns = pid_namespace;
        out.fixed.process.ns_pid = id.pid;
        out.fixed.process.flags = flags;
        out.fixed.file.inode = 1;
        out.item(VDT_ITEM_PATH, "/bin/x");
        return bytes_of(out);
    }

    TempDir dir;
    uint32_t pid_namespace = 0;
};

Decoded decoded(const std::string& record) {
    Decoded out;
    REQUIRE(decode(as_record(record), out));
    return out;
}

TEST_CASE("arguments and environment come from /proc, parents stand before children") {
    FakeProc proc;
    proc.add(10, std::string("child\0-v\0", 9), std::string("A=1\0B=2\0", 8));
    proc.add(2, std::string("parent\0", 7), "");
    FakeSource source;
    source.records = {proc.record(image(10), image(2)), proc.record(image(2), image(0))};
    ProcFs procfs(proc.dir.path());
    const auto records = take_snapshot(source, &procfs);
    REQUIRE(records);
    REQUIRE(records->size() == 2);
    const auto first = decoded((*records)[0]);
    const auto second = decoded((*records)[1]);
    CHECK(first.process->process.image.pid == 2);
    CHECK(first.process->argv == std::string("parent\0", 7));
    CHECK(second.process->argv == std::string("child\0-v\0", 9));
    CHECK(second.process->envp == std::string("A=1\0B=2\0", 8));
    CHECK(second.process->path == "/bin/x");
    CHECK(procfs.reads() == 4);
}

TEST_CASE("what is too long is cut and says so") {
    FakeProc proc;
    proc.add(10, std::string(VDT_ARGS_MAX + 1, 'a'), std::string(VDT_ENVS_MAX, 'e'));
    FakeSource source;
    source.records = {proc.record(image(10), image(0))};
    ProcFs procfs(proc.dir.path());
    const auto records = take_snapshot(source, &procfs);
    REQUIRE(records);
    const auto out = decoded(records->at(0));
    CHECK(out.process->argv.size() == VDT_ARGS_MAX);
    CHECK(out.process->envp.size() == VDT_ENVS_MAX);
    CHECK(out.process->process.flags == VDT_PROC_ARGS_TRUNCATED);
}

TEST_CASE("kernel threads, other pid namespaces and vanished processes are left as they are") {
    FakeProc proc;
    proc.add(10, "never read", "");
    FakeSource source;
    auto elsewhere = builder<vdt_snapshot>(VDT_SNAPSHOT, image(10), 5);
    elsewhere.fixed.process = process(image(10), image(0));
    elsewhere.fixed.process.pidns = proc.pid_namespace + 1;
    elsewhere.fixed.process.ns_pid = 10;
    source.records = {proc.record(image(11), image(0), VDT_PROC_KTHREAD), bytes_of(elsewhere)};
    ProcFs procfs(proc.dir.path());
    auto records = take_snapshot(source, &procfs);
    REQUIRE(records);
    CHECK(procfs.reads() == 0);
    CHECK_FALSE(decoded(records->at(0)).process->has_argv);

    source.records = {proc.record(image(12), image(0))};
    records = take_snapshot(source, &procfs);
    REQUIRE(records);
    CHECK(decoded(records->at(0)).process->argv.empty());
}

TEST_CASE("a replay reads no /proc, and a malformed record goes on to be counted") {
    FakeProc proc;
    FakeSource source;
    source.records = {"garbage", proc.record(image(12), image(0))};
    const auto records = take_snapshot(source, nullptr);
    REQUIRE(records);
    CHECK((*records)[0] == "garbage");
    CHECK((*records)[1] == source.records[1]);
}

}  // namespace
}  // namespace vedette::probe
