// SPDX-License-Identifier: Apache-2.0
//
// What rules cost: to compile, and for every event that matches none, as their number grows. The events have eight
// ancestors; the policies are realistic_rules.h's.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <cstdlib>
#include <string>

#include "fields.gen.h"
#include "tests/bench/realistic_rules.h"
#include "tests/unit/engine/fixture.h"

using namespace vedette;
using namespace vedette::engine;
using namespace vedette::engine::test;

namespace {

constexpr int kEvents = 512;
constexpr uint64_t kAncestors = 8;
constexpr uint64_t kFirstKey = 100;
constexpr uint64_t kActor = kFirstKey + kAncestors;

Policies compiled(int rules) {
    policy::LoadOptions options;
    auto out = std::make_shared<policy::CompiledPolicies>(policy::compile_policies(
        policy::load_policy_text("bench.policy", bench::realistic_policy(rules), options),
        field_table()));
    if (!out->ok()) {
        std::abort();
    }
    return out;
}

// A shell's descendants, one below the other.
v1::Batch lineage() {
    static const char* const kPrograms[] = {"/usr/lib/systemd/systemd",
                                            "/usr/sbin/sshd",
                                            "/usr/bin/bash",
                                            "/usr/bin/make",
                                            "/usr/bin/dash",
                                            "/usr/bin/ninja",
                                            "/usr/bin/g++-12",
                                            "/usr/bin/dash",
                                            "/usr/bin/cat"};
    v1::Batch batch;
    batch.set_first_sequence(1);
    for (uint64_t i = 0; i <= kAncestors; ++i) {
        v1::ProcessNode process = node(kCat);
        const std::string program = kPrograms[i];
        process.set_key(kFirstKey + i);
        process.set_parent_key(i == 0 ? 0 : kFirstKey + i - 1);
        process.set_process_key(kFirstKey + i);
        process.mutable_file()->set_path(program);
        process.set_comm(program.substr(program.rfind('/') + 1));
        process.clear_argv();
        for (const char* arg : {"cat", "-n", "--show-all", "/usr/share/doc/readme.txt"}) {
            process.add_argv(arg);
        }
        for (const char* name : {"PATH", "HOME", "LANG", "TERM", "PWD", "SHELL", "USER"}) {
            process.add_env_names(name);
        }
        *batch.add_processes()->mutable_node() = std::move(process);
    }
    return batch;
}

void add_one(v1::Batch& batch, int kind) {
    if (kind == 0) {
        add_open(batch, "/usr/lib/x86_64-linux-gnu/libc.so.6").set_process_key(kActor);
    } else if (kind == 1) {
        add_event(batch, kActor).mutable_exec()->mutable_syscall()->set_path("/usr/bin/cat");
    } else {
        v1::Connect& connect = *add_event(batch, kActor).mutable_connect();
        connect.mutable_addr()->set_family(2);
        connect.mutable_addr()->set_ip(std::string("\x0a\x01\x02\x03", 4));
        connect.mutable_addr()->set_port(443);
    }
}

struct Bench {
    explicit Bench(int rules) {
        LogOptions log;
        log.name = "bench";
        log.console = false;
        logger = *make_logger(log);
        EngineOptions options;
        options.agent = facts();
        options.steady_ns = [] { return int64_t{1}; };
        options.wall_ns = [] { return static_cast<int64_t>(kTime); };
        engine = std::make_unique<Engine>(options, loaded, metrics, *logger);
        engine->set_policies(compiled(rules));
        v1::Batch tree = lineage();
        engine->batch(tree);
    }

    // The first line is ruleset_loaded; any other is an alert, which no event of these should give.
    struct FirstOnly final : AlertSink {
        int lines = 0;
        void write(const std::string&) override {
            if (++lines > 2) {
                std::abort();
            }
        }
    };

    FirstOnly loaded;
    Metrics metrics;
    std::shared_ptr<Logger> logger;
    std::unique_ptr<Engine> engine;
};

void no_match(benchmark::State& state, int kind) {
    Bench bench(static_cast<int>(state.range(0)));
    v1::Batch batch;
    for (int i = 0; i < kEvents; ++i) {
        add_one(batch, kind);
    }
    uint64_t next = 1;
    for (auto _ : state) {
        batch.set_first_sequence(next);
        next += kEvents;
        bench.engine->batch(batch);
    }
    state.SetItemsProcessed(state.iterations() * kEvents);
}

void open_no_match(benchmark::State& state) {
    no_match(state, 0);
}
void exec_no_match(benchmark::State& state) {
    no_match(state, 1);
}
void connect_no_match(benchmark::State& state) {
    no_match(state, 2);
}

// As it comes from the wire: parsed, applied, evaluated.
void decode_and_evaluate(benchmark::State& state) {
    Bench bench(static_cast<int>(state.range(0)));
    v1::Batch mixed;
    for (int i = 0; i < kEvents; ++i) {
        add_one(mixed, i % 8 == 0 ? 1 : i % 8 == 1 ? 2 : 0);
    }
    uint64_t next = 1;
    for (auto _ : state) {
        state.PauseTiming();
        mixed.set_first_sequence(next);
        next += kEvents;
        const std::string wire = mixed.SerializeAsString();
        state.ResumeTiming();
        v1::Batch batch;
        if (!batch.ParseFromString(wire)) {
            std::abort();
        }
        bench.engine->batch(batch);
    }
    state.SetItemsProcessed(state.iterations() * kEvents);
}

void compile(benchmark::State& state) {
    const auto rules = static_cast<int>(state.range(0));
    size_t bytes = 0;
    for (auto _ : state) {
        const size_t before = mallinfo2().uordblks;
        const Policies policies = compiled(rules);
        bytes = mallinfo2().uordblks - before;
    }
    state.counters["MiB"] = static_cast<double>(bytes) / (1 << 20);
}

BENCHMARK(open_no_match)->Arg(0)->Arg(10)->Arg(100)->Arg(300)->Arg(1000)->Arg(10000);
BENCHMARK(exec_no_match)->Arg(0)->Arg(10)->Arg(100)->Arg(300)->Arg(1000)->Arg(10000);
BENCHMARK(connect_no_match)->Arg(10)->Arg(300)->Arg(1000)->Arg(10000);
BENCHMARK(decode_and_evaluate)->Arg(300);
BENCHMARK(compile)->Arg(300)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
