// SPDX-License-Identifier: Apache-2.0
//
// The same batches give the same lines, byte for byte; the order of rules and files gives the same alerts.
#include <algorithm>
#include <random>

#include "fields.gen.h"
#include "tests/unit/catch.h"
#include "tests/unit/engine/fixture.h"

using namespace vedette;
using namespace vedette::engine;
using namespace vedette::engine::test;

namespace {

const std::vector<std::string> kRules = {
    R"(  - id: count
    expression: open.file.path =~ "/tmp/*"
    actions:
      - set: {name: count, expression: '${count} + 1', default_value: 0}
)",
    R"(  - id: last_a
    expression: open.file.path =~ "/tmp/*"
    actions:
      - set: {name: last, value: a}
)",
    R"(  - id: last_b
    expression: open.file.path =~ "/tmp/*"
    priority: 1
    actions:
      - set: {name: last, value: b}
)",
    R"(  - id: third
    expression: open.file.path =~ "/tmp/*" && ${count} == 2
)",
    R"(  - id: seen
    expression: open.file.path not in ${process.seen}
    actions:
      - set: {name: seen, field: open.file.path, append: true, scope: process, inherited: true,
              ttl: 3s, size: 5}
)",
    R"(  - id: quiet
    expression: open.file.path == "/tmp/3"
    silent: true
    actions:
      - set: {name: id, expression: '"${builtins.uuid4}"', default_value: "", scope: cgroup}
)",
    R"(  - id: seldom
    expression: open.file.path == "/tmp/4"
    every: 2s
)",
    R"(  - id: tagged
    expression: open.file.path == "/tmp/5" && process.container.tags not in ["a:b"]
)",
};

std::vector<v1::Batch> stream() {
    std::vector<v1::Batch> out;
    std::mt19937 random(42);
    uint64_t next = 1;
    for (int i = 0; i < 10; ++i) {
        v1::Batch batch = i == 0 ? batch_with_tree() : v1::Batch();
        if (i == 0) {
            process_of(batch, kCat).mutable_container()->set_id("c");
            process_of(batch, kCat).mutable_container()->set_metadata_pending(true);
        }
        batch.set_first_sequence(next);
        for (int e = 0; e < 20; ++e) {
            v1::Event& event = add_open(batch, "/tmp/" + std::to_string(random() % 8));
            event.set_process_key(random() % 6);
            event.set_timestamp(kTime + next++ * 100'000'000);
        }
        out.push_back(batch);
    }
    return out;
}

/// All lines of one run, without clocks but the events'.
std::vector<std::string> run(std::vector<std::pair<std::string, std::string>> files) {
    int uuids = 0;
    World world([&uuids](EngineOptions& options) {
        options.source = "replay";
        options.heartbeat = false;
        options.steady_ns = nullptr;
        options.wall_ns = nullptr;
        options.uuid4 = [&uuids] { return "uuid-" + std::to_string(++uuids); };
    });
    world.engine->set_policies(std::make_shared<const policy::CompiledPolicies>(
        policy::compile_policies(policy::load_policy_texts(std::move(files), {}), field_table())));
    for (v1::Batch& batch : stream())
        world.run(batch);
    world.engine->finish();
    return world.sink.lines;
}

std::string policy_of(const std::vector<std::string>& rules) {
    std::string out = "rules:\n";
    for (const std::string& rule : rules)
        out += rule;
    return out;
}

}  // namespace

TEST_CASE("determinism: the same batches give the same bytes, a hundred times") {
    const std::vector<std::string> first = run({{"a.policy", policy_of(kRules)}});
    CHECK(first.size() > 50);
    for (const char* expected : {"last_b", "third", "seldom", "tagged", "uuid-1", "incomplete"})
        CHECK(std::any_of(first.begin(), first.end(), [expected](const std::string& line) {
            return line.find(expected) != std::string::npos;
        }));
    for (int i = 0; i < 100; ++i)
        REQUIRE(run({{"a.policy", policy_of(kRules)}}) == first);
}

TEST_CASE("determinism: the order of rules in files, and of files, changes no alert") {
    const auto alerts = [](const std::vector<std::string>& lines) {
        std::vector<std::string> out;
        std::copy_if(lines.begin(), lines.end(), std::back_inserter(out),
                     [](const std::string& line) {
                         return line.find("\"rule_id\":\"ruleset_loaded\"") == std::string::npos;
                     });
        return out;
    };
    std::vector<std::string> rules = kRules;
    const auto first = alerts(run({{"a.policy", policy_of(rules)}}));
    std::mt19937 random(7);
    for (int i = 0; i < 50; ++i) {
        std::shuffle(rules.begin(), rules.end(), random);
        REQUIRE(alerts(run({{"a.policy", policy_of(rules)}})) == first);
    }
}
