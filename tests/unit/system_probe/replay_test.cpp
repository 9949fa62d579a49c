// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include "common/os/fd.h"
#include "system-probe/decode/replay_source.h"
#include "system-probe/decode/wall_clock.h"
#include "tests/unit/catch.h"
#include "tests/unit/system_probe/records.h"
#include "tests/unit/system_probe/temp_dir.h"

namespace vedette::probe {
namespace {

using namespace test;
using std::chrono::milliseconds;

std::vector<Bytes> collected(const std::function<void(const RecordSink&)>& run) {
    std::vector<Bytes> out;
    run([&](std::span<const std::byte> bytes) {
        out.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    });
    return out;
}

TEST_CASE("what was recorded is replayed: the snapshot first, then the rest, then the end") {
    const TempDir dir;
    const auto path = dir / "recording";
    const std::vector<Bytes> snapshot = {snapshot_record(image(1), image(0), 5),
                                         snapshot_record(image(2), image(1), 5)};
    const std::vector<Bytes> live = {open_record(image(2), 6), exit_record(image(2), 7)};
    {
        auto writer = RecordWriter::create(path, 1'700'000'000'600'000'000);
        REQUIRE(writer);
        for (const auto& record : snapshot)
            REQUIRE(writer->write(as_record(record)));
        for (const auto& record : live)
            REQUIRE(writer->write(as_record(record)));
        REQUIRE(writer->flush());
    }
    struct stat file = {};
    REQUIRE(stat(path.c_str(), &file) == 0);
    CHECK((file.st_mode & 0777) == 0600);

    auto source = ReplaySource::open(path);
    REQUIRE(source);
    CHECK((*source)->boot_time_ns() == 1'700'000'001'000'000'000);
    CHECK((*source)->name() == path);
    CHECK(collected([&](const RecordSink& sink) { REQUIRE((*source)->snapshot(sink)); }) ==
          snapshot);
    CHECK(collected([&](const RecordSink& sink) {
              const auto polled = (*source)->poll(milliseconds(0), sink);
              REQUIRE(polled);
              CHECK(*polled == 2);
          }) == live);
    const auto end = (*source)->poll(milliseconds(0), [](auto) { FAIL("there is nothing left"); });
    REQUIRE_FALSE(end);
    CHECK(end.error().code == ErrorCode::kNotFound);
    CHECK((*source)->counters().sent[VDT_OPEN] == 1);
}

TEST_CASE("a recording is never overwritten") {
    const TempDir dir;
    const auto path = dir / "recording";
    REQUIRE(RecordWriter::create(path, 0));
    const auto again = RecordWriter::create(path, 0);
    REQUIRE_FALSE(again);
    CHECK(again.error().code == ErrorCode::kExists);
    CHECK_THAT(again.error().message, ContainsSubstring(path));
}

TEST_CASE("a file that is no whole recording is refused") {
    const TempDir dir;
    const auto path = dir / "recording";
    const auto error = [&](const std::string& content) {
        REQUIRE(write_file_atomic(path, content, 0600));
        const auto loaded = Recording::load(path);
        return loaded ? std::string() : loaded.error().message;
    };
    RecordFileHeader header = {};
    std::memcpy(header.magic, kRecordFileMagic, sizeof header.magic);
    header.abi_version = VDT_ABI_VERSION;
    const auto text = [&] {
        return std::string(reinterpret_cast<const char*>(&header), sizeof header);
    };

    CHECK(error(text()).empty());
    CHECK_THAT(error(""), ContainsSubstring("only 0 bytes"));
    CHECK_THAT(error("just some text, long enough"), ContainsSubstring("is no recording"));
    const auto record = open_record(image(1), 1);
    CHECK(error(text() + record).empty());
    CHECK_THAT(error(text() + record.substr(0, record.size() - 1)),
               ContainsSubstring("damaged at byte 16"));
    CHECK_THAT(error(text() + record + "ab"), ContainsSubstring("damaged at byte"));
    CHECK_THAT(error(text() + std::string(100, '\0')), ContainsSubstring("damaged at byte 16"));
    CHECK_THAT(error(text() + std::string(100, '\xff')), ContainsSubstring("damaged at byte 16"));
    header.abi_version = VDT_ABI_VERSION + 1;
    CHECK_THAT(error(text()), ContainsSubstring("record it again"));
    const auto missing = Recording::load(dir / "nothing");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == ErrorCode::kNotFound);
}

TEST_CASE("record times follow the wall clock, and a step holds from its moment on") {
    int64_t offset = 1000 * int64_t{kSecond};
    WallClock clock([&] { return offset; });
    CHECK(clock.to_wall(0) == 0);
    CHECK(clock.to_wall(5) == 1000 * kSecond + 5);

    offset += 900'000;  // noise of the measurement
    CHECK_FALSE(clock.sync(10 * kSecond));
    CHECK(clock.to_wall(11 * kSecond) == 1011 * kSecond);

    offset -= int64_t{3600 * kSecond};  // somebody sets the clock back an hour
    const auto earlier = clock.to_wall(19 * kSecond);
    CHECK(clock.sync(20 * kSecond));
    CHECK(clock.to_wall(19 * kSecond) == earlier);
    CHECK(clock.to_wall(21 * kSecond) == 21 * kSecond + static_cast<uint64_t>(offset));
}

}  // namespace
}  // namespace vedette::probe
