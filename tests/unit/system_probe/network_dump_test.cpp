// SPDX-License-Identifier: Apache-2.0
#include "system-probe/commands/network_dump.h"

#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <sys/stat.h>
#include "system-probe/commands/dumps.h"

#include "tests/unit/catch.h"
#include "tests/unit/system_probe/temp_dir.h"
#include "vedette/v1/process.pb.h"

namespace vedette::probe {
namespace {

using namespace test;

const NetworkFiles kFiles = {
    .devices =
        "Inter-|   Receive  |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets\n"
        "    lo: 180626463 1788949    0    0    0     0          0         0 4711 1788949 0 0\n"
        " e:1\": 5 1 0 0 0 0 0 0 6 1 0 0\n",
    .addresses6 =
        "00000000000000000000000000000001 01 80 10 80       lo\n"
        "fe8000000000000000fc00fffe000001 04 40 20 80     gone\n",
    .trie =
        "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 127.0.0.1\n        /32 host LOCAL\n"
        "     |-- 192.0.2.255\n        /32 link BROADCAST\n"
        "Local:\n     |-- 127.0.0.1\n        /32 host LOCAL\n"};

v1::ProcessNode node(uint32_t pid, uint32_t netns, uint64_t exit_time = 0) {
    v1::ProcessNode out;
    out.set_pid(pid);
    out.set_netns(netns);
    out.set_exit_time(exit_time);
    out.set_comm("\"c\xff");
    return out;
}

}  // namespace

TEST_CASE("network namespaces: those of living processes, within a bound") {
    NetworkNamespaces found;
    for (uint32_t pid = 1; pid <= 6; ++pid)
        found.add(node(pid, 70));
    found.add(node(7, 60));
    found.add(node(8, 50, 1));
    found.add(node(9, 0));
    auto namespaces = found.take();
    REQUIRE(namespaces.size() == 2);
    CHECK(namespaces[0].inode == 60);
    CHECK(namespaces[1].processes == 6);
    CHECK(namespaces[1].pids == std::vector<uint32_t>{1, 2, 3, 4});
    NetworkNamespaces many;
    for (uint32_t i = 1; i <= NetworkNamespaces::kMaxNamespaces + 3; ++i)
        many.add(node(i, i));
    CHECK(many.left_out() == 3);
    CHECK(many.take().size() == NetworkNamespaces::kMaxNamespaces);
}

TEST_CASE("network namespaces: what /proc says of one") {
    NetworkNamespace one;
    parse_network_files(kFiles, one);
    REQUIRE(one.interfaces.size() == 2);
    CHECK(one.interfaces[0].name == "lo");
    CHECK(one.interfaces[0].received_bytes == 180626463);
    CHECK(one.interfaces[0].sent_bytes == 4711);
    CHECK(one.interfaces[0].index == 1);
    CHECK(one.interfaces[0].addresses == std::vector<std::string>{"::1/128"});
    CHECK(one.interfaces[1].name == "e:1\"");
    CHECK(one.addresses == std::vector<std::string>{"127.0.0.1"});
    for (const char* text :
         {"", ":", "\n\n", "x", "lo: 1", "0 0 0 0 0 lo", "|-- \n /32 host LOCAL"}) {
        NetworkNamespace odd;
        parse_network_files({text, text, text}, odd);
        CHECK(odd.interfaces.size() <= 1);
    }
}

TEST_CASE("network namespaces: read through a process that is still there") {
    NetworkNamespace one;
    struct stat status{};
    REQUIRE(stat("/proc/self/ns/net", &status) == 0);
    one.inode = static_cast<uint32_t>(status.st_ino);
    one.pids = {static_cast<uint32_t>(getpid())};
    CHECK(read_network_files("/proc", one));
    one.inode += 1;
    CHECK_FALSE(read_network_files("/proc", one));
    one.pids.clear();
    CHECK_FALSE(read_network_files("/proc", one));
}

TEST_CASE("network namespaces: two new files, one second apart") {
    const TempDir directory;
    Dumps dumps(directory.path() + "/dumps");
    const auto nodes = [](const Dumps::NodeVisitor& visit) { visit(node(1, 70)); };
    auto found = dumps.find_networks(nodes, Dumps::Clock::time_point(std::chrono::seconds(10)));
    REQUIRE(found);
    CHECK_FALSE(dumps.find_networks(nodes, Dumps::Clock::time_point(std::chrono::seconds(10))));
    auto namespaces = found->take();
    parse_network_files(kFiles, namespaces[0]);
    namespaces[0].problem = "none";
    const auto files = dumps.networks(namespaces, 3);
    REQUIRE(files);
    CHECK(files->dump.ends_with(".json"));
    CHECK(files->graph.ends_with(".dot"));
    const auto json = boost::json::parse(network_json(namespaces, 3)).as_object();
    CHECK(json.at("ProcessesLeftOut").to_number<int>() == 3);
    const auto& first = json.at("Namespaces").as_array().at(0).as_object();
    CHECK(first.at("Inode").to_number<int>() == 70);
    CHECK(first.at("Error").as_string() == "none");
    CHECK(first.at("Interfaces").as_array().size() == 2);
    const std::string graph = network_graph(namespaces);
    CHECK_THAT(graph, ContainsSubstring("label=\"e:1\\\"\""));
    CHECK(graph.ends_with("}\n}\n"));
}

}  // namespace vedette::probe
