// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "bpf/abi/records.h"
#include "security-agent/engine/discarder_finder.h"
#include "tests/unit/catch.h"
#include "tests/unit/engine/fixture.h"

namespace vedette::engine::test {
namespace {

constexpr const char* kRules = R"(
rules:
  - {id: secret, expression: open.file.path == "/srv/data/secret" && process.file.name != ""}
)";

struct Finding {
    std::vector<v1::Discard> sent;
    World world{[this](EngineOptions& options) {
        options.discard = [this](const v1::Discard& discard) { sent.push_back(discard); };
    }};
    uint64_t sequence = 1;

    explicit Finding(const char* yaml = kRules) {
        world.set_rules(yaml);
        world.engine->set_plan(7);
        v1::Batch tree = batch_with_tree();
        tree.set_filter_revision(7);
        world.run(std::move(tree));
    }
    void open(const std::string& path, int times = 2,
              const std::function<void(v1::Event&)>& change = {}) {
        for (int i = 0; i < times; ++i) {
            v1::Batch batch;
            batch.set_first_sequence(sequence++);
            v1::Event& event = add_open(batch, path);
            if (change)
                change(event);
            world.run(std::move(batch));
        }
    }
};

}  // namespace

TEST_CASE("discarders: a path that no rule can match, when it comes again") {
    Finding finding;
    finding.open("/srv/data/other", 1);
    CHECK(finding.sent.empty());
    finding.open("/srv/data/other", 1);
    REQUIRE(finding.sent.size() == 1);
    const v1::Discard& discard = finding.sent.front();
    CHECK(discard.revision() == 7);
    REQUIRE(discard.discarders_size() == 1);
    CHECK(discard.discarders(0).kind() == v1::Discarder::KIND_PATH);
    CHECK(discard.discarders(0).text() == "/srv/data/other");
    CHECK(discard.discarders(0).event_type() == v1::Event::kOpenFieldNumber);
    finding.open("/srv/data/other", 5);
    CHECK(finding.sent.size() == 1);
}

TEST_CASE("discarders: the highest of three directories below which nothing can match") {
    Finding finding;
    finding.open("/usr/share/a/b/c/file");
    REQUIRE(finding.sent.size() == 1);
    CHECK(finding.sent[0].discarders(0).kind() == v1::Discarder::KIND_PARENT);
    CHECK(finding.sent[0].discarders(0).text() == "/usr/share/a");
    finding.open("/srv/else/file");
    REQUIRE(finding.sent.size() == 2);
    CHECK(finding.sent[1].discarders(0).text() == "/srv/else");
    finding.open("/file");
    REQUIRE(finding.sent.size() == 3);
    CHECK(finding.sent[2].discarders(0).kind() == v1::Discarder::KIND_PATH);
}

TEST_CASE("discarders: never what a rule may match, or has no path of the kernel's") {
    Finding finding;
    finding.open("/srv/data/secret");
    const auto flagged = [](uint32_t flags) {
        return
            [flags](v1::Event& event) { event.mutable_open()->mutable_file()->set_flags(flags); };
    };
    finding.open("/usr/named", 3, flagged(VDT_FILE_NO_INODE));
    finding.open("/usr/layered", 3, flagged(VDT_FILE_UPPER));
    finding.open("/usr/cut", 3, flagged(VDT_FILE_TRUNCATED));
    finding.open("/usr/" + std::string(300, 'x'), 3);
    CHECK(finding.sent.empty());
}

TEST_CASE("discarders: none while another plan is in force, or there is none") {
    Finding finding;
    finding.world.engine->set_plan(0);
    finding.open("/usr/file", 3);
    finding.world.engine->set_plan(8);
    finding.open("/usr/file", 3);
    CHECK(finding.sent.empty());
    v1::Batch confirmed;
    confirmed.set_filter_revision(8);
    finding.world.run(std::move(confirmed));
    finding.open("/usr/file");
    REQUIRE(finding.sent.size() == 1);
    CHECK(finding.sent[0].revision() == 8);
}

TEST_CASE("discarders: no more than a few in a short time") {
    Finding finding;
    for (size_t i = 0; i < 2 * DiscarderFinder::kMaxSent; ++i)
        finding.open(fmt::format("/srv/data/file{}", i));
    CHECK(finding.sent.size() == DiscarderFinder::kMaxSent);
    finding.world.steady += DiscarderFinder::kWindowNs;
    finding.open("/srv/data/later");
    CHECK(finding.sent.size() == DiscarderFinder::kMaxSent + 1);
}

TEST_CASE("discarders: a login uid with which no rule can match") {
    Finding finding(
        R"(rules: [{id: r, expression: rename.file.name == "x" && process.auid == 77}])");
    for (int i = 0; i < 2; ++i) {
        v1::Batch batch;
        batch.set_first_sequence(finding.sequence++);
        v1::Event& event = add_event(batch, kCat);
        event.mutable_rename()->mutable_file()->set_path("/x");
        finding.world.run(std::move(batch));
    }
    REQUIRE(finding.sent.size() == 1);
    CHECK(finding.sent[0].discarders(0).kind() == v1::Discarder::KIND_AUID);
    CHECK(finding.sent[0].discarders(0).auid() != 77);
}

}  // namespace vedette::engine::test
