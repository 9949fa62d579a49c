// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/worlds.h"

#include <cstdlib>
#include <utility>

#include "fields.gen.h"
#include "tests/bench/realistic_rules.h"

namespace vedette::bench {

namespace {

using engine::test::add_event;
using engine::test::add_open;
using engine::test::kCat;

constexpr uint64_t kAncestors = 8;
constexpr uint64_t kFirstKey = 100;
constexpr uint64_t kActor = kFirstKey + kAncestors;

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
        v1::ProcessNode process = engine::test::node(kCat);
        const std::string program = kPrograms[i];
        process.set_key(kFirstKey + i);
        process.set_parent_key(i == 0 ? 0 : kFirstKey + i - 1);
        process.set_process_key(kFirstKey + i);
        process.mutable_file()->set_path(program);
        process.set_comm(program.substr(program.rfind('/') + 1));
        process.clear_argv();
        for (const char* arg : {"cat", "-n", "--show-all", "/usr/share/doc/readme.txt"})
            process.add_argv(arg);
        for (const char* name : {"PATH", "HOME", "LANG", "TERM", "PWD", "SHELL", "USER"})
            process.add_env_names(name);
        *batch.add_processes()->mutable_node() = std::move(process);
    }
    return batch;
}

void add_one(v1::Batch& batch, Kind kind) {
    switch (kind) {
        case Kind::kExec:
            add_event(batch, kActor).mutable_exec()->mutable_syscall()->set_path("/usr/bin/cat");
            return;
        case Kind::kConnect: {
            v1::Address& address = *add_event(batch, kActor).mutable_connect()->mutable_addr();
            address.set_family(2);
            address.set_ip(std::string("\x0a\x01\x02\x03", 4));
            address.set_port(443);
            return;
        }
        case Kind::kShadow:
            add_open(batch, "/etc/shadow").set_process_key(kActor);
            return;
        case Kind::kOpen:
        case Kind::kMixed:
            add_open(batch, "/usr/lib/x86_64-linux-gnu/libc.so.6").set_process_key(kActor);
            return;
    }
}

engine::Policies checked(policy::CompiledPolicies compiled) {
    if (!compiled.ok())
        std::abort();
    return std::make_shared<const policy::CompiledPolicies>(std::move(compiled));
}

}  // namespace

v1::Batch events(Kind kind) {
    v1::Batch batch;
    for (int i = 0; i < (kind == Kind::kShadow ? kAlerts : kEvents); ++i) {
        const bool other = kind == Kind::kMixed && i % 8 < 2;
        add_one(batch, !other ? kind : i % 8 == 0 ? Kind::kExec : Kind::kConnect);
    }
    return batch;
}

engine::Policies default_policy() {
    auto loaded = policy::load_policies(VEDETTE_SOURCE_DIR "/deploy/policies", {});
    if (!loaded)
        std::abort();
    return checked(policy::compile_policies(std::move(*loaded), engine::field_table()));
}

engine::Policies realistic(int rules) {
    return checked(policy::compile_policies(
        policy::load_policy_text("bench.policy", realistic_policy(rules), {}),
        engine::field_table()));
}

Bench::Bench(engine::Policies policies) {
    LogOptions log;
    log.name = "bench";
    log.console = false;
    logger_ = *make_logger(log);
    engine::EngineOptions options;
    options.agent = engine::test::facts();
    options.limit.burst = 1'000'000'000;  // every alert is written
    options.steady_ns = [] { return int64_t{1}; };
    options.wall_ns = [] { return static_cast<int64_t>(engine::test::kTime); };
    engine_ = std::make_unique<engine::Engine>(options, sink_, metrics_, *logger_);
    engine_->set_policies(std::move(policies));
    v1::Batch tree = lineage();
    engine_->batch(tree);
    sink_.lines = 0;
}

void Bench::run(v1::Batch& batch) {
    batch.set_first_sequence(next_);
    next_ += static_cast<uint64_t>(batch.events_size());
    engine_->batch(batch);
}

void Bench::run(const engine::StreamMessage& message) {
    message.response().mutable_batch()->set_first_sequence(next_);
    next_ += message.events().size();
    engine_->batch(message);
}

}  // namespace vedette::bench
