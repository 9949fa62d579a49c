// SPDX-License-Identifier: Apache-2.0
#include "system-probe/resolvers/process_resolver.h"

#include <map>
#include <set>

#include "system-probe/decode/file.h"
#include "system-probe/resolvers/process_node.h"
#include "tests/unit/catch.h"
#include "tests/unit/system_probe/records.h"

namespace vedette::probe {
namespace {

using namespace test;
using v1::ProcessNode;

constexpr int64_t kBoot = 1'000'000 * int64_t{kSecond};

uint64_t wall(uint64_t boot_ns) {
    return boot_ns + static_cast<uint64_t>(kBoot);
}

/// What an agent has after all changes: the mirror.
struct Mirror : NodeSink {
    std::map<uint64_t, ProcessNode> nodes;
    std::set<uint64_t> forgotten;
    uint64_t changes = 0;
    Names names;

    ProcessNode whole(const Image& image) const {
        ProcessNode node;
        fill_node(node, image, names);
        return node;
    }
    void changed(const Image& image) override {
        ++changes;
        CHECK(forgotten.count(image.key) == 0);  // keys are never reused
        nodes[image.key] = whole(image);
    }
    void ended(const Image& image) override {
        ++changes;
        ProcessNode& node = nodes.at(image.key);
        node.set_exit_time(image.exit_time);
        CHECK(node.SerializeAsString() == whole(image).SerializeAsString());
    }
    void gone(const Image& image) override {
        CHECK(nodes.erase(image.key) == 1);
        forgotten.insert(image.key);
    }
};

struct Fixture {
    explicit Fixture(size_t max_bytes = 64u << 20)
        : resolver({.max_bytes = max_bytes, .envs_with_value = {"PATH"}}, clock, names, mirror) {}

    WallClock clock{[] { return kBoot; }};
    Names names;
    Mirror mirror;
    ProcessResolver resolver;
    uint64_t sequence = 0;

    /// Applies a record; returns its event.
    v1::Event apply(const Bytes& record) {
        Decoded decoded;
        const auto done = decode(as_record(record), decoded);
        INFO((done ? "" : done.error().message));
        REQUIRE(done);
        resolver.apply(decoded);
        resolver.named_by(++sequence);
        resolver.after_event();
        return decoded.event;
    }
    const ProcessNode& actor(const v1::Event& event) {
        REQUIRE(mirror.nodes.count(event.process_key()) == 1);
        return mirror.nodes.at(event.process_key());
    }
    const ProcessNode& parent(const ProcessNode& node) {
        REQUIRE(mirror.nodes.count(node.parent_key()) == 1);
        return mirror.nodes.at(node.parent_key());
    }
    std::vector<uint32_t> lineage(ProcessNode node) {
        std::vector<uint32_t> pids = {node.pid()};
        while (node.parent_key() != 0) {
            node = parent(node);
            pids.push_back(node.pid());
        }
        return pids;
    }
};

TEST_CASE("fork copies from the creator's image, exec keeps the previous one as ancestor") {
    Fixture f;
    f.apply(snapshot_record(image(1), image(0), 5 * kSecond));
    const auto forked = f.apply(fork_record(image(10), image(1), 11 * kSecond));
    const auto& child = f.actor(forked);
    CHECK(child.pid() == 10);
    CHECK(child.ppid() == 1);
    CHECK(child.file().path() == "/sbin/init");
    CHECK(child.cgroup().id() == "/init.scope");
    CHECK_FALSE(child.is_exec());
    CHECK(child.created_at() == wall(image(10).start_ns));
    CHECK(child.tty_name() == "pts/3");
    CHECK(f.parent(child).pid() == 1);

    const auto executed = f.apply(exec_record(image(10, 1), image(1), 12 * kSecond));
    const auto& program = f.actor(executed);
    CHECK(executed.timestamp() == wall(12 * kSecond));
    CHECK(program.is_exec());
    CHECK(program.file().path() == "/usr/bin/program");
    CHECK(program.exec_time() == wall(12 * kSecond));
    CHECK(program.argv_size() == 2);
    CHECK(program.argv(1) == "-x");
    CHECK(program.env_names_size() == 2);
    REQUIRE(program.envp_size() == 1);
    CHECK(program.envp(0) == "PATH=/bin");  // SECRET is on no list
    const auto& before = f.parent(program);
    CHECK(before.pid() == 10);
    CHECK(before.process_key() == program.process_key());
    CHECK(before.key() != program.key());
    CHECK(before.exit_time() == wall(12 * kSecond));
    CHECK(f.lineage(program) == std::vector<uint32_t>{10, 10, 1});

    f.apply(exit_record(image(10, 1), 13 * kSecond));
    CHECK(f.actor(executed).exit_time() == wall(13 * kSecond));
    CHECK(f.resolver.counts().placeholders == 0);
}

TEST_CASE("the lineage is frozen at the fork: the creator stays when it dies") {
    Fixture f;
    f.apply(snapshot_record(image(1), image(0), 5 * kSecond));
    f.apply(fork_record(image(10), image(1), 11 * kSecond));
    f.apply(exec_record(image(10, 1), image(1), 11 * kSecond));
    f.apply(fork_record(image(11, 1), image(10, 1), 12 * kSecond));
    f.apply(exit_record(image(10, 1), 13 * kSecond));
    f.resolver.expire(1000 * kSecond, UINT64_MAX);
    const auto event = f.apply(open_record(image(11, 1), 1001 * kSecond));
    CHECK(f.lineage(f.actor(event)) == std::vector<uint32_t>{11, 10, 10, 1});
    // With the last descendant everything that was only kept for it goes.
    f.apply(exit_record(image(11, 1), 1002 * kSecond));
    f.resolver.expire(2000 * kSecond, UINT64_MAX);
    CHECK(f.mirror.nodes.size() == 1);
    CHECK(f.resolver.counts().exited == 0);
}

TEST_CASE("an exited process stays while a held batch names it, and for a while") {
    Fixture f;
    f.apply(fork_record(image(10), image(0), 11 * kSecond));
    f.apply(exit_record(image(10), 12 * kSecond));
    REQUIRE(f.sequence == 2);
    f.resolver.expire(16 * kSecond, UINT64_MAX);  // 4 s: late events may come
    CHECK(f.mirror.nodes.size() == 1);
    f.resolver.expire(18 * kSecond, 2);  // event 2 is not acknowledged
    CHECK(f.mirror.nodes.size() == 1);
    f.resolver.expire(18 * kSecond, 3);
    CHECK(f.mirror.nodes.empty());
    CHECK(f.resolver.counts().bytes < 1024);
}

TEST_CASE("exit records are idempotent, and late events do not revive") {
    Fixture f;
    f.apply(fork_record(image(10), image(0), 11 * kSecond));
    f.apply(exit_record(image(10), 12 * kSecond));
    const auto again = f.apply(exit_record(image(10), 13 * kSecond));
    CHECK(f.actor(again).exit_time() == wall(12 * kSecond));
    f.apply(open_record(image(10), 14 * kSecond));
    CHECK(f.resolver.counts().alive == 0);
    CHECK(f.resolver.counts().placeholders == 0);
}

TEST_CASE("an unknown actor is a placeholder, is not root, and is filled by the snapshot") {
    Fixture f;
    const auto event = f.apply(open_record(image(10, 4), 11 * kSecond));
    const auto key = event.process_key();
    CHECK(f.actor(event).source() == ProcessNode::SOURCE_PLACEHOLDER);
    CHECK(f.actor(event).credentials().uid() == 0xffffffff);
    CHECK(f.actor(event).credentials().euid() == 0xffffffff);
    CHECK_FALSE(f.actor(event).file().path_error().empty());
    CHECK(f.resolver.counts().placeholders == 1);
    f.apply(open_record(image(10, 4), 12 * kSecond));
    CHECK(f.resolver.counts().placeholders == 1);

    f.apply(snapshot_record(image(1), image(0), 13 * kSecond));
    f.apply(snapshot_record(image(10, 4), image(1), 13 * kSecond, "/bin/late"));
    CHECK(f.mirror.nodes.at(key).source() == ProcessNode::SOURCE_SNAPSHOT);
    CHECK(f.mirror.nodes.at(key).file().path() == "/bin/late");
    CHECK(f.mirror.nodes.at(key).credentials().uid() == 1000);
    CHECK(f.lineage(f.mirror.nodes.at(key)) == std::vector<uint32_t>{10, 1});
}

TEST_CASE("an exec that was not seen is a placeholder on top of what is known") {
    Fixture f;
    f.apply(fork_record(image(10), image(0), 11 * kSecond));
    f.apply(exec_record(image(10, 1), image(0), 12 * kSecond));
    const auto event = f.apply(open_record(image(10, 2), 13 * kSecond));
    CHECK(f.actor(event).source() == ProcessNode::SOURCE_PLACEHOLDER);
    CHECK(f.actor(event).file().path().empty());
    CHECK(f.actor(event).credentials().uid() == 1000);
    CHECK(f.lineage(f.actor(event)) == std::vector<uint32_t>{10, 10, 10});
    // Its exec record comes late after all, and fills it.
    f.apply(exec_record(image(10, 2), image(0), 14 * kSecond, {.path = "/bin/second"}));
    CHECK(f.mirror.nodes.at(event.process_key()).file().path() == "/bin/second");
    CHECK(f.mirror.nodes.at(event.process_key()).source() == ProcessNode::SOURCE_EVENT);
}

TEST_CASE("snapshot and live records merge without a gap, and the live ones win") {
    Fixture f;
    // The hooks were attached, then the snapshot was taken, and what the ring held comes after it.
    f.apply(snapshot_record(image(1), image(0), 20 * kSecond));
    f.apply(snapshot_record(image(10, 1), image(1), 20 * kSecond, "/bin/seen"));
    const auto fork = f.apply(fork_record(image(10), image(5), 11 * kSecond));
    const auto exec = f.apply(exec_record(image(10, 1), image(1), 12 * kSecond));
    const auto& node = f.actor(exec);
    CHECK(node.file().path() == "/usr/bin/program");
    CHECK(node.source() == ProcessNode::SOURCE_EVENT);
    CHECK(f.lineage(node) == std::vector<uint32_t>{10, 10, 5});
    CHECK(f.parent(node).exit_time() == wall(12 * kSecond));
    CHECK(f.parent(node).key() == fork.process_key());

    // A process that the live records knew first keeps what they said.
    f.apply(fork_record(image(11), image(1), 21 * kSecond));
    const auto live = f.apply(exec_record(image(11, 1), image(1), 22 * kSecond));
    f.apply(snapshot_record(image(11, 1), image(1), 23 * kSecond, "/bin/stale"));
    CHECK(f.actor(live).file().path() == "/usr/bin/program");
    CHECK(f.lineage(f.actor(live)) == std::vector<uint32_t>{11, 11, 1});
}

TEST_CASE("a later snapshot and a child tell what a process became unseen") {
    Fixture f;
    f.apply(fork_record(image(10), image(1), 11 * kSecond));
    const auto event = f.apply(exec_record(image(10, 1), image(1), 12 * kSecond));
    const uint32_t uid = f.actor(event).credentials().uid();
    f.apply(setuid_record(image(10, 1), 10, uid + 7, 13 * kSecond));
    REQUIRE(f.actor(event).credentials().uid() == uid + 7);
    f.apply(snapshot_record(image(10, 1), image(1), 14 * kSecond, "/bin/stale"));
    CHECK(f.actor(event).credentials().uid() == uid);
    CHECK(f.actor(event).file().path() == "/usr/bin/program");

    f.apply(setuid_record(image(10, 1), 10, uid + 7, 15 * kSecond));
    f.apply(fork_record(image(11, 1), image(10, 1), 16 * kSecond));
    CHECK(f.actor(event).credentials().uid() == uid);
}

TEST_CASE("the snapshot tells a fork from an exec by the program and the exec count") {
    Fixture f;
    f.apply(snapshot_record(image(1, 3), image(0), 20 * kSecond));
    f.apply(snapshot_record(image(10, 3), image(1, 3), 20 * kSecond));
    f.apply(snapshot_record(image(11, 4), image(1, 3), 20 * kSecond));
    f.apply(snapshot_record(image(12, 3), image(1, 3), 20 * kSecond, "/bin/other", 100));
    std::map<uint32_t, bool> executed;
    for (const auto& [key, node] : f.mirror.nodes)
        executed[node.pid()] = node.is_exec();
    CHECK(executed == std::map<uint32_t, bool>{{1, true}, {10, false}, {11, true}, {12, true}});
    CHECK(f.resolver.counts().snapshot == 4);
    CHECK(f.resolver.counts().placeholders == 0);
}

TEST_CASE("a process known from /proc gets its exact identity with its first record") {
    Fixture f;
    const uint64_t ticks = 50 * kSecond;  // /proc knows hundredths
    f.apply(snapshot_record(image(10, 0, ticks), image(0), 60 * kSecond, "/bin/old"));
    const auto open = f.apply(open_record(image(10, 7, ticks + 4'321'987), 61 * kSecond));
    CHECK(f.actor(open).file().path() == "/bin/old");
    CHECK(f.resolver.counts().placeholders == 0);
    const auto exec = f.apply(exec_record(image(10, 8, ticks + 4'321'987), image(0), 62 * kSecond));
    CHECK(f.parent(f.actor(exec)).key() == open.process_key());

    // One more whose first record is the exec itself, and one with a reused pid.
    f.apply(snapshot_record(image(11, 0, ticks), image(0), 60 * kSecond, "/bin/old"));
    const auto second = f.apply(exec_record(image(11, 5, ticks + 1), image(0), 62 * kSecond));
    CHECK(f.parent(f.actor(second)).file().path() == "/bin/old");
    f.apply(snapshot_record(image(12, 0, ticks), image(0), 60 * kSecond, "/bin/old"));
    const auto other = f.apply(exec_record(image(12, 5, ticks + kSecond), image(0), 62 * kSecond));
    CHECK(f.actor(other).parent_key() == 0);
}

TEST_CASE("a pid that is used again ends the process that had it") {
    Fixture f;
    const auto first = f.apply(fork_record(image(10, 0, 11 * kSecond), image(0), 11 * kSecond));
    const auto second = f.apply(fork_record(image(10, 0, 30 * kSecond), image(0), 30 * kSecond));
    CHECK(first.process_key() != second.process_key());
    CHECK(f.actor(first).process_key() != f.actor(second).process_key());
    CHECK(f.actor(first).exit_time() == wall(30 * kSecond));
    CHECK(f.actor(second).exit_time() == 0);
    // A late record of the first does not end the second.
    f.apply(open_record(image(10, 0, 11 * kSecond), 31 * kSecond));
    f.apply(exit_record(image(10, 0, 11 * kSecond), 31 * kSecond));
    CHECK(f.actor(second).exit_time() == 0);
    CHECK(f.resolver.counts().alive == 1);
    // Nor does an even older process of that pid, which nobody knew.
    f.apply(open_record(image(10, 0, 5 * kSecond), 32 * kSecond));
    CHECK(f.resolver.counts().alive == 1);
    CHECK(f.actor(second).exit_time() == 0);
}

TEST_CASE("credentials follow setuid of the main thread only") {
    Fixture f;
    f.apply(fork_record(image(10), image(0), 11 * kSecond));
    const auto thread = f.apply(setuid_record(image(10), 12, 0, 12 * kSecond));
    CHECK(f.actor(thread).credentials().uid() == 1000);
    CHECK(thread.setuid().uid() == 0);
    const auto main = f.apply(setuid_record(image(10), 10, 0, 13 * kSecond));
    CHECK(f.actor(main).credentials().uid() == 0);
    CHECK(f.actor(main).credentials().euid() == 0);
    const auto changes = f.mirror.changes;
    f.apply(setuid_record(image(10), 10, 0, 14 * kSecond));
    CHECK(f.mirror.changes == changes);  // nothing new, nothing sent
    const auto child = f.apply(exec_record(image(10, 1), image(0), 15 * kSecond));
    CHECK(f.actor(child).credentials().uid() == 1000);  // the record's own, taken at the exec
}

TEST_CASE("cgroup moves carry the container, and its time of birth is that of its first process") {
    Fixture f;
    const std::string id(64, 'a');
    f.apply(fork_record(image(10), image(0), 11 * kSecond));
    const auto moved = f.apply(cgroup_record(image(10), 500, "/docker/" + id, 12 * kSecond));
    CHECK(f.actor(moved).container().id() == id);
    CHECK(f.actor(moved).container().created_at() == wall(12 * kSecond));
    CHECK(f.actor(moved).cgroup().inode() == 500);
    f.apply(fork_record(image(11), image(0), 13 * kSecond));
    const auto other =
        f.apply(cgroup_record(image(11), 501, "/docker/" + id + "/init", 14 * kSecond));
    CHECK(f.actor(other).container().created_at() == wall(12 * kSecond));
    const auto back = f.apply(cgroup_record(image(11), 77, "/user.slice", 15 * kSecond));
    CHECK_FALSE(f.actor(back).has_container());
}

TEST_CASE("a script is the file, its program the interpreter") {
    Fixture f;
    auto record = builder<vdt_exec>(VDT_EXEC, image(10, 1), 5);
    record.fixed.process = process(image(10, 1), image(0));
    record.fixed.process.flags = VDT_PROC_SCRIPT;
    record.fixed.file.inode = 4711;
    record.item(VDT_ITEM_PATH, "/bin/bash");
    SECTION("known by name: joined by letters and marked") {
        record.item(VDT_ITEM_SCRIPT_PATH, "../run.sh");
        record.item(VDT_ITEM_CWD, "/home/me");
        const auto node = f.actor(f.apply(bytes_of(record)));
        CHECK(node.file().path() == "/home/run.sh");
        CHECK(node.file().path_error() == kPathOfScript);
        CHECK(node.file().inode() == 0);
        CHECK(node.interpreter().path() == "/bin/bash");
        CHECK(node.interpreter().inode() == 4711);
    }
    SECTION("known as objects: both exact") {
        record.fixed.interpreter.inode = 12;
        record.item(VDT_ITEM_INTERPRETER_PATH, "/bin/dash");
        const auto node = f.actor(f.apply(bytes_of(record)));
        CHECK(node.file().path() == "/bin/bash");
        CHECK(node.file().path_error().empty());
        CHECK(node.interpreter().path() == "/bin/dash");
    }
}

TEST_CASE("ten thousand execs of one process keep the first and the newest images, and say so") {
    Fixture f;
    f.apply(snapshot_record(image(1), image(0), 5 * kSecond));
    f.apply(fork_record(image(10), image(1), 11 * kSecond));
    uint64_t last = 0;
    for (uint64_t n = 1; n <= 10'000; ++n) {
        const auto event = f.apply(exec_record(image(10, n), image(1), (11 + n) * kSecond,
                                               {.path = "/bin/n" + std::to_string(n)}));
        last = event.process_key();
        f.resolver.expire((11 + n) * kSecond, UINT64_MAX);
    }
    const auto& node = f.mirror.nodes.at(last);
    CHECK(node.file().path() == "/bin/n10000");
    const auto pids = f.lineage(node);
    CHECK(pids.size() == ProcessCache::kMaxImages + 1);
    CHECK(pids.back() == 1);
    uint64_t dropped = 0;
    auto above = node;
    std::set<std::string> paths;
    for (; above.parent_key() != 0; above = f.parent(above)) {
        dropped += above.lineage_dropped();
        paths.insert(above.file().path());
    }
    CHECK(dropped == 10'001 - ProcessCache::kMaxImages);
    CHECK(f.resolver.counts().chain_dropped == dropped);
    CHECK(f.resolver.counts().evicted_lineage == 0);
    CHECK(paths.count("/bin/n1") == 1);
    CHECK(paths.count("/bin/n9999") == 1);
    CHECK(paths.count("/bin/n5000") == 0);
    CHECK(f.mirror.nodes.size() < 50);
    f.apply(exit_record(image(10, 10'000), 20'000 * kSecond));
    f.resolver.expire(30'000 * kSecond, UINT64_MAX);
    CHECK(f.mirror.nodes.size() == 1);
}

TEST_CASE("a dropped image lives on while its own children do") {
    Fixture f;
    f.apply(fork_record(image(10), image(0), 11 * kSecond));
    for (uint64_t n = 1; n <= 100; ++n) {
        f.apply(exec_record(image(10, n), image(0), (11 + n) * kSecond,
                            {.path = "/bin/n" + std::to_string(n)}));
        if (n == 20)
            f.apply(fork_record(image(30, n), image(10, n), 40 * kSecond));
    }
    f.apply(exit_record(image(10, 100), 200 * kSecond));
    f.resolver.expire(1000 * kSecond, UINT64_MAX);
    const auto event = f.apply(open_record(image(30, 20), 1000 * kSecond));
    CHECK(f.parent(f.actor(event)).file().path() == "/bin/n20");
    f.apply(exit_record(image(30, 20), 1001 * kSecond));
    f.resolver.expire(2000 * kSecond, UINT64_MAX);
    CHECK(f.mirror.nodes.empty());
    CHECK(f.resolver.counts().exited == 0);
}

TEST_CASE("a fork bomb does not evict the old processes of the host") {
    constexpr size_t kBound = 4u << 20;
    Fixture f(kBound);
    f.apply(snapshot_record(image(1), image(0), kSecond));
    for (uint32_t pid = 2; pid < 100; ++pid) {
        f.apply(snapshot_record(image(pid, 1), image(1), kSecond, "/usr/sbin/daemon"));
    }
    const uint32_t attacker = 50;
    for (uint32_t n = 0; n < 100'000; ++n) {
        const auto event =
            f.apply(fork_record(image(1000 + n, 1), image(attacker, 1), (1000 + n) * kSecond));
        REQUIRE(f.mirror.nodes.count(event.process_key()) == 1);  // the acting one is never evicted
    }
    const auto counts = f.resolver.counts();
    CHECK(counts.bytes <= kBound);
    CHECK(counts.evicted_live > 90'000);
    CHECK(counts.evicted_lineage == 0);
    for (uint32_t pid = 1; pid < 100; ++pid) {
        const auto event = f.apply(open_record(image(pid, pid == 1 ? 0 : 1), 200'000 * kSecond));
        CHECK(f.actor(event).source() == ProcessNode::SOURCE_SNAPSHOT);
    }
    CHECK(f.resolver.counts().placeholders == 0);
    // An evicted one that executes is whole again.
    const auto exec =
        f.apply(exec_record(image(100'000, 2), image(attacker, 1), 200'001 * kSecond));
    CHECK(f.lineage(f.actor(exec)) == std::vector<uint32_t>{100'000, attacker, 1});
}

TEST_CASE("a chain of dying parents costs its own lineage, not other processes") {
    constexpr size_t kBound = 1u << 20;
    Fixture f(kBound);
    f.apply(snapshot_record(image(1), image(0), kSecond));
    f.apply(fork_record(image(2, 1), image(1), 2 * kSecond));
    f.apply(exec_record(image(2, 2), image(1), 2 * kSecond));
    vdt_image_id creator = image(1);
    v1::Event last;
    for (uint32_t n = 0; n < 20'000; ++n) {
        const auto child = image(1000 + n);
        last = f.apply(fork_record(child, creator, (1000 + n) * kSecond));
        if (n > 0)
            f.apply(exit_record(creator, (1000 + n) * kSecond));
        creator = child;
    }
    const auto counts = f.resolver.counts();
    CHECK(counts.bytes <= kBound);
    CHECK(counts.evicted_live == 0);
    CHECK(counts.evicted_lineage > 10'000);
    const auto pids = f.lineage(f.actor(last));
    CHECK(pids.back() == 1);  // shortened, but whole
    uint64_t dropped = 0;
    for (auto node = f.actor(last); node.parent_key() != 0; node = f.parent(node)) {
        dropped += node.lineage_dropped();
    }
    CHECK(dropped + pids.size() == 20'001);
    CHECK(f.actor(f.apply(open_record(image(2, 2), 30'000 * kSecond))).is_exec());
}

TEST_CASE("one process with the longest arguments stays within its bytes") {
    Fixture f;
    const auto before = f.resolver.counts().bytes;
    f.apply(exec_record(image(10, 1), image(0), 5, {.argv = std::string(8192, '\0')}));
    const auto one = f.resolver.counts().bytes - before;
    CHECK(one > 8192);
    CHECK(one < 14'000);
    f.apply(fork_record(image(11, 1), image(10, 1), 6));
    CHECK(f.resolver.counts().bytes - before < one + 1500);  // the program is shared
}

TEST_CASE("what vanished without an exit record is ended") {
    Fixture f;
    const auto event = f.apply(fork_record(image(10), image(0), 11 * kSecond));
    f.apply(fork_record(image(11), image(0), 11 * kSecond));
    f.resolver.end_vanished(20 * kSecond, [](uint32_t pid) { return pid == 11; });
    CHECK(f.actor(event).exit_time() == wall(20 * kSecond));
    CHECK(f.resolver.counts().alive == 1);
    CHECK(f.resolver.counts().vanished == 1);
}

TEST_CASE("the snapshot for an agent has parents before children and equals the mirror") {
    Fixture f;
    f.apply(snapshot_record(image(1), image(0), 20 * kSecond));
    f.apply(snapshot_record(image(10, 1), image(1), 20 * kSecond));
    f.apply(fork_record(image(10), image(1), 11 * kSecond));  // an older image with a higher key
    f.apply(exec_record(image(10, 2), image(1), 22 * kSecond));
    std::map<uint64_t, std::string> seen;
    f.resolver.for_each_node([&](const ProcessNode& node) {
        CHECK((node.parent_key() == 0 || seen.count(node.parent_key()) == 1));
        seen[node.key()] = node.SerializeAsString();
    });
    CHECK(seen.size() == f.mirror.nodes.size());
    for (const auto& [key, node] : f.mirror.nodes)
        CHECK(seen[key] == node.SerializeAsString());
}

TEST_CASE("records about nobody name nobody") {
    Fixture f;
    CHECK(f.apply(open_record(image(0), 5)).process_key() == 0);
    CHECK(f.apply(exit_record(image(0), 5)).process_key() == 0);
    CHECK(f.apply(fork_record(image(0), image(1), 5)).process_key() == 0);
    CHECK(f.apply(exec_record(image(0), image(1), 5)).process_key() == 0);
    CHECK(f.apply(setuid_record(image(0), 0, 0, 5)).process_key() == 0);
    CHECK(f.apply(cgroup_record(image(0), 1, "/", 5)).process_key() == 0);
    CHECK(f.mirror.nodes.empty());
}

TEST_CASE("damaged records cannot close the lineage into a ring") {
    Fixture f;
    v1::Event event;
    SECTION("each the creator of the other") {
        f.apply(fork_record(image(10), image(11), 5));
        f.apply(fork_record(image(11), image(10), 6));
        event = f.apply(open_record(image(10), 8));
    }
    SECTION("its own creator") {
        f.apply(fork_record(image(10, 5), image(10, 5), 5));
        f.apply(fork_record(image(10, 2), image(10, 5), 6));
        event = f.apply(open_record(image(10, 5), 8));
    }
    SECTION("an exec of its own child, unknown until then") {
        event = f.apply(exec_record(image(10, 1), image(10, 1), 5));
        CHECK(f.actor(event).parent_key() == 0);
    }
    SECTION("found at start as its own parent") {
        f.apply(snapshot_record(image(10, 1), image(10), 5));
        event = f.apply(open_record(image(10, 1), 8));
    }
    SECTION("an older image that came late has a descendant as parent") {
        f.apply(exec_record(image(10, 5), image(0), 5));
        f.apply(fork_record(image(11), image(10, 5), 6));
        f.apply(exec_record(image(10, 2), image(11), 7));
        event = f.apply(open_record(image(11), 8));
    }
    CHECK(f.lineage(f.actor(event)).size() <= 3);
    size_t seen = 0;
    f.resolver.for_each_node([&](const ProcessNode&) { ++seen; });
    CHECK(seen == f.mirror.nodes.size());  // every image hangs below a root
}

}  // namespace
}  // namespace vedette::probe
