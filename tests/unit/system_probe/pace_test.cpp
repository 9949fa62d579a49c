// SPDX-License-Identifier: Apache-2.0
#include "system-probe/stream/pace.h"

#include "tests/unit/catch.h"

namespace vedette::probe {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

/// The rest after a second of so many records each second, read whenever there was no rest left.
microseconds rest_at(size_t records_a_second) {
    Pace pace;
    Pace::Clock::time_point now{};
    double there = 0;
    microseconds rest{};
    for (const auto end = now + std::chrono::seconds(1); now < end;) {
        const auto step = std::max<std::chrono::nanoseconds>(rest, microseconds(500));
        now += step;
        there +=
            static_cast<double>(records_a_second) * std::chrono::duration<double>(step).count();
        pace.read(static_cast<size_t>(there), now);
        there -= static_cast<double>(static_cast<size_t>(there));
        rest = pace.left(now);
    }
    return rest;
}

TEST_CASE("An event on a quiet host leaves at once, and so does the first of many", "[pace]") {
    Pace pace;
    const Pace::Clock::time_point begin{};
    CHECK(pace.left(begin) == microseconds(0));
    pace.read(1, begin + std::chrono::seconds(1));
    CHECK(pace.left(begin + std::chrono::seconds(1)) == microseconds(0));
    CHECK(rest_at(10) == microseconds(0));
}

TEST_CASE("The more records, the longer the rest, up to a bound", "[pace]") {
    CHECK(rest_at(1'000) > milliseconds(1));
    CHECK(rest_at(1'000) < milliseconds(2));
    CHECK(rest_at(3'000) > rest_at(1'000) * 2);
    CHECK(rest_at(50'000) == Pace::kLongest);
}

TEST_CASE("A rest is over when its time is, and after a pause there is none", "[pace]") {
    Pace pace;
    const Pace::Clock::time_point begin{};
    pace.read(100, begin);
    const auto whole = pace.left(begin);
    REQUIRE(whole > milliseconds(2));
    CHECK(pace.left(begin + milliseconds(1)) == whole - milliseconds(1));
    CHECK(pace.left(begin + whole) == microseconds(0));
    pace.read(1, begin + std::chrono::seconds(1));
    CHECK(pace.left(begin + std::chrono::seconds(1)) == microseconds(0));
}

TEST_CASE("Who has a ring to empty does not rest", "[pace]") {
    Pace pace;
    pace.read(5'000, Pace::Clock::time_point{});
    CHECK(pace.left(Pace::Clock::time_point{}) == microseconds(0));
}

}  // namespace
}  // namespace vedette::probe
