// SPDX-License-Identifier: Apache-2.0
//
// The text of a process that is kept is what would be written anew.
#include "security-agent/engine/process_texts.h"

#include "security-agent/engine/process_json.h"
#include "tests/unit/catch.h"
#include "tests/unit/engine/fixture.h"

using namespace vedette;
using namespace vedette::engine;
using namespace vedette::engine::test;

namespace {

std::string text_of(ProcessTexts& texts, const v1::ProcessNode& process, uint32_t tid = 0) {
    JsonObject out;
    texts.put(out, process, tid);
    return out.members();
}

}  // namespace

TEST_CASE("process texts: they follow whatever the mirror learns of an image") {
    ProcessMirror mirror(1U << 20);
    ProcessTexts texts(&mirror);
    mirror.apply(node(kBash));
    const auto same = [&] {
        const v1::ProcessNode& now = *mirror.find(kBash);
        return text_of(texts, now) == process_json(now).members();
    };
    CHECK(same());
    CHECK(same());
    v1::ProcessNode renamed = node(kBash);
    renamed.set_comm("other");
    mirror.apply(std::move(renamed));
    CHECK(same());
    mirror.change(kBash, [](v1::ProcessNode& process) {
        process.mutable_file()->add_hashes(std::string("x"));
    });
    CHECK(same());
    mirror.erase(kBash);
    mirror.apply(node(kBash));
    CHECK(same());
    mirror.clear();
    mirror.apply(node(kBash));
    CHECK(same());
}

TEST_CASE("process texts: an image as it was is not taken for the mirror's") {
    ProcessMirror mirror(1U << 20);
    ProcessTexts texts(&mirror);
    mirror.apply(node(kBash));
    static_cast<void>(text_of(texts, *mirror.find(kBash)));
    v1::ProcessNode before = node(kBash);
    before.set_comm("before");
    CHECK(text_of(texts, before) == process_json(before).members());
    CHECK(text_of(texts, *mirror.find(kBash)) == process_json(node(kBash)).members());
}

TEST_CASE("process texts: another thread of a process has its own number") {
    ProcessMirror mirror(1U << 20);
    ProcessTexts texts(&mirror);
    v1::ProcessNode process = node(kBash);
    process.set_tid(process.pid());
    mirror.apply(v1::ProcessNode(process));
    process.set_tid(99);
    CHECK(text_of(texts, *mirror.find(kBash), 99) == process_json(process).members());
}

TEST_CASE("process texts: memory is bounded, and who is asked for again stays") {
    constexpr size_t kBound = 64U << 10;
    ProcessMirror mirror(64U << 20);
    ProcessTexts texts(&mirror, kBound);
    for (uint64_t key = 100; key < 1100; ++key) {
        v1::ProcessNode process = node(kBash);
        process.set_key(key);
        process.set_pid(static_cast<uint32_t>(key));
        mirror.apply(std::move(process));
        const v1::ProcessNode& now = *mirror.find(key);
        CHECK(text_of(texts, now) == process_json(now).members());
        const v1::ProcessNode& first = *mirror.find(100);
        CHECK(text_of(texts, first) == process_json(first).members());
        REQUIRE(texts.bytes() <= kBound);
    }
    CHECK(texts.bytes() > kBound / 4);
}
