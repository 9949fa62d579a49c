// SPDX-License-Identifier: Apache-2.0
//
// What rules cost: to compile, and for every event that matches none, as their number grows. The events have eight
// ancestors; the policies are realistic_rules.h's.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <cstdlib>
#include <string>

#include "security-agent/engine/stream_message.h"
#include "tests/bench/worlds.h"

namespace vedette::bench {
namespace {

void no_match(benchmark::State& state, Kind kind) {
    Bench bench(realistic(static_cast<int>(state.range(0))));
    v1::Batch batch = events(kind);
    for (auto _ : state)
        bench.run(batch);
    if (bench.alerts() > 0)
        state.SkipWithError("a rule matches");
    state.SetItemsProcessed(state.iterations() * kEvents);
}

void open_no_match(benchmark::State& state) {
    no_match(state, Kind::kOpen);
}
void exec_no_match(benchmark::State& state) {
    no_match(state, Kind::kExec);
}
void connect_no_match(benchmark::State& state) {
    no_match(state, Kind::kConnect);
}

// As it comes from the wire: parsed, applied, evaluated.
void replay(benchmark::State& state, Kind kind, engine::Policies policies) {
    Bench bench(std::move(policies));
    v1::SubscribeResponse response;
    *response.mutable_batch() = events(kind);
    const std::string wire = response.SerializeAsString();
    engine::StreamMessage message;
    for (auto _ : state) {
        if (!message.read(wire))
            std::abort();
        bench.run(message);
    }
    if (bench.alerts() > 0)
        state.SkipWithError("a rule matches");
    state.SetItemsProcessed(state.iterations() * kEvents);
}

void replay_opens(benchmark::State& state) {
    replay(state, Kind::kOpen, realistic(static_cast<int>(state.range(0))));
}
void replay_mixed(benchmark::State& state) {
    replay(state, Kind::kMixed, realistic(static_cast<int>(state.range(0))));
}
void replay_opens_default(benchmark::State& state) {
    replay(state, Kind::kOpen, default_policy());
}

void compile(benchmark::State& state) {
    const auto rules = static_cast<int>(state.range(0));
    size_t bytes = 0;
    for (auto _ : state) {
        const size_t before = mallinfo2().uordblks;
        const engine::Policies policies = realistic(rules);
        bytes = mallinfo2().uordblks - before;
    }
    state.counters["MiB"] = static_cast<double>(bytes) / (1 << 20);
}

BENCHMARK(open_no_match)->Arg(0)->Arg(10)->Arg(25)->Arg(100)->Arg(300)->Arg(1000)->Arg(10000);
BENCHMARK(exec_no_match)->Arg(0)->Arg(10)->Arg(25)->Arg(100)->Arg(300)->Arg(1000)->Arg(10000);
BENCHMARK(connect_no_match)->Arg(0)->Arg(10)->Arg(25)->Arg(100)->Arg(300)->Arg(1000)->Arg(10000);
BENCHMARK(replay_opens)->Arg(0)->Arg(10)->Arg(25)->Arg(100)->Arg(300)->Arg(1000)->Arg(10000);
BENCHMARK(replay_mixed)->Arg(25)->Arg(300);
BENCHMARK(replay_opens_default);
BENCHMARK(compile)->Arg(300)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace vedette::bench

BENCHMARK_MAIN();
