// SPDX-License-Identifier: Apache-2.0
//
// What an event costs the agent, in instructions: parsed from the wire, evaluated against the default policy and against
// rules in any number, made an alert.
#include <cstdlib>

#include "security-agent/engine/stream_message.h"
#include "tests/bench/steps.h"
#include "tests/bench/worlds.h"

namespace vedette::bench {
namespace {

constexpr int kBatches = 8;

void evaluate(const std::string& name, engine::Policies policies, Kind kind) {
    Bench bench(std::move(policies));
    v1::Batch batch = events(kind);
    bench.run(batch);  // what is only made once is there then
    Step step(name);
    for (int i = 0; i < kBatches; ++i) {
        step.begin();
        bench.run(batch);
        step.end();
    }
    step.done(kBatches * batch.events_size());
}

/// As it comes from the wire, the events one after the other.
void parse(const std::string& name, Kind kind) {
    v1::SubscribeResponse response;
    *response.mutable_batch() = events(kind);
    const std::string wire = response.SerializeAsString();
    engine::StreamMessage message;
    engine::EventParser parser;
    const auto once = [&] {
        if (!message.read(wire))
            std::abort();
        for (const std::string_view bytes : message.events())
            if (parser.parse(bytes) == nullptr)
                std::abort();
    };
    once();
    Step step(name);
    for (int i = 0; i < kBatches; ++i) {
        step.begin();
        once();
        step.end();
    }
    step.done(long{kBatches} * response.batch().events_size());
}

void run_all() {
    const std::pair<const char*, Kind> kinds[] = {
        {"open", Kind::kOpen}, {"exec", Kind::kExec}, {"connect", Kind::kConnect}};
    for (const auto& [name, kind] : kinds)
        parse(std::string("parse.") + name, kind);
    for (const auto& [name, kind] : kinds)
        evaluate(std::string("evaluate.default.") + name, default_policy(), kind);
    for (const auto& [name, kind] : kinds)
        evaluate(std::string("evaluate.0.") + name, realistic(0), kind);
    for (const auto& [name, kind] : kinds)
        evaluate(std::string("evaluate.1000.") + name, realistic(1000), kind);
    evaluate("alert.open", default_policy(), Kind::kShadow);
}

}  // namespace
}  // namespace vedette::bench

int main() {
    vedette::bench::run_all();
    return 0;
}
