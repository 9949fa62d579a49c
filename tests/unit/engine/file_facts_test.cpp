// SPDX-License-Identifier: Apache-2.0
//
// What the probe is asked about files, and what becomes of the answers (docs/adr/0013).
#include "tests/unit/catch.h"
#include "tests/unit/engine/fixture.h"

using namespace vedette;
using namespace vedette::engine;
using namespace vedette::engine::test;

namespace {

using Strings = std::vector<std::string>;

/// A world whose probe keeps what it is asked.
struct Asked {
    std::vector<v1::FileQuestion> questions;
    bool connected = true;

    std::function<void(EngineOptions&)> change(Strings hashed_events = {}, bool packages = false) {
        return [this, hashed_events, packages](EngineOptions& options) {
            options.files.hashed_events = hashed_events;
            options.files.packages = packages;
            options.files.metadata = true;
            options.files.ask = [this](const v1::FileQuestion& question) {
                if (connected)
                    questions.push_back(question);
                return connected;
            };
        };
    }
};

v1::File& with_inode(v1::File& file, uint64_t inode) {
    file.set_inode(inode);
    file.set_device(7);
    return file;
}

v1::FileAnswer answer_to(const v1::FileQuestion& question, const std::string& hash) {
    v1::FileAnswer answer;
    answer.set_id(question.id());
    answer.add_hashes(hash);
    answer.set_hash_state(v1::File::HASH_STATE_DONE);
    return answer;
}

v1::Batch open_of(World& world, const std::string& path) {
    v1::Batch batch = batch_with_tree();
    batch.set_first_sequence(world.engine->position().last_sequence + 1);
    with_inode(*add_open(batch, path).mutable_open()->mutable_file(), 42);
    return batch;
}

const boost::json::object& file_of(const boost::json::object& alert) {
    return alert.at("file").as_object();
}

}  // namespace

TEST_CASE("file facts: a rule on a hash asks only when the rest of it holds, and waits") {
    Asked asked;
    World world(asked.change());
    world.set_rules(R"(
rules:
  - {id: bad, expression: 'open.file.path == "/x" && open.file.hashes in ["sha256:bad", "sha256:worse"]'}
  - {id: good, expression: 'open.file.path == "/x" && open.file.hashes not in ["sha256:bad"]'}
)");
    world.run(open_of(world, "/y"));
    CHECK(asked.questions.empty());
    world.run(open_of(world, "/x"));
    REQUIRE(asked.questions.size() == 1);
    const v1::FileQuestion& question = asked.questions[0];
    CHECK(question.file().path() == "/x");
    CHECK(question.hashes());
    CHECK_FALSE(question.package());
    CHECK(question.pids(0) == node(kCat).pid());
    CHECK(world.alerted().empty());

    v1::FileAnswer other = answer_to(question, "sha256:bad");
    other.set_id(question.id() + 1);
    world.engine->answer(other);
    CHECK(world.alerted().empty());
    world.engine->answer(answer_to(question, "sha256:bad"));
    CHECK(world.alerted() == Strings{"bad"});
    const auto alert = world.sink.of("bad").at(0);
    CHECK(file_of(alert).at("hashes").as_array().at(0).as_string() == "sha256:bad");
    CHECK(file_of(alert).at("hash_state").as_string() == "done");
    CHECK(world.engine->status().parked.waiting == 0);
    world.engine->answer(answer_to(question, "sha256:bad"));  // once more: nothing waits for it
    CHECK(world.alerted().size() == 1);
}

TEST_CASE("file facts: the package of a program is asked for once, and stays known") {
    Asked asked;
    World world(asked.change());
    world.set_rules(R"(
rules:
  - {id: alien, expression: 'open.file.path == "/x" && process.file.package.name == ""'}
)");
    v1::Batch batch = open_of(world, "/x");
    world.run(batch);
    REQUIRE(asked.questions.size() == 1);
    CHECK(asked.questions[0].package());
    CHECK(asked.questions[0].program());
    v1::FileAnswer answer;
    answer.set_id(asked.questions[0].id());
    answer.mutable_package();
    world.engine->answer(answer);
    CHECK(world.alerted() == Strings{"alien"});
    // The same node once more, as after a change of its credentials, and another event.
    batch.set_first_sequence(world.engine->position().last_sequence + 1);
    world.run(batch);
    CHECK(asked.questions.size() == 1);
    CHECK(world.alerted() == Strings{"alien", "alien"});
}

TEST_CASE("file facts: rules that come later find older processes pending, too") {
    Asked asked;
    World world(asked.change());
    v1::Batch tree = batch_with_tree();
    with_inode(*process_of(tree, kBash).mutable_file(), 12);
    world.run(tree);
    world.set_rules(R"(
rules:
  - {id: from_bash, expression: 'open.file.path == "/x" && process.ancestors.file.package.name == "bash"'}
)");
    v1::Batch batch;
    batch.set_first_sequence(world.engine->position().last_sequence + 1);
    add_open(batch, "/x");
    world.run(batch);
    CHECK(asked.questions.size() == 4);  // everything before cat
    for (const v1::FileQuestion& question : asked.questions) {
        v1::FileAnswer answer;
        answer.set_id(question.id());
        answer.mutable_package()->set_name(question.file().inode() == 12 ? "bash" : "other");
        world.engine->answer(answer);
    }
    CHECK(world.alerted() == Strings{"from_bash"});
}

TEST_CASE("file facts: an alert that shows hashes waits for them, not longer than five seconds") {
    Asked asked;
    World world(asked.change({"open"}));
    world.set_rules(R"(rules: [{id: plain, expression: 'open.file.path == "/x"'}])");
    world.run(open_of(world, "/x"));
    REQUIRE(asked.questions.size() == 1);
    CHECK(world.alerted().empty());
    SECTION("the answer comes") {
        world.engine->answer(answer_to(asked.questions[0], "sha256:x"));
        const auto alert = world.sink.of("plain").at(0);
        CHECK(file_of(alert).at("hashes").as_array().size() == 1);
        CHECK_FALSE(alert.at("evt").as_object().contains("decided"));
    }
    SECTION("it does not come") {
        world.steady += 4'999'999'999;
        world.engine->tick();
        CHECK(world.alerted().empty());
        world.steady += 1;
        world.engine->tick();
        CHECK_FALSE(file_of(world.sink.of("plain").at(0)).contains("hashes"));
    }
    SECTION("the agent stops") {
        world.engine->finish();
        CHECK(world.alerted() == Strings{"plain"});
    }
    SECTION("the connection is another one") {
        world.engine->welcome({});
        CHECK(world.alerted() == Strings{"plain"});
    }
}

TEST_CASE("file facts: without a probe to ask alerts are written at once") {
    Asked asked;
    asked.connected = false;
    World world(asked.change({"open"}));
    world.set_rules(R"(rules: [{id: plain, expression: 'open.file.path == "/x"'}])");
    world.run(open_of(world, "/x"));
    CHECK(world.alerted() == Strings{"plain"});
}

TEST_CASE("file facts: hash actions name files anywhere in the event") {
    Asked asked;
    World world(asked.change());
    world.set_rules(R"(
rules:
  - id: hashed
    expression: rename.file.path == "/a"
    actions:
      - hash: {field: rename.file.destination, max_file_size: 99}
      - hash: {field: process.parent.file}
      - {filter: 'rename.file.path == "/b"', hash: {field: rename.file}}
)");
    v1::Batch batch = batch_with_tree();
    with_inode(*process_of(batch, kBash).mutable_file(), 12);
    auto& rename = *add_event(batch, kCat).mutable_rename();
    with_inode(*rename.mutable_file(), 1).set_path("/a");
    with_inode(*rename.mutable_destination(), 2).set_path("/c");
    world.run(batch);
    REQUIRE(asked.questions.size() == 2);
    CHECK(asked.questions[0].file().inode() == 12);
    CHECK(asked.questions[0].max_file_size() == 5U << 20);
    CHECK(asked.questions[1].file().inode() == 2);
    CHECK(asked.questions[1].max_file_size() == 99);
    world.engine->answer(answer_to(asked.questions[1], "sha256:destination"));
    CHECK(world.alerted().empty());
    world.engine->answer(answer_to(asked.questions[0], "sha256:parent"));
    const auto alert = world.sink.of("hashed").at(0);
    const auto& destination = file_of(alert).at("destination").as_object();
    CHECK(destination.at("hashes").as_array().at(0).as_string() == "sha256:destination");
    const auto& parent = alert.at("process").as_object().at("parent").as_object();
    CHECK(parent.at("executable").as_object().at("hashes").as_array().at(0).as_string() ==
          "sha256:parent");
}
