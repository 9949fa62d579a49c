// SPDX-License-Identifier: Apache-2.0
#include "security-agent/live/tap.h"

#include <boost/json/object.hpp>

#include "fields.gen.h"
#include "tests/unit/catch.h"

namespace vedette::live {
namespace {

struct Stage {
    int64_t now = 1'000'000'000'000;
    int64_t cost = 0;  ///< of making an event's JSON
    int made = 0;
    Metrics metrics;
    std::shared_ptr<Hub> hub = std::make_shared<Hub>("run", HubLimits(), metrics);
    int looking = 0;
    Tap tap{*hub, [this] { return now; }, [this](bool begins) { looking += begins ? 1 : -1; }};
    engine::ProcessMirror mirror{1 << 20};
    engine::EventSubject::Buffers buffers;

    void event(const char* container = "", const char* program = "/bin/a") {
        v1::ProcessNode process;
        process.set_pid(7);
        process.mutable_container()->set_id(container);
        process.mutable_file()->set_path(program);
        const v1::Event event;
        const engine::EventSubject subject(mirror, event, engine::field_table().events()[1],
                                           {&process, nullptr}, buffers);
        if (tap.open())
            tap.event(subject, [this] {
                now += cost;
                ++made;
                return std::string(R"({"process":{"pid":7}})");
            });
    }
};

}  // namespace

TEST_CASE("without anybody who asks an event costs one question") {
    Stage stage;
    CHECK(!stage.tap.open());
    stage.event();
    CHECK(stage.made == 0);
}

TEST_CASE("events take a tenth of the engine's time, whatever one costs") {
    for (const int64_t cost : {10'000, 1'000'000}) {
        Stage stage;
        stage.cost = cost;
        const auto listener = stage.hub->listen({.alerts = false, .events = true}, {});
        REQUIRE(listener);
        const int64_t begin = stage.now;
        int64_t shown = 0;
        while (stage.now < begin + 10'000'000'000) {
            stage.event();
            stage.now += 10'000;  // evaluation
        }
        shown = stage.made * cost;
        const double share = static_cast<double>(shown) / static_cast<double>(stage.now - begin);
        CHECK(share > 0.05);
        CHECK(share < 0.13);
    }
}

TEST_CASE("what nobody wants is not made, and what was left out is told") {
    Stage stage;
    stage.cost = 500'000'000;
    const auto other = stage.hub->listen({.alerts = false, .events = true, .pid = 8}, {});
    stage.event();
    CHECK(stage.made == 0);
    const auto listener = stage.hub->listen({.alerts = false, .events = true, .pid = 7}, {});
    stage.event();
    stage.event();
    CHECK(stage.made == 1);
    bool more = false;
    const auto items = (*listener)->take(1 << 16, more);
    REQUIRE(items.size() == 2);
    CHECK(items[0].gap->missed == 1);
}

TEST_CASE("containers and programs are counted while somebody asks") {
    Stage stage;
    CHECK(stage.tap.counts().events == 0);
    stage.event("c1", "/bin/a");
    stage.event("c1", "/bin/b");
    stage.event("", "/bin/b");
    const Counts counts = stage.tap.counts();
    CHECK(counts.events == 3);
    CHECK(counts.containers == std::vector<TopK::Row>{{"c1", 2}, {"", 1}});
    CHECK(counts.programs == std::vector<TopK::Row>{{"/bin/b", 2}, {"/bin/a", 1}});
    stage.now += 2 * Tap::kLeaseNs;
    for (int i = 0; i < 100; ++i)
        stage.event();
    CHECK(!stage.tap.open());
    CHECK(stage.tap.counts().events == 0);
}

TEST_CASE("tap: who counts looks at events, until nobody asks any more") {
    Stage stage;
    stage.tap.counts();
    stage.tap.counts();
    CHECK(stage.looking == 1);
    stage.now += Tap::kLeaseNs + 1;
    for (int i = 0; i < 64; ++i)
        stage.event();
    CHECK(stage.looking == 0);
    stage.tap.counts();
    CHECK(stage.looking == 1);
}

}  // namespace vedette::live
