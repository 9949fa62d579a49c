// SPDX-License-Identifier: Apache-2.0
#include "security-agent/app/activity.h"

#include <boost/json/array.hpp>
#include <utility>

#include "common/json_text.h"
#include "common/os/host.h"
#include "security-agent/probe_client/command_client.h"

namespace vedette::app {
namespace {

using boost::json::array;
using boost::json::object;

constexpr size_t kMaxRows = 50;
constexpr auto kPatience = std::chrono::seconds(1);

array rows_json(const std::vector<live::TopK::Row>& rows) {
    array out;
    for (const auto& [name, count] : rows) {
        if (out.size() == kMaxRows)
            break;
        out.push_back(object{{"name", json_text(name)}, {"events", count}});
    }
    return out;
}

object probe_json(const v1::ProbeStatus& status) {
    array types;
    for (const v1::EventCount& count : status.events()) {
        if (count.seen() == 0)
            continue;
        uint64_t lost = 0;
        for (const auto& [reason, number] : count.lost())
            lost += number;
        types.push_back(object{{"type", count.event_type()},
                               {"seen", count.seen()},
                               {"filtered", count.filtered()},
                               {"discarded", count.discarded()},
                               {"delivered", count.delivered()},
                               {"lost", lost}});
    }
    std::map<std::string, std::string> type_of;
    for (const v1::HookStatus& hook : status.hooks())
        for (const std::string& program : hook.programs())
            type_of.emplace(program, hook.event_type());
    array programs;
    for (const v1::ProgramCost& program : status.costs().programs())
        if (program.runs() > 0)
            programs.push_back(object{{"name", program.name()},
                                      {"type", type_of[program.name()]},
                                      {"runs", program.runs()},
                                      {"ns", program.run_ns()}});
    return {{"types", std::move(types)},
            {"costsCounted", status.costs().counted()},
            {"costsProblem", status.costs().problem()},
            {"programs", std::move(programs)},
            {"heldEvents", status.stream().held_events()},
            {"heldBytes", status.stream().held_bytes()},
            {"maxBytes", status.stream().max_bytes()},
            {"rssBytes", status.rss_bytes()}};
}

array rules_json(const engine::EngineStatus& status) {
    array out;
    for (const auto& [id, rule] : status.rules)
        out.push_back(object{{"id", json_text(id)},
                             {"hits", rule.hits},
                             {"alerts", rule.alerts},
                             {"limited", rule.limited},
                             {"costNs", rule.cost_ns},
                             {"timed", rule.timed}});
    return out;
}

}  // namespace

object activity(const engine::Engine& engine, live::Tap& tap, bool connected,
                const std::string& command_socket) {
    const Result<v1::ProbeStatus> probe = probe_client::probe_status(command_socket, kPatience);
    const engine::EngineStatus status = engine.status();
    const live::Counts counts = tap.counts();
    return {
        {"timeNs", wall_time_ns()},
        {"connected", connected},
        {"probe", probe ? probe_json(*probe) : object{{"error", json_text(probe.error().message)}}},
        {"events", status.events},
        {"alerts", status.alerts},
        {"limited", status.limited},
        {"timedEvery", engine::Engine::kTimedEvery},
        {"rules", rules_json(status)},
        {"counted", counts.events},
        {"containers", rows_json(counts.containers)},
        {"programs", rows_json(counts.programs)},
        {"parked", status.parked.waiting},
        {"rssBytes", resident_bytes()}};
}

}  // namespace vedette::app
