// SPDX-License-Identifier: Apache-2.0
#include "security-agent/app/live_views.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "common/json_text.h"
#include "common/os/host.h"
#include "security-agent/app/activity.h"
#include "security-agent/live/sse.h"
#include "security-agent/probe_client/command_client.h"

namespace vedette::app {
namespace {

constexpr auto kDumpPatience = std::chrono::seconds(10);

int64_t steady_ns() {
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

boost::json::object dump_processes(const std::string& socket, bool json, bool with_args) {
    v1::DumpProcessCacheRequest request;
    request.set_with_args(with_args);
    request.set_format(json ? v1::DumpProcessCacheRequest::FORMAT_JSON
                            : v1::DumpProcessCacheRequest::FORMAT_DOT);
    const auto filename = probe_client::dump_process_cache(socket, request, kDumpPatience);
    if (!filename)
        return {{"Error", json_text(filename.error().message)}};
    return {{"Filename", json_text(*filename)}};
}

}  // namespace

Views::Views(Metrics& metrics, std::function<void(bool begins)> looks)
    : hub_(std::make_shared<live::Hub>(fmt::format("{:x}", wall_time_ns()), live::HubLimits(),
                                       metrics, looks)),
      tap_(*hub_, steady_ns, looks) {}

void Views::write(std::string line) {
    outputs_->write(line);
    hub_->write(std::move(line));
}

api::LiveViews Views::answers(std::function<Sources()> sources) {
    api::LiveViews out;
    out.stream =
        [hub = hub_](const api::StreamQuery& query) -> Result<std::shared_ptr<api::BodyStream>> {
        auto listener = hub->listen({.alerts = query.alerts,
                                     .events = query.events,
                                     .rule = query.rule,
                                     .pid = query.pid,
                                     .container = query.container},
                                    {query.last_event_id, query.newest});
        if (!listener)
            return forward_error(listener);
        return live::sse_stream(std::move(*listener));
    };
    out.process = [sources](uint32_t pid) -> Result<boost::json::object> {
        const auto found = sources().engine.lineage(pid);
        if (!found)
            return fail(
                ErrorCode::kNotFound,
                "no process {} is known, nor was one lately; who is there for a moment only "
                "is known by events alone",
                pid);
        return engine::lineage_json(*found);
    };
    out.activity = [this, sources] {
        const Sources from = sources();
        return activity(from.engine, tap_, from.connected, from.command_socket);
    };
    out.dump_processes = [sources](bool json, bool with_args) {
        return dump_processes(sources().command_socket, json, with_args);
    };
    return out;
}

}  // namespace vedette::app
