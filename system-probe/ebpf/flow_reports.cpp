// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/flow_reports.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <tuple>
#include <utility>

#include "system-probe/ebpf/record_builder.h"

namespace vedette::probe {
namespace {

constexpr uint32_t kBatch = 512;

/// Everything in a table, which is empty afterwards.
Result<std::vector<CountedFlow>> take_all(int table) {
    std::vector<CountedFlow> out;
    std::vector<vdt_flow_key> keys(kBatch);
    std::vector<vdt_flow_counts> counts(kBatch);
    uint32_t place = 0;  // where the next batch begins
    bool first = true;
    // A full table is read in no more steps; one that is filled meanwhile would not end.
    for (size_t i = 0; i < 2 * VDT_FLOW_SLOTS / kBatch; ++i) {
        uint32_t count = kBatch;
        const int result = bpf_map_lookup_and_delete_batch(
            table, first ? nullptr : &place, &place, keys.data(), counts.data(), &count, nullptr);
        const int error = errno;
        first = false;
        if (result != 0 && error != ENOENT)
            return fail_errno(error, "reading flows");
        for (uint32_t k = 0; k < count; ++k)
            out.push_back({keys[k], counts[k]});
        if (result != 0)
            break;
    }
    return out;
}

/// What one record has in common.
std::string_view group_of(const CountedFlow& flow) {
    return {reinterpret_cast<const char*>(&flow.key.owner), sizeof flow.key.owner};
}
std::string_view device_of(const CountedFlow& flow) {
    return {reinterpret_cast<const char*>(&flow.key.device), sizeof flow.key.device};
}
bool same_record(const CountedFlow& left, const CountedFlow& right) {
    return group_of(left) == group_of(right) && device_of(left) == device_of(right) &&
           left.key.cgroup_id == right.key.cgroup_id;
}
bool before(const CountedFlow& left, const CountedFlow& right) {
    return std::tuple(group_of(left), device_of(left), left.key.cgroup_id) <
           std::tuple(group_of(right), device_of(right), right.key.cgroup_id);
}

vdt_flow to_flow(const CountedFlow& from) {
    vdt_flow out{};
    std::memcpy(out.source, from.key.source, sizeof out.source);
    std::memcpy(out.destination, from.key.destination, sizeof out.destination);
    out.source_port = from.key.source_port;
    out.destination_port = from.key.destination_port;
    out.l3_protocol = from.key.l3_protocol;
    out.l4_protocol = from.key.l4_protocol;
    out.in_bytes = from.counts.in_bytes;
    out.in_packets = from.counts.in_packets;
    out.out_bytes = from.counts.out_bytes;
    out.out_packets = from.counts.out_packets;
    return out;
}

}  // namespace

size_t make_flow_records(std::vector<CountedFlow> flows, uint64_t now_boot_ns,
                         const RecordSink& sink) {
    std::ranges::sort(flows, before);
    size_t records = 0;
    for (size_t begin = 0; begin < flows.size();) {
        std::vector<vdt_flow> out;
        size_t end = begin;
        for (; end < flows.size() && out.size() < VDT_FLOWS_MAX &&
               same_record(flows[begin], flows[end]);
             ++end)
            out.push_back(to_flow(flows[end]));
        RecordBuilder<vdt_flow_report> record(VDT_NETWORK_FLOW_MONITOR);
        record.header.time_ns = now_boot_ns;
        record.header.image = flows[begin].key.owner;
        record.header.cgroup_id = flows[begin].key.cgroup_id;
        record.fixed = flows[begin].key.device;
        record.item(VDT_ITEM_BYTES,
                    {reinterpret_cast<const char*>(out.data()), out.size() * sizeof(vdt_flow)});
        sink(record.finish());
        ++records;
        begin = end;
    }
    return records;
}

void FlowReports::want(bool wanted, Clock::time_point now) {
    if (wanted == wanted_)
        return;
    wanted_ = wanted;
    throw_away_ = !wanted;
    next_ = wanted ? now + period_ : now;
}

void FlowReports::start_reading() {
    done_ = false;
    const int table = tables_[1 - active_];
    const bool posted = post_([this, table] {
        read_ = take_all(table);
        done_ = true;
    });
    if (posted) {
        state_ = State::kReading;
        return;
    }
    // Nothing is lost: the table keeps what it has until it is read after the next switch but one.
    state_ = State::kCounting;
    problem_ = "reading flows: too much waits for the privileged thread";
}

size_t FlowReports::tick(Clock::time_point now, uint64_t now_boot_ns, const RecordSink& sink) {
    if (state_ == State::kCounting) {
        if (!post_ || (!wanted_ && !throw_away_) || now < next_)
            return 0;
        active_ = 1 - active_;
        switch_to_(active_);
        state_ = State::kSwitched;
        next_ = now + kGrace;
    } else if (state_ == State::kSwitched) {
        if (now < next_)
            return 0;
        next_ = now + period_ - kGrace;
        start_reading();
    } else if (done_) {
        state_ = State::kCounting;
        throw_away_ = false;
        problem_ = read_ ? std::string() : read_.error().message;
        if (read_ && wanted_)
            return make_flow_records(std::move(*read_), now_boot_ns, sink);
    }
    return 0;
}

}  // namespace vedette::probe
