// SPDX-License-Identifier: Apache-2.0
#include "security-agent/status/status.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <stdexcept>
#include <thread>

#include "tests/unit/catch.h"
#include "tests/unit/common/support.h"

using namespace vedette;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

json::object example() {
    return json::parse(test::golden("face/status.json")).as_object();
}

}  // namespace

TEST_CASE("the status page", "[status]") {
    CHECK(status::render_text(example(), false) == test::golden("face/status.txt"));
    CHECK(status::render_text(example(), true) == test::golden("face/status_verbose.txt"));
}

TEST_CASE("the status page without a probe", "[status]") {
    auto document = example();
    document["probe"] = json::object{{"error", "cmd.sock: Connection refused"}};
    document["runtimeSecurityStatus"].as_object()["connected"] = false;
    const auto page = status::render_text(document, false);
    CHECK_THAT(page, ContainsSubstring("not connected"));
    CHECK_THAT(page, ContainsSubstring("unavailable: cmd.sock: Connection refused"));
}

TEST_CASE("the status page after policies were refused", "[status]") {
    auto document = example();
    document["runtimeSecurityStatus"].as_object()["policyLoad"] = json::object{
        {"last", json::object{{"in_force", false},
                              {"kept_previous", true},
                              {"trigger", "SIGHUP"},
                              {"time", 1763776673000000000},
                              {"message", "policy 'x.policy' cannot be loaded: not YAML"}}}};
    const auto page = status::render_text(document, false);
    CHECK_THAT(page,
               ContainsSubstring("the last load (SIGHUP, 2025-11-22 01:57:53 UTC) was refused: "
                                 "policy 'x.policy' cannot be loaded: not YAML"));
    CHECK_THAT(page, ContainsSubstring("the rules of before stay in force"));
    CHECK(status::render_text(example(), false).find("the last load") == std::string::npos);
}

TEST_CASE("a status document of any shape is rendered", "[status]") {
    // Each member in turn is missing, or something else than the page expects.
    const auto whole = example();
    for (const auto& section : whole) {
        for (const json::value& odd :
             {json::value(nullptr), json::value(1), json::value("x"),
              json::value(json::array{1, "a"}),
              json::value(json::object{{"a", json::array{json::object{{"b", 1}}}}})}) {
            auto document = whole;
            document[section.key()] = odd;
            CHECK_FALSE(status::render_text(document, true).empty());
            if (!section.value().is_object())
                continue;
            for (const auto& member : section.value().get_object()) {
                document = whole;
                document[section.key()].as_object()[member.key()] = odd;
                CHECK_FALSE(status::render_text(document, true).empty());
            }
        }
    }
    CHECK_FALSE(status::render_text({}, true).empty());
}

TEST_CASE("sections are collected within the time there is", "[status]") {
    std::atomic<int> calls = 0;
    std::atomic<bool> release = false;
    status::StatusProvider provider({.hostname = "node-7", .config_files = {"/etc/a.yaml"}});
    provider.add_section("quick", [] { return json::object{{"a", 1}}; });
    provider.add_section("stuck", [&] {
        ++calls;
        while (!release)
            std::this_thread::sleep_for(1ms);
        return json::object{{"late", true}};
    });
    provider.add_section("broken",
                         []() -> json::object { throw std::runtime_error("no \x1b[31m"); });

    const auto begin = std::chrono::steady_clock::now();
    auto document = provider.collect(50ms);
    provider.collect(50ms);
    CHECK(std::chrono::steady_clock::now() - begin < 3s);
    CHECK(calls == 1);  // not asked again before it has answered
    CHECK(document.at("quick").at("a").as_int64() == 1);
    CHECK(document.at("stuck").at("error").as_string() == "no answer in time");
    CHECK(document.at("broken").at("error").as_string() == "no \\x1b[31m");
    CHECK(document.at("agent").at("hostname").as_string() == "node-7");
    CHECK(document.at("agent").at("configFiles").as_array().size() == 1);

    release = true;
    document = provider.collect(5s);
    CHECK(document.at("stuck").at("late").as_bool());
}

TEST_CASE("many ask at once", "[status]") {
    status::StatusProvider provider({});
    provider.add_section("section", [] { return json::object{{"a", 1}}; });
    std::vector<std::thread> threads;
    std::atomic<int> good = 0;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] {
            for (int j = 0; j < 50; ++j)
                if (provider.collect(5s).at("section").as_object().contains("a"))
                    ++good;
        });
    for (auto& thread : threads)
        thread.join();
    CHECK(good == 400);
}
