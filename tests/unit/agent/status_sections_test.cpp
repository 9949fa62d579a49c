// SPDX-License-Identifier: Apache-2.0
//
// What the engine's figures look like on the status page.
#include <boost/json/serialize.hpp>

#include "fields.gen.h"
#include "security-agent/app/status_sections.h"
#include "security-agent/status/status.h"
#include "tests/unit/catch.h"

using namespace vedette;

namespace {

struct NoSink final : engine::AlertSink {
    void write(std::string) override {}
};

constexpr char kPolicy[] = R"(
rules:
  - id: r
    expression: open.file.path =~ "/tmp/*"
    every: 1h
    actions:
      - set: {name: last, field: open.file.path}
      - set: {name: hidden, value: s3cret, private: true}
      - set: {name: seen, field: open.file.path, append: true, scope: process}
  - {id: broken, expression: open.nothing == 1}
)";

struct Agent {
    Agent() {
        LogOptions log;
        log.name = "test";
        log.console = false;
        logger = *make_logger(log);
        engine = std::make_unique<engine::Engine>(engine::EngineOptions(), sink, metrics, *logger);
        engine->set_policies(
            std::make_shared<const policy::CompiledPolicies>(policy::compile_policies(
                policy::load_policy_text("a.policy", kPolicy, {}), engine::field_table())));
    }
    void open(const std::string& path, int count) {
        v1::Batch batch;
        batch.set_first_sequence(engine->position().last_sequence + 1);
        v1::ProcessNode& node = *batch.add_processes()->mutable_node();
        node.set_key(1);
        node.set_process_key(1);
        node.set_pid(12);
        for (int i = 0; i < count; ++i) {
            v1::Event& event = *batch.add_events();
            event.set_process_key(1);
            event.set_timestamp(1'790'000'000'000'000'000);
            event.mutable_open()->mutable_file()->set_path(path);
        }
        engine->batch(batch);
    }
    NoSink sink;
    Metrics metrics;
    std::shared_ptr<Logger> logger;
    std::unique_ptr<engine::Engine> engine;
};

}  // namespace

TEST_CASE("status: rules with what they did, variables but private ones, parked events") {
    Agent agent;
    agent.open("/tmp/x\x1b[31m", 600);
    const boost::json::object status = app::runtime_section(*agent.engine, true, {"stdout"});
    const auto& rules = status.at("policiesStatus").at(0).at("status").as_array();
    REQUIRE(rules.size() == 2);
    CHECK(rules[0].at("hits").as_uint64() == 600);
    CHECK(rules[0].at("alerts").as_uint64() == 1);
    CHECK(rules[0].at("limited").as_uint64() == 599);
    CHECK(rules[0].at("costNs").as_uint64() > 0);
    CHECK_FALSE(rules[1].as_object().contains("hits"));
    CHECK(status.at("evaluation").at("open").at("timed").as_uint64() == 2);
    CHECK(status.at("variables").at("values").as_uint64() == 3);
    CHECK(status.at("parked").at("waiting").as_uint64() == 0);
    CHECK(status.at("seclGlobalVariables").at("last").as_string() == "/tmp/x\x1b[31m");
    CHECK(
        status.at("seclScopedVariables").at("process").at("pid 12").at("process.seen").is_array());
    CHECK(boost::json::serialize(status).find("s3cret") == std::string::npos);
    const std::string page = status::render_text({{"runtimeSecurityStatus", status}}, true);
    CHECK_THAT(page, ContainsSubstring("r: loaded, 600 hits, 1 alerts, 599 limited, "));
    CHECK_THAT(page, ContainsSubstring("3 variables in 2 scopes"));
    CHECK_THAT(page, ContainsSubstring("last: /tmp/x\\x1b[31m"));
    CHECK(page.find('\x1b') == std::string::npos);
}
