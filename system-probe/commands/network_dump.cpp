// SPDX-License-Identifier: Apache-2.0
#include "system-probe/commands/network_dump.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "common/json_text.h"
#include "system-probe/commands/dump_text.h"

namespace vedette::probe {
namespace {

boost::json::array texts(std::span<const std::string> from) {
    boost::json::array out;
    for (const std::string& text : from)
        out.emplace_back(json_text(text));
    return out;
}

boost::json::object to_json(const NetworkInterface& from) {
    boost::json::object out = {{"Name", json_text(from.name)},
                               {"ReceivedBytes", from.received_bytes},
                               {"SentBytes", from.sent_bytes},
                               {"IPv6", texts(from.addresses)}};
    if (from.index != 0)
        out["Index"] = from.index;
    return out;
}

boost::json::object to_json(const NetworkNamespace& from) {
    boost::json::array pids;
    for (const uint32_t pid : from.pids)
        pids.emplace_back(pid);
    boost::json::array interfaces;
    for (const NetworkInterface& one : from.interfaces)
        interfaces.emplace_back(to_json(one));
    boost::json::object out = {{"Inode", from.inode},
                               {"Processes", from.processes},
                               {"PIDs", std::move(pids)},
                               {"Comm", json_text(from.comm)},
                               {"Interfaces", std::move(interfaces)},
                               {"IPv4", texts(from.addresses)}};
    if (!from.problem.empty())
        out["Error"] = from.problem;
    return out;
}

}  // namespace

std::string network_json(std::span<const NetworkNamespace> namespaces, uint64_t left_out) {
    boost::json::array all;
    for (const NetworkNamespace& one : namespaces)
        all.emplace_back(to_json(one));
    const boost::json::object out = {{"Namespaces", std::move(all)},
                                     {"ProcessesLeftOut", left_out}};
    return boost::json::serialize(out) + "\n";
}

std::string network_graph(std::span<const NetworkNamespace> namespaces) {
    std::string out = "graph NetworkNamespaces {\n";
    for (const NetworkNamespace& one : namespaces) {
        const std::string id = fmt::format("ns{}", one.inode);
        out += fmt::format("subgraph cluster_{} {{\n", id);
        out += fmt::format("label={};\n", dot_quoted(fmt::format("{}: {} processes, {}", one.inode,
                                                                 one.processes, one.comm)));
        out += fmt::format("{} [shape=point];\n", id);
        size_t number = 0;
        for (const NetworkInterface& interface : one.interfaces)
            out += fmt::format("{0} -- {0}_{1};\n{0}_{1} [shape=box, label={2}];\n", id, number++,
                               dot_quoted(interface.name));
        out += "}\n";
    }
    return out + "}\n";
}

}  // namespace vedette::probe
