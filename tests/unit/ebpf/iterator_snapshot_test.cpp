// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/iterator_snapshot.h"

#include <unistd.h>

#include <thread>

#include "system-probe/ebpf/record_builder.h"
#include "tests/unit/catch.h"

using namespace vedette;
using namespace vedette::probe;

namespace {

std::string snapshot_of(uint32_t pid, size_t path) {
    RecordBuilder<vdt_snapshot> record(VDT_SNAPSHOT);
    record.fixed.process.image.pid = pid;
    record.item(VDT_ITEM_PATH, std::string(path, 'p'));
    const auto bytes = record.finish();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Feeds `content` through a pipe in pieces, as the kernel's seq file does.
Result<> read_pieces(const std::string& content, size_t piece, std::vector<uint32_t>& pids) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    std::thread writer([&] {
        for (size_t at = 0; at < content.size(); at += piece) {
            const std::string part = content.substr(at, piece);
            if (write(ends[1], part.data(), part.size()) < 0)
                break;
        }
        close(ends[1]);
    });
    auto result = read_iterator_snapshot(ends[0], [&pids](std::span<const std::byte> bytes) {
        vdt_snapshot fixed;
        std::memcpy(&fixed, bytes.data() + sizeof(vdt_header), sizeof(fixed));
        pids.push_back(fixed.process.image.pid);
    });
    writer.join();
    close(ends[0]);
    return result;
}

}  // namespace

TEST_CASE("records are put together whatever the pieces they arrive in") {
    std::string content;
    for (uint32_t pid = 1; pid <= 200; pid++)
        content += snapshot_of(pid, pid * 13 % 4096);
    for (const size_t piece : {size_t{7}, size_t{4096}, size_t{65536}}) {
        std::vector<uint32_t> pids;
        REQUIRE(read_pieces(content, piece, pids));
        REQUIRE(pids.size() == 200);
        CHECK(pids.front() == 1);
        CHECK(pids.back() == 200);
    }
}

TEST_CASE("no task at all is an empty snapshot") {
    std::vector<uint32_t> pids;
    CHECK(read_pieces("", 1, pids));
    CHECK(pids.empty());
}

TEST_CASE("an impossible size ends the snapshot with an error") {
    std::vector<uint32_t> pids;
    std::string content = snapshot_of(1, 10);
    for (const uint32_t size : {0U, 55U, static_cast<uint32_t>(VDT_RECORD_MAX) + 1}) {
        std::memcpy(content.data(), &size, sizeof(size));
        auto result = read_pieces(content, 4096, pids);
        REQUIRE_FALSE(result);
        CHECK(result.error().code == ErrorCode::kInvalid);
        CHECK_THAT(result.error().message, ContainsSubstring(std::to_string(size) + " bytes"));
    }
}

TEST_CASE("an end within a record is an error") {
    std::vector<uint32_t> pids;
    const std::string content = snapshot_of(1, 10) + snapshot_of(2, 10);
    auto result = read_pieces(content.substr(0, content.size() - 1), 4096, pids);
    REQUIRE_FALSE(result);
    CHECK(pids == std::vector<uint32_t>{1});
}
