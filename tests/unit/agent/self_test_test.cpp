// SPDX-License-Identifier: Apache-2.0
#include "security-agent/self_test/self_tester.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <future>

#include "tests/unit/catch.h"

using namespace vedette;
using namespace vedette::self_test;
using namespace std::chrono_literals;

namespace {

struct World {
    std::filesystem::path directory;
    Metrics metrics;
    Logger logger{"test"};
    Options options;
    bool connected = true;
    std::set<std::string> blind;  ///< rules whose events do not arrive
    std::function<void()> armed = [] {};
    std::vector<engine::SelfTest> reports;
    bool watching = false;
    std::unique_ptr<SelfTester> tester;

    World() {
        std::string path =
            (std::filesystem::temp_directory_path() / "vedette-test.XXXXXX").string();
        directory = mkdtemp(path.data());
        options.directory = directory;
        options.scheduled = false;
        options.patience = 50ms;
        options.executable = "/bin/true";
    }
    ~World() {
        tester.reset();
        std::filesystem::remove_all(directory);
    }
    void start() {
        Hooks hooks;
        hooks.connected = [this] { return connected; };
        hooks.report = [this](engine::SelfTest test) { reports.push_back(std::move(test)); };
        hooks.watch = [this](const std::shared_ptr<const engine::Watch>& watch) {
            watching = watch != nullptr;
            if (!watch)
                return;
            for (const auto& rule : watch->policies->rules)
                if (!blind.contains(rule.id))
                    watch->matched(
                        rule.id,
                        engine::JsonText{boost::json::serialize(boost::json::value(rule.id))});
            armed();
        };
        tester = std::make_unique<SelfTester>(options, std::move(hooks), metrics, logger);
        tester->start();
    }
};

const std::vector<std::string> kAll = {"open", "chmod", "chown", "exec", "connect"};

}  // namespace

TEST_CASE("self-test: passes when every rule has seen its act; nothing stays") {
    World world;
    world.start();
    const Outcome outcome = world.tester->run();
    CHECK(outcome.error.empty());
    CHECK(outcome.success == kAll);
    CHECK(outcome.passed());
    REQUIRE(world.reports.size() == 1);
    CHECK(world.reports[0].success == kAll);
    std::string events;
    world.reports[0].events.append_to(events);
    CHECK(boost::json::parse(events).as_array().size() == kAll.size());
    CHECK_FALSE(world.watching);
    CHECK(std::filesystem::is_empty(world.directory));
    CHECK(world.tester->last().time_ns == outcome.time_ns);
    CHECK(to_json(outcome).at("Success").as_array().size() == kAll.size());
}

TEST_CASE("self-test: names what did not arrive") {
    World world;
    world.blind = {"vedette_self_test_rule_chmod", "vedette_self_test_rule_connect"};
    world.start();
    const Outcome outcome = world.tester->run();
    CHECK_FALSE(outcome.passed());
    CHECK(outcome.fails == std::vector<std::string>{"chmod", "connect"});
    CHECK(outcome.error == "no event arrived within 50 ms: chmod, connect");
    CHECK_FALSE(world.watching);
}

TEST_CASE("self-test: says why it could not be run") {
    World world;
    SECTION("no probe") {
        world.connected = false;
        world.start();
        CHECK(world.tester->run().error == "there is no connection to the probe");
    }
    SECTION("no directory") {
        world.options.directory = world.directory / "missing";
        world.start();
        CHECK_THAT(world.tester->run().error, ContainsSubstring("missing"));
    }
    SECTION("a program fails") {
        world.options.executable = "/bin/false";
        world.start();
        CHECK_THAT(world.tester->run().error, ContainsSubstring("connect: '/bin/false' failed"));
    }
    SECTION("a program is missing") {
        world.options.executable = "/no/such/program";
        world.start();
        CHECK_THAT(world.tester->run().error, ContainsSubstring("connect: '/no/such/program'"));
    }
    const Outcome last = world.tester->last();
    CHECK_FALSE(last.passed());
    CHECK(last.success.size() + last.fails.size() == kAll.size());
}

TEST_CASE("self-test: runs by itself, and again while it fails") {
    World world;
    world.options.scheduled = true;
    world.options.first = 1ms;
    world.options.retry = 1ms;
    world.options.patience = 1ms;
    world.blind = {"vedette_self_test_rule_open"};
    std::promise<void> thrice;
    world.armed = [&world, &thrice, runs = 0]() mutable {
        if (++runs == 3)
            thrice.set_value();
        if (runs == 2)
            world.blind.clear();
    };
    world.blind = {"vedette_self_test_rule_open"};
    world.options.period = 1ms;
    world.start();
    thrice.get_future().wait();
    world.tester->stop();
    REQUIRE(world.reports.size() >= 3);
    CHECK_FALSE(world.reports[0].fails.empty());
    CHECK(world.reports[2].fails.empty());
}

TEST_CASE("self-test: a stop does not wait for events, and later questions get the last outcome") {
    World world;
    world.blind = {"vedette_self_test_rule_open"};
    world.options.patience = 1h;
    std::promise<void> waiting;
    world.armed = [&] { waiting.set_value(); };
    world.start();
    auto asked = std::async(std::launch::async, [&] { return world.tester->run(); });
    waiting.get_future().wait();
    world.tester->stop();
    CHECK_FALSE(asked.get().passed());
    CHECK_FALSE(world.tester->run().passed());
}

TEST_CASE("self-test: paths are quoted in its rules") {
    for (const char* target : {"/tmp/it's/target", "/tmp/a \"b\"/t", "/tmp/a\\b/t"}) {
        INFO(target);
        const auto rules = compile_rules(make_acts(target));
        INFO((rules ? "" : rules.error().message));
        CHECK(rules);
    }
}
