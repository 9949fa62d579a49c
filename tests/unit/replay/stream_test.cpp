// SPDX-License-Identifier: Apache-2.0
#include <spdlog/sinks/null_sink.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "fields.gen.h"
#include "security-agent/engine/engine.h"
#include "security-agent/replay/recorder.h"
#include "security-agent/replay/replay.h"
#include "tests/unit/catch.h"
#include "tests/unit/common/support.h"

namespace vedette::replay {
namespace {

using test::TemporaryDirectory;

constexpr const char* kPolicy = R"(
rules:
  - id: tmp_file
    expression: open.file.path in [~"/tmp/**"] && process.ancestors.file.name == "parent"
    actions: [{set: {name: opened, scope: process, value: true}}]
  - id: second_file
    expression: open.file.path in [~"/tmp/**"] && ${process.opened}
)";

std::shared_ptr<const policy::CompiledPolicies> policies(const std::string& yaml) {
    return std::make_shared<const policy::CompiledPolicies>(policy::compile_policies(
        policy::load_policy_text("test.policy", yaml, {}), engine::field_table()));
}

class Lines final : public engine::AlertSink {
   public:
    void write(std::string line) override { text += line + "\n"; }
    size_t count(std::string_view rule) const {
        const std::string wanted = "\"rule_id\":\"" + std::string(rule) + "\"";
        size_t found = 0;
        for (size_t at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + 1))
            ++found;
        return found;
    }
    std::string text;
};

v1::ProcessNode process(uint64_t key, uint64_t parent, const std::string& name) {
    v1::ProcessNode node;
    node.set_key(key);
    node.set_process_key(key);
    node.set_parent_key(parent);
    node.set_pid(static_cast<uint32_t>(key));
    node.mutable_file()->set_path("/usr/bin/" + name);
    return node;
}

v1::SubscribeResponse opens(uint64_t sequence, int count) {
    v1::SubscribeResponse message;
    message.mutable_batch()->set_first_sequence(sequence);
    for (int i = 0; i < count; ++i) {
        v1::Event& event = *message.mutable_batch()->add_events();
        event.set_timestamp(1'000'000'000'000'000'000 + (sequence + i) * 1'000'000'000);
        event.set_process_key(2);
        event.mutable_open()->mutable_file()->set_path("/tmp/file" + std::to_string(i));
    }
    return message;
}

/// An engine that already knows two processes, and a recorder at its door.
struct Live {
    Live() {
        engine::EngineOptions options;
        options.heartbeat = false;
        logger = std::make_shared<Logger>("test", std::make_shared<spdlog::sinks::null_sink_mt>());
        engine = std::make_unique<engine::Engine>(std::move(options), sink, metrics, *logger);
        engine->set_policies(policies(kPolicy));
        v1::SubscribeResponse welcome;
        welcome.mutable_welcome()->set_instance_id(7);
        welcome.mutable_welcome()->set_next_sequence(100);
        feed(welcome);
        v1::SubscribeResponse known;
        *known.mutable_batch()->add_processes()->mutable_node() = process(1, 0, "parent");
        *known.mutable_batch()->add_processes()->mutable_node() = process(2, 1, "child");
        feed(known);
    }
    void feed(const v1::SubscribeResponse& response) {
        const std::string bytes = response.SerializeAsString();
        engine::StreamMessage message;
        REQUIRE(message.read(bytes));
        recorder.before(*engine, &message);
        if (response.has_welcome())
            engine->welcome(response.welcome());
        if (response.has_batch())
            engine->batch(message);
    }
    std::string recording() {
        const auto data = recorder.read(0, Recorder::kMaxBytes);
        REQUIRE(data);
        return *data;
    }

    Lines sink;
    Metrics metrics;
    std::shared_ptr<Logger> logger;
    std::unique_ptr<engine::Engine> engine;
    std::chrono::nanoseconds now{0};
    Recorder recorder{StreamInfo{{.version = "0.1.0"}, "node-7", 0}, [this] { return now; },
                      [] { return int64_t{1'700'000'000'000'000'000}; },
                      [this](bool begins) { looking += begins ? 1 : -1; }};
    int looking = 0;
};

std::string record(Live& live) {
    REQUIRE(live.recorder.start(std::chrono::seconds(10), 1 << 20));
    live.feed(opens(100, 2));
    live.feed(opens(102, 1));
    live.now += std::chrono::seconds(11);
    live.recorder.before(*live.engine, nullptr);
    return live.recording();
}

struct Replayed {
    Result<ReplaySummary> summary;
    Lines lines;
};

Replayed replay(const TemporaryDirectory& directory, const std::string& data,
                const std::string& policy = kPolicy) {
    const std::string path = directory / "stream";
    std::ofstream(path, std::ios::binary) << data;
    Lines lines;
    auto summary = replay_stream(path, policies(policy), lines);
    return {std::move(summary), std::move(lines)};
}

TEST_CASE("stream: who records looks at events, until the recording ends or is forgotten") {
    Live live;
    record(live);
    CHECK(live.looking == 0);
    REQUIRE(live.recorder.start(std::chrono::seconds(10), 1 << 20));
    CHECK(live.looking == 1);
    CHECK_FALSE(live.recorder.start(std::chrono::seconds(10), 1 << 20));
    CHECK(live.looking == 1);
    live.recorder.stop();
    CHECK(live.looking == 0);
    live.recorder.stop();
    CHECK(live.looking == 0);
}

TEST_CASE("stream: what a running agent records raises the same alerts without it") {
    Live live;
    const TemporaryDirectory directory;
    const Replayed replayed = replay(directory, record(live));
    REQUIRE(replayed.summary);
    CHECK(replayed.summary->error.empty());
    CHECK(replayed.summary->events == 3);
    CHECK(replayed.lines.count("tmp_file") == 3);
    CHECK(live.sink.count("tmp_file") == 3);
    CHECK(replayed.lines.count("second_file") == 2);
    CHECK(live.sink.count("second_file") == 2);
    CHECK(replayed.lines.count("ruleset_loaded") == 0);
    CHECK(replayed.lines.text.find("\"source\":\"replay\"") != std::string::npos);
    CHECK(live.recorder.status().ended == "duration");
}

TEST_CASE("stream: containers that were known when it began keep their names and labels") {
    Live live;
    v1::SubscribeResponse known;
    v1::Workload& workload = *known.mutable_batch()->add_workloads()->mutable_workload();
    workload.set_container_id("c1");
    workload.set_metadata(v1::Workload::METADATA_KNOWN);
    workload.set_name("web");
    workload.add_labels()->set_key("team");
    workload.mutable_labels(0)->set_value("shop");
    v1::ProcessNode& child = *known.mutable_batch()->add_processes()->mutable_node();
    child = process(2, 1, "child");
    child.mutable_container()->set_id("c1");
    live.feed(known);
    const TemporaryDirectory directory;
    const Replayed replayed = replay(directory, record(live), R"(
rules:
  - {id: in_web, expression: 'open.file.path == "/tmp/file0" && container.tags == "container_name:web"'}
  - {id: in_shop, expression: 'open.file.path == "/tmp/file0" && container.tags == "team:shop"'}
)");
    REQUIRE(replayed.summary);
    CHECK(replayed.lines.count("in_web") == 2);
    CHECK(replayed.lines.count("in_shop") == 2);
    CHECK(replayed.lines.text.find("\"name\":\"web\"") != std::string::npos);
}

TEST_CASE("stream: the same recording gives the same bytes, a hundred times of a hundred") {
    Live live;
    const TemporaryDirectory directory;
    const std::string data = record(live);
    const std::string first = replay(directory, data).lines.text;
    CHECK_FALSE(first.empty());
    size_t different = 0;
    for (int i = 0; i < 99; ++i)
        different += replay(directory, data).lines.text != first;
    CHECK(different == 0);
}

TEST_CASE("stream: a cut file says where, and is evaluated up to there") {
    Live live;
    const TemporaryDirectory directory;
    const std::string data = record(live);
    const Replayed cut = replay(directory, data.substr(0, data.size() - 1));
    REQUIRE(cut.summary);
    CHECK(cut.summary->error.find("ends in the middle of a message at offset") !=
          std::string::npos);
    CHECK(cut.lines.count("tmp_file") == 2);
    for (size_t size = 0; size < data.size(); ++size) {
        const Replayed part = replay(directory, data.substr(0, size));
        CHECK((!part.summary || part.summary->events <= 2));
    }
}

TEST_CASE("stream: a damaged byte is noticed wherever it is") {
    Live live;
    const TemporaryDirectory directory;
    const std::string data = record(live);
    size_t unnoticed = 0;
    for (size_t at = 0; at < data.size(); ++at) {
        std::string damaged = data;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
        const Replayed replayed = replay(directory, damaged);
        unnoticed += replayed.summary && replayed.summary->error.empty();
    }
    CHECK(unnoticed == 0);
}

TEST_CASE("stream: a recording is bounded, in time and size, and forgotten") {
    Live live;
    CHECK_FALSE(live.recorder.start(std::chrono::hours(1), 1 << 20));
    CHECK_FALSE(live.recorder.start(std::chrono::seconds(1), size_t{1} << 40));
    REQUIRE(live.recorder.start(std::chrono::seconds(10), 600));
    CHECK(live.recorder.start(std::chrono::seconds(10), 600).error().code == ErrorCode::kExists);
    live.feed(opens(100, 1));
    live.feed(opens(101, 100));
    CHECK(live.recorder.status().ended == "size");
    CHECK(live.recorder.status().events == 1);
    CHECK(live.recorder.status().bytes <= 600);
    live.now += Recorder::kKept + std::chrono::seconds(1);
    live.recorder.before(*live.engine, nullptr);
    CHECK(live.recorder.status().state == Recorder::State::kNone);
    CHECK_FALSE(live.recorder.read(0, 1));
    REQUIRE(live.recorder.start(std::chrono::seconds(10), 10));
    live.feed(opens(201, 1));
    CHECK(live.recorder.status().ended.starts_with("size, with the processes"));
}

}  // namespace
}  // namespace vedette::replay
