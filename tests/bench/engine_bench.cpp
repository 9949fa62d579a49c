// SPDX-License-Identifier: Apache-2.0
//
// What one event costs the engine with the default policy: one that matches nothing, one that gives an alert.
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "fields.gen.h"
#include "tests/unit/engine/fixture.h"

using namespace vedette;
using namespace vedette::engine;
using namespace vedette::engine::test;

namespace {

constexpr int kEvents = 512;

struct CountSink final : AlertSink {
    size_t lines = 0;
    void write(const std::string&) override { ++lines; }
};

struct Bench {
    Bench() {
        LogOptions log;
        log.name = "bench";
        log.console = false;
        logger = *make_logger(log);
        EngineOptions options;
        options.agent = facts();
        options.limit.burst = 1'000'000'000;  // every alert is written
        options.steady_ns = [] { return int64_t{1}; };
        options.wall_ns = [] { return static_cast<int64_t>(kTime); };
        engine = std::make_unique<Engine>(options, sink, metrics, *logger);
        policy::LoadOptions load;
        auto loaded = policy::load_policies(VEDETTE_SOURCE_DIR "/deploy/policies", load);
        if (!loaded)
            std::abort();
        engine->set_policies(std::make_shared<const policy::CompiledPolicies>(
            policy::compile_policies(std::move(*loaded), field_table())));
        v1::Batch tree = batch_with_tree();
        engine->batch(tree);
        sink.lines = 0;
    }
    /// The same events again and again, as if they were new.
    void run(v1::Batch& batch) {
        batch.set_first_sequence(next);
        next += static_cast<uint64_t>(batch.events_size());
        engine->batch(batch);
    }

    CountSink sink;
    Metrics metrics;
    std::shared_ptr<Logger> logger;
    std::unique_ptr<Engine> engine;
    uint64_t next = 1;
};

void run_opens(benchmark::State& state, const std::string& path, bool alerts) {
    Bench bench;
    v1::Batch batch;
    for (int i = 0; i < kEvents; ++i)
        add_open(batch, path);
    for (auto _ : state)
        bench.run(batch);
    if ((bench.sink.lines > 0) != alerts)
        state.SkipWithError("the policy is not what this measures");
    state.SetItemsProcessed(state.iterations() * kEvents);
}

void open_without_match(benchmark::State& state) {
    run_opens(state, "/usr/lib/x86_64-linux-gnu/libc.so.6", false);
}

void open_with_alert(benchmark::State& state) {
    run_opens(state, "/etc/shadow", true);
}

void exec_without_match(benchmark::State& state) {
    Bench bench;
    v1::Batch batch;
    for (int i = 0; i < kEvents; ++i)
        add_event(batch, kCat).mutable_exec()->mutable_syscall()->set_path("/usr/bin/cat");
    for (auto _ : state)
        bench.run(batch);
    if (bench.sink.lines)
        state.SkipWithError("the policy is not what this measures");
    state.SetItemsProcessed(state.iterations() * kEvents);
}

BENCHMARK(open_without_match);
BENCHMARK(exec_without_match);
BENCHMARK(open_with_alert);

}  // namespace

BENCHMARK_MAIN();
