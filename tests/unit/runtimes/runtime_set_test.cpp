// SPDX-License-Identifier: Apache-2.0
#include "system-probe/runtimes/runtime_set.h"

#include "tests/unit/catch.h"
#include "tests/unit/runtimes/fake_runtime.h"

using namespace vedette;
using namespace vedette::probe;
using std::chrono::milliseconds;
using vedette::probe::test::FakeHost;

namespace {

const RuntimeSet::Clock::time_point kStart{std::chrono::hours(1)};

}  // namespace

TEST_CASE("runtimes: each is asked in its turn, the first that knows it answers") {
    FakeHost host;
    host.runtimes["a"].containers = {"1"};
    host.runtimes["b"].containers = {"1", "2"};
    RuntimeSet set({"a", "b"}, host.open());
    CHECK(set.find("1", kStart).workload->runtime() == "a");
    CHECK(set.find("2", kStart).workload->runtime() == "b");
    const auto none = set.find("3", kStart);
    CHECK_FALSE(none.workload);
    CHECK(none.may_come);
    CHECK(set.list(kStart) == std::set<std::string>{"1", "2"});
    CHECK(host.runtimes["a"].opened == 1);
}

TEST_CASE("runtimes: without any socket there is nobody to wait for") {
    FakeHost host;
    host.runtimes["a"].there = false;
    host.runtimes["b"].understood = false;
    RuntimeSet set({"a", "b"}, host.open());
    const auto none = set.find("1", kStart);
    CHECK_FALSE(none.workload);
    CHECK_FALSE(none.may_come);
    // One that is started later is noticed at once.
    host.runtimes["a"].there = true;
    host.runtimes["a"].containers = {"1"};
    CHECK(set.find("1", kStart).workload);
}

TEST_CASE("runtimes: one that fails is let go, and tried again ever later; the others answer on") {
    FakeHost host;
    host.runtimes["hangs"].answers = false;
    host.runtimes["b"].containers = {"1"};
    RuntimeSet set({"hangs", "b"}, host.open());
    auto now = kStart;
    for (int i = 0; i < 1000; ++i, now += milliseconds(10))
        CHECK(set.find("1", now).workload);
    CHECK(host.runtimes["hangs"].opened < 10);  // 250 ms, 500 ms, 1 s ... in ten seconds
    CHECK(set.find("2", now).may_come);
    host.runtimes["hangs"].answers = true;
    host.runtimes["hangs"].containers = {"2"};
    CHECK(set.find("2", now + RuntimeSet::kLongestPause).workload);

    v1::WorkloadStatus status;
    set.fill_status(status);
    REQUIRE(status.runtimes_size() == 2);
    CHECK(status.runtimes(0).name() == "hangs");
    CHECK(status.runtimes(0).problem().empty());
    CHECK(status.runtimes(1).questions() > 1000);
}

TEST_CASE("runtimes: a restart costs one question") {
    FakeHost host;
    auto& runtime = host.runtimes["a"];
    runtime.containers = {"1"};
    RuntimeSet set({"a"}, host.open());
    CHECK(set.find("1", kStart).workload);
    runtime.answers = false;
    CHECK_FALSE(set.find("1", kStart).workload);
    CHECK(set.list(kStart).empty());
    runtime.answers = true;
    CHECK(set.find("1", kStart + 2 * RuntimeSet::kFirstPause).workload);
    CHECK(runtime.opened == 2);
}
