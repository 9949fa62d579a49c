// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/lineage.h"

#include <fmt/format.h>

#include "tests/unit/catch.h"

namespace vedette::engine {
namespace {

struct Image {
    uint64_t key;
    uint64_t parent;
    uint64_t process;
    uint32_t pid;
    uint64_t created;
    uint64_t exec = 0;
    uint64_t exit = 0;
};

ProcessMirror mirror_of(const std::vector<Image>& images) {
    ProcessMirror mirror(64 << 20);
    for (const Image& image : images) {
        v1::ProcessNode node;
        node.set_key(image.key);
        node.set_parent_key(image.parent);
        node.set_process_key(image.process);
        node.set_pid(image.pid);
        node.set_created_at(image.created);
        node.set_exec_time(image.exec);
        node.set_exit_time(image.exit);
        mirror.apply(std::move(node));
    }
    return mirror;
}

/// "1 2* | 1:3 2:4": pids of the line, then depth and pid of the descendants.
std::string text(const ProcessMirror& mirror, uint32_t pid) {
    const auto found = find_lineage(mirror, pid);
    if (!found)
        return "none";
    std::string out;
    for (const auto& node : found->line)
        out += fmt::format("{} ", node.key());
    out += "|";
    for (const auto& descendant : found->descendants)
        out += fmt::format(" {}:{}", descendant.depth, descendant.node.key());
    return out;
}

}  // namespace

TEST_CASE("one line a process: earlier images of the same process are left out") {
    // 1 forks 2, which executes (3), forks 4 and executes again (5); 4 forks 6.
    const auto mirror = mirror_of({{1, 0, 10, 1, 100},
                                   {2, 1, 20, 2, 200, 0, 210},
                                   {3, 2, 20, 2, 200, 210, 400},
                                   {4, 3, 40, 4, 300},
                                   {5, 3, 20, 2, 200, 400},
                                   {6, 4, 60, 6, 500}});
    CHECK(text(mirror, 2) == "1 5 | 1:4 2:6");
    CHECK(text(mirror, 4) == "1 3 4 | 1:6");  // its creator as it was then
    CHECK(text(mirror, 1) == "1 | 1:5 2:4 3:6");
    CHECK(text(mirror, 99) == "none");
}

TEST_CASE("of all that had a pid the living one is meant, else the newest") {
    const std::vector<Image> ended = {{1, 0, 1, 7, 100, 0, 150}, {2, 0, 2, 7, 200, 0, 250}};
    CHECK(text(mirror_of(ended), 7) == "2 |");
    auto images = ended;
    images.push_back({3, 0, 3, 7, 50});
    CHECK(text(mirror_of(images), 7) == "3 |");
}

TEST_CASE("children come in the order of their creation") {
    CHECK(text(mirror_of({{1, 0, 1, 1, 1}, {2, 1, 2, 2, 30}, {3, 1, 3, 3, 10}, {4, 1, 4, 4, 20}}),
               1) == "1 | 1:3 1:4 1:2");
}

TEST_CASE("a crowd of children is cut, a cycle does not go round for ever") {
    std::vector<Image> images = {{1, 0, 1, 1, 1}};
    for (uint32_t i = 2; i < 700; ++i)
        images.push_back({i, 1, i, i, i});
    const auto mirror = mirror_of(images);
    const auto found = find_lineage(mirror, 1);
    REQUIRE(found);
    CHECK(found->truncated);
    CHECK(found->descendants.size() == Lineage::kMaxDescendants);
    CHECK(lineage_json(*found).at("descendants").as_array().size() == Lineage::kMaxDescendants);
    const auto cycle = find_lineage(mirror_of({{1, 2, 1, 1, 1}, {2, 1, 2, 2, 2}}), 1);
    REQUIRE(cycle);
    CHECK(cycle->truncated);
}

}  // namespace vedette::engine
