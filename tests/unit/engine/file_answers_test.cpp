// SPDX-License-Identifier: Apache-2.0
//
// Alerts that come in bursts about the same file: who is answered from what is known, and who is not (docs/adr/0027).
#include <boost/json/serialize.hpp>

#include "tests/unit/catch.h"
#include "tests/unit/engine/fixture.h"

using namespace vedette;
using namespace vedette::engine;
using namespace vedette::engine::test;

namespace {

/// A world whose alerts show hashes and packages, and a probe that keeps what it is asked.
struct Asked {
    std::vector<v1::FileQuestion> questions;
    World world{[this](EngineOptions& options) {
        options.files.hashed_events = {"open"};
        options.files.packages = true;
        options.files.ask = [this](const v1::FileQuestion& question) {
            questions.push_back(question);
            return true;
        };
    }};

    Asked() { world.set_rules(R"(rules: [{id: seen, expression: 'open.file.path == "/x"'}])"); }

    using Change = std::function<void(v1::File&, v1::ProcessNode&)>;
    /// Opens /x; `change`: what is otherwise than the last time.
    void open(const Change& change = {}) {
        v1::Batch batch = batch_with_tree();
        batch.set_first_sequence(world.engine->position().last_sequence + 1);
        v1::File& file = *add_open(batch, "/x").mutable_open()->mutable_file();
        file.set_inode(42);
        file.set_change_time(kTime - 5'000'000'000);
        v1::ProcessNode& cat = process_of(batch, kCat);
        cat.set_mntns(7);
        if (change)
            change(file, cat);
        world.run(batch);
    }
    void answer(v1::File::HashState state = v1::File::HASH_STATE_DONE) {
        v1::FileAnswer answer;
        answer.set_id(questions.back().id());
        answer.add_hashes("sha256:of-x");
        answer.set_hash_state(state);
        answer.mutable_package()->set_name("coreutils");
        world.engine->answer(answer);
    }
    size_t written() const { return world.sink.of("seen").size(); }
};

}  // namespace

TEST_CASE("file answers: the next alert about a file has the same without a question") {
    Asked asked;
    asked.open();
    asked.answer();
    REQUIRE(asked.written() == 1);
    asked.open();
    CHECK(asked.questions.size() == 1);
    REQUIRE(asked.written() == 2);
    const auto alerts = asked.world.sink.of("seen");
    CHECK(boost::json::serialize(alerts[0].at("file")) ==
          boost::json::serialize(alerts[1].at("file")));
    CHECK(alerts[1].at("file").at("package_name") == "coreutils");
    CHECK(asked.world.metric("vedette_agent_file_answers_known_total") == 1);

    // Another process that does the same: a loop in a shell.
    asked.open([](v1::File&, v1::ProcessNode& cat) { cat.set_pid(4999); });
    CHECK(asked.questions.size() == 1);
}

TEST_CASE("file answers: another file, content or asker is asked about again") {
    const std::pair<const char*, Asked::Change> changes[] = {
        {"content", [](v1::File& file, auto&) { file.set_change_time(kTime - 4'000'000'000); }},
        {"file", [](v1::File& file, auto&) { file.set_inode(43); }},
        {"device", [](v1::File& file, auto&) { file.set_device(9); }},
        {"user", [](auto&, v1::ProcessNode& cat) { cat.mutable_credentials()->set_uid(1234); }},
        {"mount namespace", [](auto&, v1::ProcessNode& cat) { cat.set_mntns(8); }},
        {"cgroup", [](auto&, v1::ProcessNode& cat) { cat.mutable_cgroup()->set_id("/other"); }}};
    for (const auto& [what, change] : changes) {
        INFO(what);
        Asked asked;
        asked.open();
        asked.answer();
        asked.open(change);
        CHECK(asked.questions.size() == 2);
        CHECK(asked.written() == 1);
    }
}

TEST_CASE("file answers: a file that changed just now may do so again under the same change time") {
    Asked asked;
    const auto just_now = [](v1::File& file, auto&) {
        file.set_change_time(kTime - 2'000'000'000);
    };
    asked.open(just_now);
    asked.answer();
    asked.open(just_now);
    CHECK(asked.questions.size() == 2);
}

TEST_CASE("file answers: what may be otherwise a moment later is not kept") {
    const v1::File::HashState state =
        GENERATE(v1::File::HASH_STATE_RATE_LIMITED, v1::File::HASH_STATE_FILE_NOT_FOUND,
                 v1::File::HASH_STATE_OPEN_ERROR, v1::File::HASH_STATE_FAILED,
                 v1::File::HASH_STATE_NOT_CONFIGURED, v1::File::HASH_STATE_UNKNOWN);
    Asked asked;
    asked.open();
    asked.answer(state);
    asked.open();
    CHECK(asked.questions.size() == 2);
}

TEST_CASE("file answers: they are good for ten seconds and one connection") {
    Asked asked;
    asked.open();
    asked.answer();
    SECTION("time") {
        asked.world.steady += FileAnswers::kKeepNs - 1;
        asked.open();
        CHECK(asked.questions.size() == 1);
        asked.world.steady += 1;
    }
    SECTION("connection") {
        asked.world.engine->welcome({});
    }
    asked.open();
    CHECK(asked.questions.size() == 2);
}
