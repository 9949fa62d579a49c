// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/proc_snapshot.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include "tests/unit/catch.h"

using namespace vedette::probe;
namespace fs = std::filesystem;

namespace {

struct Seen {
    vdt_header header;
    vdt_snapshot fixed;
    std::map<int, std::string> items;
};

std::map<uint32_t, Seen> read_all_of(const std::string& proc) {
    std::map<uint32_t, Seen> all;
    const auto result = read_proc_snapshot(proc, [&all](std::span<const std::byte> bytes) {
        Seen seen{};
        std::memcpy(&seen.header, bytes.data(), sizeof(seen.header));
        std::memcpy(&seen.fixed, bytes.data() + sizeof(seen.header), sizeof(seen.fixed));
        size_t at = sizeof(seen.header) + sizeof(seen.fixed);
        while (at < bytes.size()) {
            vdt_item item;
            std::memcpy(&item, bytes.data() + at, sizeof(item));
            at += sizeof(item);
            seen.items[item.kind] = {reinterpret_cast<const char*>(bytes.data() + at), item.len};
            at += item.len;
        }
        all[seen.fixed.process.image.pid] = seen;
    });
    REQUIRE(result);
    return all;
}

class FakeProc {
   public:
    FakeProc() : path_(fs::temp_directory_path() / ("vdt-proc-" + std::to_string(getpid()))) {}
    ~FakeProc() { fs::remove_all(path_); }
    void add(uint32_t pid, const std::string& stat, const std::string& status) const {
        fs::create_directories(path_ / std::to_string(pid) / "ns");
        std::ofstream(path_ / std::to_string(pid) / "stat") << stat;
        std::ofstream(path_ / std::to_string(pid) / "status") << status;
    }
    fs::path of(uint32_t pid) const { return path_ / std::to_string(pid); }
    std::string path() const { return path_.string(); }

   private:
    fs::path path_;
};

constexpr const char* kStatus =
    "Name:\tx\nUid:\t1000\t1001\t1002\t1003\nGid:\t2000\t2001\t2002\t2003\nNSpid:\t42\t7\n"
    "CapPrm:\t00000000000000ff\nCapEff:\t000000000000000f\n";

/// Field 22 is the start time in ticks.
std::string stat_line(uint32_t pid, const std::string& comm, const std::string& state, int ppid) {
    return std::to_string(pid) + " (" + comm + ") " + state + " " + std::to_string(ppid) +
           " 42 41 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 12345 0 0\n";
}

}  // namespace

TEST_CASE("this process, from the real /proc") {
    const auto all = read_all_of("/proc");
    const auto found = all.find(static_cast<uint32_t>(getpid()));
    REQUIRE(found != all.end());
    const Seen& self = found->second;
    CHECK(self.header.type == VDT_SNAPSHOT);
    CHECK(self.header.image.pid == static_cast<uint32_t>(getpid()));
    CHECK(self.fixed.process.parent.pid == static_cast<uint32_t>(getppid()));
    CHECK(self.fixed.process.cred.uid == getuid());
    CHECK(self.items.at(VDT_ITEM_PATH) == fs::read_symlink("/proc/self/exe").string());
    struct stat st{};
    REQUIRE(stat("/proc/self/exe", &st) == 0);
    CHECK(self.fixed.file.inode == st.st_ino);
    CHECK(self.fixed.process.netns != 0);
}

TEST_CASE("fields of a made-up process") {
    const FakeProc proc;
    proc.add(42, stat_line(42, "a) (b", "S", 41), kStatus);
    fs::create_symlink("/memfd:payload (deleted)", proc.of(42) / "exe");
    fs::create_symlink("net:[4026531840]", proc.of(42) / "ns/net");
    std::ofstream(proc.of(42) / "loginuid") << "1000";
    std::ofstream(proc.of(42) / "cgroup") << "3:cpu:/v1\n0::/user.slice/x\n";
    const auto all = read_all_of(proc.path());
    REQUIRE(all.size() == 1);
    const vdt_process& process = all.at(42).fixed.process;
    CHECK(std::string(process.comm) == "a) (b");
    CHECK(process.parent.pid == 41);
    CHECK(process.sid == 41);
    CHECK(process.ns_pid == 7);
    CHECK(process.image.start_ns ==
          12345 * (1'000'000'000ULL / static_cast<uint64_t>(sysconf(_SC_CLK_TCK))));
    CHECK(process.cred.uid == 1000);
    CHECK(process.cred.euid == 1001);
    CHECK(process.cred.fsuid == 1003);
    CHECK(process.cred.fsgid == 2003);
    CHECK(process.cred.cap_effective == 0xf);
    CHECK(process.cred.cap_permitted == 0xff);
    CHECK(process.cred.auid == 1000);
    CHECK(process.cred.session == UINT32_MAX);
    CHECK(process.netns == 4026531840);
    CHECK(all.at(42).items.at(VDT_ITEM_PATH) == "memfd:payload");
    CHECK(all.at(42).items.at(VDT_ITEM_CGROUP) == "/user.slice/x");
    CHECK(all.at(42).fixed.file.flags == (VDT_FILE_DELETED | VDT_FILE_MEMFD));
}

TEST_CASE("zombies, half-gone processes and other files are left out") {
    const FakeProc proc;
    proc.add(1, stat_line(1, "init", "S", 0), kStatus);
    proc.add(2, stat_line(2, "dead", "Z", 1), kStatus);
    proc.add(3, "3 (no end", kStatus);
    proc.add(4, "", "");
    fs::create_directories(proc.path() + "/sys");
    const auto all = read_all_of(proc.path());
    CHECK(all.size() == 1);
    CHECK(all.contains(1));
    CHECK_FALSE(all.at(1).items.contains(VDT_ITEM_PATH));
}

TEST_CASE("a /proc that is not there is an error") {
    const auto result = read_proc_snapshot("/nonexistent/proc", [](std::span<const std::byte>) {});
    REQUIRE_FALSE(result);
    CHECK_THAT(result.error().message, ContainsSubstring("/nonexistent/proc"));
}
