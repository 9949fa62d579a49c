// SPDX-License-Identifier: Apache-2.0
//
// What the agent is told of processes: nothing that no event needs, and never a name that it does not know.
#include "system-probe/stream/introductions.h"

#include <map>
#include <set>
#include <vector>

#include "system-probe/decode/decoder.h"
#include "tests/unit/catch.h"
#include "tests/unit/system_probe/records.h"

namespace vedette::probe {
namespace {

using namespace test;

/// As the agent's mirror; checks that parents come first.
struct Told : NodeSink {
    struct Node {
        uint32_t pid;
        uint64_t exec_id;
        uint32_t uid;
        bool over;
    };
    std::map<uint64_t, Node> nodes;
    std::vector<uint32_t> order;

    void changed(const Image& image) override {
        if (image.parent != nullptr)
            CHECK(nodes.contains(image.parent->key));
        nodes[image.key] = {image.pid, image.exec_id, image.credentials.uid, image.exit_time != 0};
        order.push_back(image.pid);
    }
    void ended(const Image& image) override {
        REQUIRE(nodes.contains(image.key));
        nodes[image.key].over = true;
    }
    void gone(const Image& image) override { CHECK(nodes.erase(image.key) == 1); }

    std::multiset<uint32_t> pids() const {
        std::multiset<uint32_t> out;
        for (const auto& [key, node] : nodes)
            out.insert(node.pid);
        return out;
    }
};

using Pids = std::multiset<uint32_t>;

struct Fixture {
    WallClock clock{[] { return int64_t{0}; }};
    Names names;
    Told told;
    Introductions introductions{told};
    ProcessResolver resolver{
        {.max_bytes = 64u << 20, .envs_with_value = {}}, clock, names, introductions};
    uint64_t sequence = 0;
    Decoded decoded;

    Fixture() {
        quiet(snapshot_record(image(1), image(0), kSecond));
        quiet(snapshot_record(image(50), image(1), kSecond));
    }
    ProcessResolver::Named begin(const Bytes& record) {
        REQUIRE(decode(as_record(record), decoded));
        return resolver.apply(decoded);
    }
    /// One whose event nobody is told of.
    void quiet(const Bytes& record) {
        begin(record);
        resolver.after_event();
    }
    /// One whose event is delivered.
    void loud(const Bytes& record) {
        const auto named = begin(record);
        introductions.introduce(*named.acting);
        resolver.named_by(++sequence);
        resolver.after_event();
    }
    void run(uint32_t pid, uint64_t at) {
        quiet(fork_record(image(pid), image(50), at));
        quiet(exec_record(image(pid, 1), image(50), at + 1));
        quiet(exit_record(image(pid, 1), at + 2));
    }
};

TEST_CASE("Of a process that is over before anybody asks nothing is told, not even that it is gone",
          "[introductions]") {
    Fixture f;
    f.run(60, 10 * kSecond);
    f.resolver.expire(60 * kSecond, 1);
    CHECK(f.told.order.empty());
    CHECK(f.resolver.counts().exited == 0);  // nothing holds on to it
}

TEST_CASE("An event brings its process and all its ancestors, oldest first", "[introductions]") {
    Fixture f;
    f.quiet(fork_record(image(60), image(50), 10 * kSecond));
    f.loud(exec_record(image(60, 1), image(50), 11 * kSecond));
    CHECK(f.told.order == std::vector<uint32_t>{1, 50, 60, 60});  // fork and exec of 60
    f.loud(open_record(image(60, 1), 12 * kSecond));
    CHECK(f.told.order.size() == 4);  // once
}

TEST_CASE("The parent that has ended meanwhile is told as such", "[introductions]") {
    Fixture f;
    f.quiet(fork_record(image(60), image(50), 10 * kSecond));
    f.quiet(fork_record(image(61), image(60), 11 * kSecond));
    f.quiet(exit_record(image(60), 12 * kSecond));
    f.loud(open_record(image(61), 13 * kSecond));
    for (const auto& [key, node] : f.told.nodes)
        CHECK(node.over == (node.pid == 60));
}

TEST_CASE("Of a process that is known everything is told: its end, its execs, that it is gone",
          "[introductions]") {
    Fixture f;
    f.quiet(fork_record(image(60), image(50), 10 * kSecond));
    f.loud(open_record(image(60), 11 * kSecond));
    f.quiet(exec_record(image(60, 1), image(50), 12 * kSecond));
    CHECK(f.told.pids() == Pids{1, 50, 60, 60});
    f.quiet(exit_record(image(60, 1), 13 * kSecond));
    for (const auto& [key, node] : f.told.nodes)
        CHECK(node.over == (node.pid == 60));
    f.resolver.expire(60 * kSecond, f.sequence + 1);
    CHECK(f.told.pids() == Pids{1, 50});
}

TEST_CASE("A rule on setuid sees who the process was, though nobody had been told of it before",
          "[introductions]") {
    Fixture f;
    f.quiet(fork_record(image(60), image(50), 10 * kSecond));
    const auto named = f.begin(setuid_record(image(60), 60, 4711, 11 * kSecond));
    f.introductions.introduce(*named.acting);
    REQUIRE(f.told.nodes.contains(named.acting->key));
    CHECK(f.told.nodes.at(named.acting->key).uid != 4711);
    f.resolver.after_event();
    CHECK(f.told.nodes.at(f.decoded.event.process_key()).uid == 4711);
}

TEST_CASE("Who lives on is told by the tick, thousands of them by several", "[introductions]") {
    Fixture f;
    const uint32_t many = 3 * Introductions::kMaxByTick;
    for (uint32_t pid = 100; pid < 100 + many; ++pid)
        f.quiet(fork_record(image(pid), image(50), 10 * kSecond));
    f.run(60, 11 * kSecond);
    f.introductions.tick(f.resolver);
    CHECK(f.told.nodes.size() < many);
    for (int i = 0; i < 4; ++i)
        f.introductions.tick(f.resolver);
    CHECK(f.told.nodes.size() == many + 2);
    CHECK(f.told.pids().count(60) == 0);
}

TEST_CASE("After a snapshot everything is known", "[introductions]") {
    Fixture f;
    f.quiet(fork_record(image(60), image(50), 10 * kSecond));
    f.introductions.all_are_told(f.resolver);
    f.resolver.for_each_image(
        [&](const Image& image) { f.told.nodes[image.key] = {image.pid, 0, 0, false}; });
    f.quiet(exit_record(image(60), 12 * kSecond));
    f.resolver.expire(60 * kSecond, 1);
    CHECK(f.told.pids() == Pids{1, 50});
}

TEST_CASE("Who asks for all processes is told of each at once", "[introductions]") {
    Fixture f;
    f.quiet(fork_record(image(60), image(50), 10 * kSecond));
    CHECK(f.told.pids().count(60) == 0);
    f.introductions.tell_all(true, f.resolver);
    CHECK(f.told.pids() == Pids{1, 50, 60});
    f.quiet(fork_record(image(61), image(50), 11 * kSecond));
    CHECK(f.told.pids() == Pids{1, 50, 60, 61});
}

}  // namespace
}  // namespace vedette::probe
