// SPDX-License-Identifier: Apache-2.0
#include "system-probe/commands/process_dump.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cstdlib>
#include <filesystem>

#include "common/os/fd.h"
#include "system-probe/commands/dump_file.h"
#include "system-probe/commands/dumps.h"
#include "tests/unit/catch.h"
#include "tests/unit/system_probe/temp_dir.h"

namespace vedette::probe {
namespace {

using namespace test;
using Request = v1::DumpProcessCacheRequest;

Request request(Request::Format format, bool with_args = false) {
    Request out;
    out.set_format(format);
    out.set_with_args(with_args);
    return out;
}

v1::ProcessNode node(uint64_t key, uint64_t parent, uint32_t pid, const std::string& comm) {
    v1::ProcessNode out;
    out.set_key(key);
    out.set_parent_key(parent);
    out.set_pid(pid);
    out.set_comm(comm);
    out.set_source(v1::ProcessNode::SOURCE_EVENT);
    return out;
}

/// systemd -> bash -> its fork, which becomes cat and exits.
std::vector<v1::ProcessNode> family() {
    std::vector<v1::ProcessNode> out = {node(1, 0, 1, "systemd"), node(2, 1, 10, "bash"),
                                        node(3, 2, 11, "bash"), node(4, 3, 11, "cat")};
    out[2].set_exit_time(5);
    out[3].set_exit_time(6);
    out[3].add_argv("cat");
    out[3].add_argv("a \"b\"");
    out[3].mutable_file()->set_path("/bin/cat");
    out[3].mutable_file()->set_inode(77);
    out[3].set_is_exec(true);
    out[3].set_ppid(10);
    return out;
}

std::string dump(const Request& wanted, const std::vector<v1::ProcessNode>& nodes) {
    std::string text;
    const auto dump = make_process_dump(wanted, [&text](std::string_view part) { text += part; });
    for (const auto& one : nodes)
        dump->add(one);
    dump->end();
    return text;
}

bool graphviz_takes(const std::string& text) {
    if (std::system("dot -V 2> /dev/null") != 0)
        return true;  // not installed
    const TempDir dir;
    REQUIRE(write_file_atomic(dir / "a.dot", text, 0600));
    return std::system(("dot -Tsvg -o /dev/null '" + (dir / "a.dot") + "'").c_str()) == 0;
}

}  // namespace

TEST_CASE("process dump: a graph") {
    const std::string text = dump(request(Request::FORMAT_DOT), family());
    CHECK(text ==
          "digraph ProcessTree {\n"
          "\"1:systemd\" [label=\"systemd:1\"];\n"
          "\"10:bash\" [label=\"bash:10\"];\n"
          "\"1:systemd\" -> \"10:bash\";\n"
          "\"11:bash\" [label=\"[bash:11]\"];\n"
          "\"10:bash\" -> \"11:bash\";\n"
          "\"11:cat\" [label=\"[cat:11]\"];\n"
          "\"11:bash\" -> \"11:cat\";\n"
          "}\n");
    CHECK(graphviz_takes(text));
}

TEST_CASE("process dump: a graph with arguments") {
    const std::string text = dump(request(Request::FORMAT_DOT, true), family());
    CHECK_THAT(text, ContainsSubstring(R"("11:cat" [label="[cat:11]", comment="cat a \"b\""];)"));
    CHECK(graphviz_takes(text));
}

TEST_CASE("process dump: a name cannot leave its string") {
    std::vector<v1::ProcessNode> nodes;
    for (unsigned byte = 0; byte < 256; ++byte) {
        nodes.push_back(node(byte + 1, byte, 100 + byte, std::string(2, static_cast<char>(byte))));
        nodes.back().add_argv("\"]; evil [label=\"\\");
    }
    const std::string text = dump(request(Request::FORMAT_DOT, true), nodes);
    CHECK(std::ranges::count(text, '\n') == 2 + 256 + 255);
    CHECK_THAT(text, ContainsSubstring(R"("134:\"\"" [label="\"\":134")"));
    CHECK_THAT(text, ContainsSubstring(R"("192:\\\\" [label="\\\\:192")"));
    CHECK(graphviz_takes(text));
}

TEST_CASE("process dump: the same program again is one node of the graph") {
    const std::string text =
        dump(request(Request::FORMAT_DOT), {node(1, 0, 5, "sh"), node(2, 1, 5, "sh")});
    CHECK(text.find("->") == std::string::npos);
}

TEST_CASE("process dump: JSON") {
    auto nodes = family();
    nodes[3].mutable_file()->set_path("/tmp/\xff\n");
    const auto parsed = boost::json::parse(dump(request(Request::FORMAT_JSON, true), nodes));
    const auto& entries = parsed.at("Entries").as_array();
    REQUIRE(entries.size() == 4);
    const auto& cat = entries[3];
    CHECK(cat.at("PID").as_int64() == 11);
    CHECK(cat.at("PPID").as_int64() == 10);
    CHECK(cat.at("Path").as_string() == "/tmp/\xef\x9f\xbf\n");
    CHECK(cat.at("Inode").as_int64() == 77);
    CHECK(cat.at("ExecInode").as_int64() == 77);
    CHECK(cat.at("IsExec").as_bool());
    CHECK_FALSE(cat.at("IsParentMissing").as_bool());
    CHECK(cat.at("Source").as_string() == "event");
    CHECK(cat.at("Argv").as_array().size() == 2);
    CHECK_FALSE(entries[0].as_object().at("IsParentMissing").as_bool());
    CHECK(boost::json::parse(dump(request(Request::FORMAT_JSON), {}))
              .at("Entries")
              .as_array()
              .empty());
    nodes = {node(9, 0, 9, "lost")};
    nodes[0].set_ppid(8);
    const auto lost = boost::json::parse(dump(request(Request::FORMAT_JSON), nodes));
    CHECK(lost.at("Entries").at(0).at("IsParentMissing").as_bool());
    CHECK_FALSE(lost.at("Entries").at(0).as_object().contains("Argv"));
}

TEST_CASE("dump file: new, for its owner alone, whole or absent") {
    const TempDir dir;
    const std::string directory = dir / "dumps";
    std::string left_alone;
    {
        auto file = DumpFile::create(directory, "x-", ".txt");
        REQUIRE(file);
        file->write("hello ");
        file->write(std::string(200'000, 'a'));
        const auto path = file->finish();
        REQUIRE(path);
        struct stat found = {};
        REQUIRE(stat(path->c_str(), &found) == 0);
        CHECK((found.st_mode & 07777) == 0400);
        CHECK(found.st_size == 200'006);
        REQUIRE(stat(directory.c_str(), &found) == 0);
        CHECK((found.st_mode & 07777) == 0700);
        left_alone = *path;
    }
    CHECK(std::filesystem::exists(left_alone));
    {
        REQUIRE(DumpFile::create(directory, "x-", ".txt"));
    }
    CHECK(std::distance(std::filesystem::directory_iterator(directory), {}) == 1);
}

TEST_CASE("dump file: only the newest stay") {
    const TempDir dir;
    std::string last;
    for (size_t i = 0; i < DumpFile::kMaxFiles + 3; ++i)
        last = DumpFile::create(dir.path(), "x-", "").value().finish().value();
    CHECK(std::distance(std::filesystem::directory_iterator(dir.path()), {}) ==
          static_cast<ptrdiff_t>(DumpFile::kMaxFiles));
    CHECK(std::filesystem::exists(last));
}

TEST_CASE("dump file: not in a directory that others may write to") {
    const TempDir dir;
    REQUIRE(chmod(dir.path().c_str(), 0777) == 0);
    const auto refused = DumpFile::create(dir.path(), "x-", "");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::kDenied);
    REQUIRE(chmod(dir.path().c_str(), 0700) == 0);
    REQUIRE(symlink(dir.path().c_str(), (dir / "link").c_str()) == 0);
    CHECK_FALSE(DumpFile::create(dir / "link", "x-", ""));
}

TEST_CASE("dumps: one a second") {
    const TempDir dir;
    Dumps dumps(dir / "dumps");
    const Dumps::Clock::time_point start{std::chrono::hours(1)};
    const auto nodes = [](const Dumps::NodeVisitor& visit) { visit(node(1, 0, 1, "init")); };
    const auto path = dumps.processes(request(Request::FORMAT_JSON), nodes, start);
    REQUIRE(path);
    CHECK_THAT(read_file(*path, 1 << 20).value(), ContainsSubstring("\"Comm\":\"init\""));
    const auto early = dumps.processes(Request(), nodes, start + std::chrono::milliseconds(999));
    REQUIRE_FALSE(early);
    CHECK(early.error().code == ErrorCode::kLimit);
    CHECK(dumps.processes(Request(), nodes, start + Dumps::kGap));
}

}  // namespace vedette::probe
