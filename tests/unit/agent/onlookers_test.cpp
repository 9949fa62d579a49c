// SPDX-License-Identifier: Apache-2.0
#include "security-agent/app/onlookers.h"

#include <vector>

#include "tests/unit/catch.h"

namespace vedette::app {
namespace {

struct Fixture {
    std::vector<bool> told;
    std::vector<std::function<void()>> waiting;
    Onlookers onlookers{{.tell = [this](bool any) { told.push_back(any); },
                         .later = [this](auto run) { waiting.push_back(std::move(run)); }}};

    void run_waiting() {
        for (const auto& run : std::exchange(waiting, {}))
            run();
    }
};

TEST_CASE("The first who looks is told of, and that the last has gone", "[onlookers]") {
    Fixture f;
    f.onlookers.open();
    f.onlookers.look(true);
    f.onlookers.look(true);
    CHECK(f.told == std::vector{true});
    f.onlookers.look(false);
    CHECK(f.waiting.empty());
    f.onlookers.look(false);
    CHECK(f.told.size() == 1);  // not on the thread of who left
    f.run_waiting();
    CHECK(f.told == std::vector{true, false});
}

TEST_CASE("Who comes while the last one's leaving is about to be told is not overlooked",
          "[onlookers]") {
    Fixture f;
    f.onlookers.open();
    f.onlookers.look(true);
    f.onlookers.look(false);
    f.onlookers.look(true);
    f.run_waiting();
    CHECK(f.told.back());
}

TEST_CASE("Who looks before there are policies is told of when there are; after the end nobody is",
          "[onlookers]") {
    Fixture f;
    f.onlookers.look(true);
    CHECK(f.told.empty());
    f.onlookers.open();
    CHECK(f.told == std::vector{true});
    f.onlookers.close();
    f.onlookers.look(false);
    f.run_waiting();
    CHECK(f.told.size() == 1);
}

}  // namespace
}  // namespace vedette::app
