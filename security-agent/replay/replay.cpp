// SPDX-License-Identifier: Apache-2.0
#include "security-agent/replay/replay.h"

#include <fmt/format.h>
#include <spdlog/sinks/null_sink.h>

#include <limits>
#include <optional>
#include <utility>

#include "common/config/settings.h"
#include "common/log.h"
#include "common/metrics.h"
#include "security-agent/engine/engine.h"
#include "security-agent/replay/stream_file.h"

namespace vedette::replay {
namespace {

/// All but the line that says which policies were loaded.
class StreamLines final : public engine::AlertSink {
   public:
    explicit StreamLines(engine::AlertSink& sink) : sink_(sink) {}
    void write(std::string line) override {
        if (!line.starts_with(R"({"agent":{"rule_id":"ruleset_loaded")"))
            sink_.write(std::move(line));
    }

   private:
    engine::AlertSink& sink_;
};

engine::RateLimiter::Limit default_limit(bool limited) {
    engine::RateLimiter::Limit limit;
    const Result<Settings> settings = Settings::load({});
    if (!limited || !settings) {
        limit.burst = std::numeric_limits<int32_t>::max();
        limit.period_ns = 1;
        return limit;
    }
    limit.burst = settings->integer("runtime_security_config.event_server.burst");
    limit.period_ns =
        1'000'000'000 / settings->integer("runtime_security_config.event_server.rate");
    return limit;
}

engine::EngineOptions engine_options(const StreamInfo& info, bool limited) {
    engine::EngineOptions options;
    options.agent = info.agent;
    options.hostname = info.hostname;
    options.source = "replay";
    options.limit = default_limit(limited);
    options.heartbeat = false;
    // Which labels are tags is a setting of the host that recorded; with all of them no rule misses its own.
    options.label_tags = {"*"};
    options.uuid4 = [count = uint64_t{0}]() mutable {
        return fmt::format("00000000-0000-4000-8000-{:012x}", ++count & 0xffffffffffff);
    };
    return options;
}

}  // namespace

Result<ReplaySummary> replay_stream(const std::string& path,
                                    std::shared_ptr<const policy::CompiledPolicies> policies,
                                    engine::AlertSink& sink, const ReplayOptions& options) {
    Result<StreamReader> reader = StreamReader::open(path);
    if (!reader)
        return forward_error(reader);
    StreamLines lines(sink);
    Metrics metrics;
    Logger silent("replay", std::make_shared<spdlog::sinks::null_sink_mt>());
    engine::Engine engine(engine_options(reader->info(), options.limited), lines, metrics, silent);
    engine.set_policies(std::move(policies));
    ReplaySummary summary;
    while (true) {
        Result<std::optional<v1::SubscribeResponse>> message = reader->next();
        if (!message) {
            summary.error = message.error().message;
            break;
        }
        if (!*message)
            break;
        if ((*message)->has_welcome())
            engine.welcome((*message)->welcome());
        else if ((*message)->has_batch())
            engine.batch(*(*message)->mutable_batch());
    }
    engine.finish();
    const engine::EngineStatus status = engine.status();
    summary.events = status.events;
    summary.alerts = status.alerts;
    summary.limited = status.limited;
    return summary;
}

}  // namespace vedette::replay
