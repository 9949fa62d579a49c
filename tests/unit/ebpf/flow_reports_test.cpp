// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/flow_reports.h"

#include <cstring>
#include <vector>

#include "system-probe/decode/record.h"
#include "tests/unit/catch.h"

using namespace vedette::probe;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

CountedFlow flow(uint32_t pid, uint32_t netns, uint16_t port) {
    CountedFlow out{};
    out.key.owner.pid = pid;
    out.key.device.netns = netns;
    std::memcpy(out.key.device.interface, "eth0", 4);
    out.key.source_port = port;
    out.counts.out_packets = port;
    return out;
}

}  // namespace

TEST_CASE("flows: one record for each device and process, a full one makes another") {
    std::vector<CountedFlow> flows;
    for (uint16_t port = 0; port < VDT_FLOWS_MAX + 1; ++port) {
        flows.push_back(flow(1, 7, port));
        if (port < 2)
            flows.push_back(flow(1, 8, port));
        if (port < 3)
            flows.push_back(flow(2, 7, port));
    }
    std::multimap<std::pair<uint32_t, uint32_t>, size_t> found;
    const size_t records = make_flow_records(flows, 4711, [&](std::span<const std::byte> bytes) {
        const auto record = Record::parse(bytes);
        REQUIRE(record);
        CHECK(record->header().time_ns == 4711);
        found.emplace(std::pair(record->header().image.pid, record->fixed<vdt_flow_report>().netns),
                      record->item(VDT_ITEM_BYTES).size() / sizeof(vdt_flow));
    });
    CHECK(records == 4);
    CHECK(found == decltype(found){{{1, 7}, VDT_FLOWS_MAX}, {{1, 7}, 1}, {{1, 8}, 2}, {{2, 7}, 3}});
}

TEST_CASE("flows: a table is read some time after the other one is counted in") {
    std::vector<uint32_t> switched;
    std::vector<std::function<void()>> jobs;
    FlowReports reports(-1, -1, seconds(10), [&](uint32_t table) { switched.push_back(table); });
    FlowReports::Clock::time_point now{};
    const RecordSink sink = [](std::span<const std::byte>) {};
    const auto tick = [&](milliseconds later) { return reports.tick(now += later, 0, sink); };
    reports.want(true, now);
    tick(seconds(60));
    CHECK(switched.empty());  // nobody could read
    bool refuse = true;
    reports.set_privileged([&](std::function<void()> job) {
        if (!refuse)
            jobs.push_back(std::move(job));
        return !refuse;
    });
    tick(milliseconds(0));
    CHECK(switched == std::vector<uint32_t>{1});
    tick(FlowReports::kGrace);
    CHECK_FALSE(reports.problem().empty());  // refused: the table keeps what it has
    refuse = false;
    tick(seconds(10));
    CHECK(switched == std::vector<uint32_t>{1, 0});
    tick(milliseconds(1));
    CHECK(jobs.empty());
    tick(FlowReports::kGrace);
    REQUIRE(jobs.size() == 1);
    tick(seconds(60));
    CHECK(switched.size() == 2);  // still being read
    jobs.front()();
    CHECK(tick(milliseconds(0)) == 0);
    CHECK(reports.problem().find("reading flows") == 0);  // there is no map -1
    tick(milliseconds(0));
    CHECK(switched.size() == 3);

    reports.want(false, now);
    tick(FlowReports::kGrace);
    REQUIRE(jobs.size() == 2);
    jobs.back()();
    tick(milliseconds(0));
    const size_t last = switched.size();
    tick(seconds(60));
    tick(seconds(60));
    CHECK(switched.size() == last);
}
