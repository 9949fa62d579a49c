// SPDX-License-Identifier: Apache-2.0
//
// A small world for engine tests: systemd -> sshd -> bash -> cat, and an engine with rules, a clock that stands still
// and a sink that keeps what it gets.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "security-agent/engine/engine.h"
#include "vedette/v1/event_stream.pb.h"

namespace vedette::engine::test {

inline constexpr uint64_t kSystemd = 1, kSshd = 2, kBashFork = 3, kBash = 4, kCat = 5;
inline constexpr uint64_t kTime = 1'790'000'000'123'456'789;  // 2026-09-21T14:13:20.123456789Z

struct ListSink final : AlertSink {
    std::vector<std::string> lines;
    void write(std::string line) override { lines.push_back(std::move(line)); }
    /// Parsed lines with this rule id.
    std::vector<boost::json::object> of(std::string_view rule) const;
};

v1::ProcessNode node(uint64_t key);
/// With all five processes.
v1::Batch batch_with_tree();
v1::Event& add_event(v1::Batch& batch, uint64_t process_key);
/// The one with this key, from batch_with_tree().
v1::ProcessNode& process_of(v1::Batch& batch, uint64_t key);
v1::Event& add_open(v1::Batch& batch, const std::string& path, int64_t retval = 3);

Policies rules(const std::string& yaml);

AgentFacts facts();

struct World {
    /// `change`: what the test wants otherwise.
    explicit World(const std::function<void(EngineOptions&)>& change = {});
    void set_rules(const std::string& yaml) { engine->set_policies(rules(yaml)); }
    void run(v1::Batch batch) { engine->batch(batch); }

    double metric(const std::string& name, const Labels& labels = {}) {
        return metrics.counter(name, "", labels).Value();
    }
    /// The rules that alerted, in order.
    std::vector<std::string> alerted() const;

    int64_t steady = 1'000'000'000'000;
    ListSink sink;
    Metrics metrics;
    std::shared_ptr<Logger> logger;
    std::unique_ptr<Engine> engine;
};

}  // namespace vedette::engine::test
