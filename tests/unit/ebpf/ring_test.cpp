// SPDX-License-Identifier: Apache-2.0
//
// The kernel's end of a ring, played in a memory file: there the data does not repeat by itself.
#include "system-probe/ebpf/ring.h"

#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

#include "common/os/fd.h"
#include "system-probe/ebpf/ring_reader.h"
#include "tests/unit/catch.h"

namespace vedette::probe {
namespace {

using namespace std::chrono_literals;

constexpr size_t kPage = 4096;
constexpr size_t kBytes = 1u << 20;

struct Producer {
    Producer() : fd(memfd_create("ring", MFD_CLOEXEC)) {
        REQUIRE(ftruncate(fd.get(), 2 * kPage + 2 * kBytes) == 0);
        auto mapped = Mapping::open(fd.get(), 0, 2 * kPage + 2 * kBytes, PROT_READ | PROT_WRITE,
                                    "what a kernel would have");
        REQUIRE(mapped);
        memory = std::move(*mapped);
    }
    void put(size_t offset, const void* bytes, size_t size) {
        for (size_t i = 0; i < size; ++i) {
            const size_t at = 2 * kPage + (offset + i) % kBytes;
            *memory.at(at) = *memory.at(at + kBytes) = static_cast<const std::byte*>(bytes)[i];
        }
    }
    uint64_t begin() const {
        uint64_t consumed = 0;
        std::memcpy(&consumed, memory.at(0), sizeof consumed);
        return consumed;
    }
    /// Where its header is.
    uint64_t add(const std::string& record, uint32_t flags = 0) {
        const uint64_t at = end;
        const uint32_t header = static_cast<uint32_t>(record.size()) | flags;
        put(at, &header, sizeof header);
        put(at + BPF_RINGBUF_HDR_SZ, record.data(), record.size());
        end += (BPF_RINGBUF_HDR_SZ + record.size() + 7) / 8 * 8;
        std::memcpy(memory.at(kPage), &end, sizeof end);
        return at;
    }
    void finish(uint64_t at, const std::string& record) {
        const auto header = static_cast<uint32_t>(record.size());
        put(at, &header, sizeof header);
    }
    Ring open() const {
        auto ring = Ring::open(fd.get(), kBytes);
        REQUIRE(ring);
        return std::move(*ring);
    }

    UniqueFd fd;
    Mapping memory;
    uint64_t end = 0;
};

std::unique_ptr<RingReader> open_reader(const Producer& common, const Producer& reserved) {
    auto reader = RingReader::over(common.open(), reserved.open());
    REQUIRE(reader);
    return std::move(*reader);
}

std::string take(Ring& ring) {
    auto front = ring.front();
    REQUIRE(front);
    if (!*front)
        return "nothing";
    std::string text(reinterpret_cast<const char*>((*front)->data()), (*front)->size());
    ring.pop();
    return text;
}

std::string record_at(uint64_t time_ns, char name) {
    vdt_header header = {};
    header.size = sizeof header + 1;
    header.time_ns = time_ns;
    return std::string(reinterpret_cast<const char*>(&header), sizeof header) + name;
}

TEST_CASE("a ring hands out what was put in, in order, and gives the place back") {
    Producer producer;
    Ring ring = producer.open();
    CHECK(take(ring) == "nothing");
    producer.add("one");
    producer.add("two!");
    CHECK(take(ring) == "one");
    CHECK(producer.begin() == 16);
    CHECK(take(ring) == "two!");
    CHECK(take(ring) == "nothing");
    CHECK(producer.begin() == producer.end);
}

TEST_CASE("a record that is not popped is shown again") {
    Producer producer;
    Ring ring = producer.open();
    producer.add("one");
    REQUIRE(ring.front());
    CHECK(producer.begin() == 0);
    CHECK(take(ring) == "one");
}

TEST_CASE("a record that is not finished hides those behind it, a discarded one does not") {
    Producer producer;
    Ring ring = producer.open();
    producer.add("thrown away", BPF_RINGBUF_DISCARD_BIT);
    const uint64_t at = producer.add("slow", BPF_RINGBUF_BUSY_BIT);
    producer.add("fast");
    CHECK(take(ring) == "nothing");
    producer.finish(at, "slow");
    CHECK(take(ring) == "slow");
    CHECK(take(ring) == "fast");
}

TEST_CASE(
    "records of all sizes come whole where the window moves and where the ring begins again") {
    Producer producer;
    Ring ring = producer.open();
    size_t size = 1;
    for (size_t total = 0; total < 3 * kBytes; total += size) {
        size = (size * 7 + 11) % (40 * 1024);
        const std::string record(size, static_cast<char>('a' + size % 26));
        producer.add(record);
        const std::string taken = take(ring);
        REQUIRE(taken.size() == record.size());
        REQUIRE(taken == record);
    }
    CHECK(producer.begin() == producer.end);
}

TEST_CASE("a record that is longer than the window") {
    Producer producer;
    Ring ring = producer.open();
    const std::string record(Ring::kWindow + 12345, 'x');
    producer.add("before");
    producer.add(record);
    CHECK(take(ring) == "before");
    CHECK(take(ring) == record);
}

TEST_CASE("the reader merges two rings by time; of the same time the reserved one is first") {
    Producer common, reserved;
    const auto reader = open_reader(common, reserved);
    std::string order, sleeping;
    const RecordSink sink = [&order](std::span<const std::byte> record) {
        order += static_cast<char>(record.back());
    };
    const auto sleeps = [&sleeping](bool now) { sleeping += now ? '(' : ')'; };
    common.add(record_at(20, 'b'));
    common.add(record_at(40, 'e'));
    reserved.add(record_at(10, 'a'));
    reserved.add(record_at(30, 'c'));
    reserved.add(record_at(40, 'd'));
    reserved.add(record_at(50, 'f'));
    CHECK(*reader->poll(0ms, sink, sleeps) == 6);
    CHECK(order == "abcdef");
    CHECK(sleeping.empty());
    CHECK(*reader->poll(0ms, sink, sleeps) == 0);
    CHECK(sleeping == "()");
}

TEST_CASE("the reader gives its caller a turn while there is more") {
    Producer common, reserved;
    const auto reader = open_reader(common, reserved);
    for (size_t i = 0; i < RingReader::kMaxRecords + 7; ++i)
        common.add(record_at(i, 'x'));
    const RecordSink sink = [](std::span<const std::byte>) {};
    CHECK(*reader->poll(0ms, sink, [](bool) {}) == RingReader::kMaxRecords);
    CHECK(*reader->poll(0ms, sink, [](bool) {}) == 7);
}

}  // namespace
}  // namespace vedette::probe
