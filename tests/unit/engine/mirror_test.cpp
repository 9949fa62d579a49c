// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/process_mirror.h"

#include "tests/unit/catch.h"
#include "tests/unit/engine/fixture.h"

using namespace vedette;
using namespace vedette::engine;
using namespace vedette::engine::test;

namespace {

ProcessMirror with_tree() {
    ProcessMirror mirror(1 << 20);
    for (const uint64_t key : {kSystemd, kSshd, kBashFork, kBash, kCat})
        mirror.apply(node(key));
    return mirror;
}

std::vector<uint64_t> ancestor_keys(const ProcessMirror& mirror, uint64_t key) {
    std::vector<const void*> found;
    mirror.ancestors(*mirror.find(key), found);
    std::vector<uint64_t> keys;
    for (const void* ancestor : found)
        keys.push_back(static_cast<const v1::ProcessNode*>(ancestor)->key());
    return keys;
}

/// Long enough without a look at anything.
void pack_all(ProcessMirror& mirror) {
    for (int i = 0; i < 10; ++i)
        mirror.pack_idle();
}

}  // namespace

TEST_CASE("mirror: images that nobody looks at take less room, and say the same") {
    ProcessMirror mirror = with_tree();
    v1::ProcessNode rich = node(kCat);
    for (int i = 0; i < 40; ++i)
        rich.add_env_names("VARIABLE_NUMBER_" + std::to_string(i));
    mirror.apply(v1::ProcessNode(rich));
    const size_t open = mirror.bytes();
    pack_all(mirror);
    const size_t packed = mirror.bytes();
    CHECK(packed < open / 2);
    REQUIRE(mirror.find(kCat));
    CHECK(mirror.find(kCat)->SerializeAsString() == rich.SerializeAsString());
    CHECK(mirror.bytes() > packed);
    pack_all(mirror);
    CHECK(mirror.bytes() == packed);
}

TEST_CASE("mirror: what is looked at stays as it is") {
    ProcessMirror mirror = with_tree();
    const v1::ProcessNode* bash = mirror.find(kBash);
    for (int i = 0; i < 10; ++i) {
        mirror.pack_idle();
        REQUIRE(mirror.find(kBash) == bash);
    }
}

TEST_CASE("mirror: packed images keep their place in the tree, their scopes and their changes") {
    std::vector<std::string> ended;
    ProcessMirror mirror(1 << 20, [&ended](secl::Scope scope, std::string_view key) {
        if (scope == secl::Scope::kContainer)
            ended.emplace_back(key);
    });
    for (const uint64_t key : {kSystemd, kSshd, kBashFork, kBash})
        mirror.apply(node(key));
    v1::ProcessNode contained = node(kCat);
    contained.mutable_container()->set_id("c0ffee");
    mirror.apply(std::move(contained));
    pack_all(mirror);
    CHECK(ancestor_keys(mirror, kCat) == std::vector<uint64_t>{kBash, kBashFork, kSshd, kSystemd});
    pack_all(mirror);
    CHECK(mirror.find_pid(node(kBash).pid())->key() == kBash);
    pack_all(mirror);
    mirror.change_container("c0ffee", [](v1::ProcessNode& one) { one.set_comm("changed"); });
    pack_all(mirror);
    CHECK(mirror.find(kCat)->comm() == "changed");
    pack_all(mirror);
    v1::ProcessNode over = node(kCat);
    over.mutable_container()->set_id("c0ffee");
    over.set_exit_time(1);
    mirror.apply(std::move(over));
    CHECK_FALSE(mirror.find_pid(node(kCat).pid()));
    pack_all(mirror);
    CHECK(ended.empty());
    mirror.erase(kCat);
    CHECK(ended == std::vector<std::string>{"c0ffee"});
    size_t seen = 0;
    mirror.each([&seen](const v1::ProcessNode& one) { seen += one.key() != 0; });
    CHECK(seen == 4);
    for (const uint64_t key : {kSystemd, kSshd, kBashFork, kBash})
        mirror.erase(key);
    CHECK(mirror.bytes() == 0);
}

TEST_CASE("mirror: ancestors include earlier images, the parent does not") {
    const ProcessMirror mirror = with_tree();
    CHECK(ancestor_keys(mirror, kCat) == std::vector<uint64_t>{kBash, kBashFork, kSshd, kSystemd});
    CHECK(mirror.parent(*mirror.find(kCat))->key() == kBash);
    CHECK(mirror.parent(*mirror.find(kBash))->key() == kSshd);
    CHECK(mirror.parent(*mirror.find(kSystemd)) == nullptr);
    CHECK(mirror.find(999) == nullptr);
}

TEST_CASE("mirror: an update replaces, gone forgets, a missing link ends the chain") {
    ProcessMirror mirror = with_tree();
    v1::ProcessNode renamed = node(kBash);
    renamed.set_comm("evil");
    mirror.apply(std::move(renamed));
    CHECK(mirror.find(kBash)->comm() == "evil");
    CHECK(mirror.size() == 5);
    mirror.erase(kSshd);
    mirror.erase(kSshd);
    CHECK(ancestor_keys(mirror, kCat) == std::vector<uint64_t>{kBash, kBashFork});
    mirror.clear();
    CHECK(mirror.size() == 0);
    CHECK(mirror.bytes() == 0);
}

TEST_CASE("mirror: a cycle does not hang") {
    ProcessMirror mirror(1 << 20);
    v1::ProcessNode a = node(kSshd);
    a.set_parent_key(kBash);
    v1::ProcessNode b = node(kBash);
    b.set_parent_key(kSshd);
    b.set_process_key(a.process_key());
    mirror.apply(std::move(a));
    mirror.apply(std::move(b));
    CHECK(ancestor_keys(mirror, kBash) == std::vector<uint64_t>{kSshd});
    CHECK(mirror.parent(*mirror.find(kBash)) == nullptr);
}

TEST_CASE("mirror: over the bound, ended images go first, oldest first") {
    ProcessMirror mirror(64 << 10);
    mirror.apply(node(kSystemd));
    for (uint64_t key = 100; key < 1100; ++key) {
        v1::ProcessNode ended = node(kCat);
        ended.set_key(key);
        ended.set_exit_time(key);
        mirror.apply(std::move(ended));
        REQUIRE(mirror.bytes() <= 64 << 10);
    }
    CHECK(mirror.evicted() > 0);
    CHECK(mirror.find(kSystemd));
    CHECK(mirror.find(1099));
    CHECK_FALSE(mirror.find(100));
    for (uint64_t key = 2000; key < 3000; ++key) {  // nothing ended any more
        v1::ProcessNode alive = node(kCat);
        alive.set_key(key);
        mirror.apply(std::move(alive));
        REQUIRE(mirror.bytes() <= 64 << 10);
    }
    CHECK(mirror.find(2999));
}
