// SPDX-License-Identifier: Apache-2.0
//
// What one event costs the engine with the default policy: one that matches nothing, one that gives an alert.
#include <benchmark/benchmark.h>

#include "tests/bench/worlds.h"

namespace vedette::bench {
namespace {

void run(benchmark::State& state, Kind kind, bool alerts) {
    Bench bench(default_policy());
    v1::Batch batch = events(kind);
    for (auto _ : state)
        bench.run(batch);
    if ((bench.alerts() > 0) != alerts)
        state.SkipWithError("the policy is not what this measures");
    state.SetItemsProcessed(state.iterations() * batch.events_size());
}

void open_without_match(benchmark::State& state) {
    run(state, Kind::kOpen, false);
}
void exec_without_match(benchmark::State& state) {
    run(state, Kind::kExec, false);
}
void connect_without_match(benchmark::State& state) {
    run(state, Kind::kConnect, false);
}
void open_with_alert(benchmark::State& state) {
    run(state, Kind::kShadow, true);
}

BENCHMARK(open_without_match);
BENCHMARK(exec_without_match);
BENCHMARK(connect_without_match);
BENCHMARK(open_with_alert);

}  // namespace
}  // namespace vedette::bench

BENCHMARK_MAIN();
