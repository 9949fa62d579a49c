// SPDX-License-Identifier: Apache-2.0
//
// The engine between the thread that reads the stream and the one that keeps time.
#include "security-agent/engine/evaluation.h"

#include <algorithm>
#include <future>
#include <thread>

#include "tests/unit/catch.h"
#include "tests/unit/engine/fixture.h"

using namespace vedette;
using namespace vedette::engine;
using namespace vedette::engine::test;
using namespace std::chrono_literals;

namespace {

v1::SubscribeResponse hello(uint64_t instance) {
    v1::SubscribeResponse message;
    message.mutable_welcome()->set_instance_id(instance);
    message.mutable_welcome()->set_next_sequence(1);
    return message;
}

v1::SubscribeResponse opened(uint64_t sequence) {
    v1::SubscribeResponse message;
    message.mutable_batch()->set_first_sequence(sequence);
    add_open(*message.mutable_batch(), "/x");
    return message;
}

/// Keeps the engine waiting in the middle of a message.
struct StuckTap final : BatchTap {
    std::promise<void> reached;
    std::promise<void> go_on;
    void before(const Engine& /*engine*/, const StreamMessage* message) override {
        if (!message)
            return;
        reached.set_value();
        go_on.get_future().wait();
    }
};

struct Running {
    explicit Running(BatchTap* tap = nullptr, std::chrono::nanoseconds stale_after = 30s)
        : evaluation(
              *world.engine,
              [this](Position position) {
                  const std::lock_guard lock(mutex);
                  acknowledged.push_back(position.last_sequence);
                  changed.notify_all();
              },
              health.add("engine", Health::Kind::kLiveness, stale_after), tap) {
        world.set_rules("rules: [{id: any, expression: 'open.file.path == \"/x\"'}]");
        evaluation.start();
    }
    bool receive(const v1::SubscribeResponse& response) {
        const std::string bytes = response.SerializeAsString();
        StreamMessage message;
        REQUIRE(message.read(bytes));
        return evaluation.receive(message);
    }
    bool wait_for(uint64_t sequence) {
        std::unique_lock lock(mutex);
        return changed.wait_for(
            lock, 10s, [&] { return !acknowledged.empty() && acknowledged.back() >= sequence; });
    }

    World world;
    Health health;
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<uint64_t> acknowledged;
    Evaluation evaluation;
};

}  // namespace

TEST_CASE("evaluation: an event that comes alone is evaluated and acknowledged by who brings it") {
    Running running;
    REQUIRE(running.receive(hello(1)));
    REQUIRE(running.receive(opened(1)));
    CHECK(running.world.sink.of("any").size() == 1);
    CHECK(running.acknowledged == std::vector<uint64_t>{1});
}

TEST_CASE("evaluation: what follows is acknowledged later, also when nothing comes any more") {
    Running running;
    REQUIRE(running.receive(hello(1)));
    for (uint64_t i = 1; i <= 20; ++i)
        REQUIRE(running.receive(opened(i)));
    CHECK(running.wait_for(20));
}

TEST_CASE("evaluation: a stop acknowledges what was evaluated, and takes nothing more") {
    Running running;
    REQUIRE(running.receive(hello(1)));
    uint64_t taken = 0;
    std::thread reader([&] {
        while (running.receive(opened(taken + 1)))
            ++taken;
    });
    REQUIRE(running.wait_for(1));
    running.evaluation.stop();
    reader.join();
    CHECK(running.world.engine->status().events == taken);
    CHECK(std::ranges::is_sorted(running.acknowledged));
    CHECK(running.acknowledged.back() == taken);
    CHECK(running.health.liveness().ok());
}

TEST_CASE("evaluation: an engine that is stuck is not healthy") {
    StuckTap tap;
    Running running(&tap, 1500ms);
    CHECK(running.health.liveness().ok());
    std::thread reader([&] { running.receive(hello(1)); });
    tap.reached.get_future().wait();
    for (int i = 0; i < 1000 && running.health.liveness().ok(); ++i)
        std::this_thread::sleep_for(10ms);
    CHECK_FALSE(running.health.liveness().ok());
    tap.go_on.set_value();
    reader.join();
}
