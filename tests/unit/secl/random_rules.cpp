// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/secl/random_rules.h"

#include <fmt/format.h>

#include <array>

namespace vedette::secl::test {
namespace {

constexpr std::array kWords = {"a", "b", "ab", "ba", "aab", "abc", "bash", "A", ""};
constexpr std::array kElements = {"a", "b", "ab", "tmp", "bin"};

}  // namespace

std::string RandomRules::word() {
    return kWords[below(kWords.size())];
}

std::string RandomRules::path() {
    if (chance(5)) {
        return chance(50) ? "" : chance(50) ? "/" : "memfd:a";
    }
    std::string out;
    for (size_t i = 0; i <= below(4); ++i) {
        out += "/" + std::string(kElements[below(kElements.size())]);
    }
    return out;
}

std::string RandomRules::pattern() {
    std::string out;
    for (size_t i = 0; i <= below(4); ++i) {
        if (chance(45) && !out.ends_with('*')) {
            out += '*';
        } else {
            out += chance(50) ? "a" : "b";
        }
    }
    return out;
}

std::string RandomRules::glob() {
    if (chance(3)) {
        return "**";
    }
    std::string out;
    const size_t count = 1 + below(4);
    for (size_t i = 0; i < count; ++i) {
        const bool bare = i == 0 && chance(10);  // "*/x"
        out += bare ? "" : "/";
        if (bare) {
            out += chance(50) && count > 1 ? "*" : "**";
        } else if (chance(20)) {
            out += "**";
        } else if (chance(40)) {
            std::string element = pattern();
            out += element;
        } else {
            out += kElements[below(kElements.size())];
        }
    }
    return out;
}

std::string RandomRules::path_literal() {
    if (chance(6)) {
        return chance(50) ? "\"/%{process.comm}/${text}\"" : "\"${text}\"";
    }
    return chance(50) ? fmt::format("\"{}\"", path().starts_with('/') ? "/a" + path() : "")
                      : fmt::format("~\"{}\"", glob());
}

std::string RandomRules::string_literal(bool regexp) {
    if (regexp && chance(15)) {
        constexpr std::array kRegexps = {"^a", "b$", "a+b", "^(ab|ba)$", "(?i)BASH", "."};
        return fmt::format("r\"{}\"", kRegexps[below(kRegexps.size())]);
    }
    return chance(50) ? fmt::format("\"{}\"", word()) : fmt::format("~\"{}\"", pattern());
}

std::string RandomRules::path_test() {
    constexpr std::array kFields = {"open.file.path",
                                    "process.file.path",
                                    "process.parent.file.path",
                                    "process.ancestors.file.path",
                                    "process.ancestors[A].file.path",
                                    "process.file.path"};
    const char* field = kFields[below(kFields.size())];
    if (chance(60)) {
        return fmt::format("{} {} {}", field, chance(70) ? "==" : "!=", path_literal());
    }
    std::string list = path_literal();
    for (size_t i = 0; i < below(4); ++i) {
        list += ", " + path_literal();
    }
    return fmt::format("{} {} [{}]", field, chance(70) ? "in" : "not in", list);
}

std::string RandomRules::string_test() {
    constexpr std::array kFields = {"open.file.name",
                                    "open.file.extension",
                                    "process.file.name",
                                    "process.argv",
                                    "process.argv[0]",
                                    "process.comm",
                                    "process.ancestors.file.name",
                                    "process.ancestors.argv",
                                    "process.ancestors[A].file.name",
                                    "process.ancestors[B].argv",
                                    "process.ancestors[B].comm",
                                    "process.container.id",
                                    "process.ancestors.container.id",
                                    "process.ancestors[A].container.id",
                                    "network_flow_monitor.flows.proto",
                                    "network_flow_monitor.flows[F].proto",
                                    "${text}",
                                    "${process.names}",
                                    "\"%{process.comm}${text}\"",
                                    "\"%{process.container.id}\""};
    const char* field = kFields[below(kFields.size())];
    if (chance(8)) {
        return fmt::format("{} {} {}", field, chance(50) ? "in" : "not in",
                           chance(50) ? "${process.names}" : "process.argv");
    }
    if (chance(10)) {
        return fmt::format("{} {} {}", field,
                           chance(50) ? "==" : "!=", kFields[below(kFields.size())]);
    }
    if (chance(10)) {
        return fmt::format("{} {} MACRO_LIST", field, chance(50) ? "in" : "not in");
    }
    if (chance(60)) {
        return fmt::format("{} {} {}", field,
                           chance(60)   ? "=="
                           : chance(50) ? "!="
                                        : "=~",
                           string_literal(true));
    }
    std::string list = string_literal(true);
    for (size_t i = 0; i < below(4); ++i) {
        list += ", " + string_literal(true);
    }
    return fmt::format("{} {} [{}]", field, chance(70) ? "in" : "not in", list);
}

std::string RandomRules::number(int depth) {
    constexpr std::array kFields = {"open.flags",
                                    "open.retval",
                                    "process.uid",
                                    "process.file.path.length",
                                    "process.argv.length",
                                    "process.ancestors.length",
                                    "process.ancestors[A].pid",
                                    "process.ancestors[B].uid",
                                    "network_flow_monitor.flows[F].port",
                                    "process.container.id.length",
                                    "${num}",
                                    "${process.nums.length}"};
    if (depth == 0 || chance(40)) {
        return chance(60) ? kFields[below(kFields.size())] : std::to_string(below(4));
    }
    constexpr std::array kOps = {"+", "-", "&", "|", "^"};
    return fmt::format("({} {} {}{})", number(depth - 1), kOps[below(kOps.size())],
                       chance(20) ? "^" : "", number(depth - 1));
}

std::string RandomRules::int_test() {
    constexpr std::array kOps = {"==", "!=", "<", "<=", ">", ">="};
    const char* op = kOps[below(kOps.size())];
    switch (below(8)) {
        case 6:
            return fmt::format("process.ancestors.pid {} ${{process.nums}}",
                               chance(50) ? "in" : "not in");
        case 7:
            return fmt::format("${{process.nums}} {} {}", op, number(1));
        case 0:
            return fmt::format("open.flags in [{}, {}]", below(4), below(4));
        case 1:
            return fmt::format("process.ancestors.pid {} {}", op, below(4));
        case 2:
            return fmt::format("process.ancestors.pid + open.flags {} {}", op, below(6));
        case 3:
            return fmt::format("process.uid {} process.parent.uid", op);
        case 4:
            return fmt::format("open.file.modification_time {} {}s", op[0] == '!' ? "<" : op,
                               below(4));
        default:
            return fmt::format("{} {} {}", number(2), op, number(1));
    }
}

std::string RandomRules::address_test() {
    constexpr std::array kSides = {
        "network_flow_monitor.flows.address", "network_flow_monitor.flows[F].address",
        "network_flow_monitor.flows[G].address", "${ip}", "${cgroup.nets}"};
    constexpr std::array kNetworks = {"10.0.0.1",    "10.0.0.0/30", "10.0.0.2",
                                      "10.0.0.0/24", "::1",         "0.0.0.0/0"};
    const char* left = kSides[below(kSides.size())];
    if (chance(30)) {
        return fmt::format(
            "{} {} {}", left, chance(70) ? "==" : "!=",
            chance(50) ? kSides[below(kSides.size())] : kNetworks[below(kNetworks.size())]);
    }
    constexpr std::array kOps = {"in", "not in", "allin"};
    const char* op = kOps[below(kOps.size())];
    if (chance(30)) {
        return fmt::format("{} {} ${{cgroup.nets}}", left, op);
    }
    return fmt::format("{} {} [{}, {}]", left, op, kNetworks[below(kNetworks.size())],
                       kNetworks[below(kNetworks.size())]);
}

std::string RandomRules::register_test() {
    constexpr std::array kTests = {
        "process.ancestors[A].pid == process.ancestors[B].uid",
        "process.ancestors[A].pid < process.ancestors[B].pid",
        "process.ancestors[B].file.name != process.ancestors[A].file.name",
        "network_flow_monitor.flows[F].port == process.ancestors[A].pid",
        "network_flow_monitor.flows[F].port > network_flow_monitor.flows[G].port",
        "network_flow_monitor.flows[G].proto == \"a\"",
        "process.ancestors[A].is_kworker",
        "process.ancestors[C].uid == 2",
        "process.ancestors[D].file.path == ~\"/a/**\""};
    return kTests[below(kTests.size())];
}

std::string RandomRules::test() {
    switch (below(11)) {
        case 0:
            return int_test();
        case 1:
            return chance(50) ? "open.file.in_upper_layer" : "process.ancestors.is_kworker";
        case 2:
            return chance(50) ? "process.ancestors.is_kworker == false" : "MACRO_EXPR";
        case 3:
            return int_test();
        case 4:
            return path_test();
        case 5:
            return path_test();
        case 6:
            return address_test();
        case 7:
            return chance(80) ? register_test() : "${flag}";
        default:
            return string_test();
    }
}

std::string RandomRules::condition(int depth) {
    if (depth == 0 || chance(20)) {
        return (chance(20) ? "!" : "") + fmt::format("({})", test());
    }
    if (chance(5)) {
        return fmt::format("(({}) == ({}))", condition(depth - 1), condition(depth - 1));
    }
    std::string out = condition(depth - 1);
    for (size_t i = 0; i <= below(3); ++i) {
        out += (chance(60) ? " && " : " || ") + condition(depth - 1);
    }
    return (chance(15) ? "!" : "") + fmt::format("({})", out);
}

std::string RandomRules::rule() {
    return condition(1 + static_cast<int>(below(3))) +
           (chance(80) ? " && open.flags >= 0" : " || open.flags == 3");
}

void RandomRules::fill_process(FakeEvent& event, std::string_view prefix) {
    const auto name = [&](std::string_view field) {
        return std::string(prefix) + std::string(field);
    };
    event.set_int(name("pid"), static_cast<int64_t>(below(4)));
    event.set_int(name("uid"), static_cast<int64_t>(below(3)));
    event.set_int(name("is_kworker"), chance(20) ? 1 : 0);
    event.set_strings(name("file.path"), {path()});
    event.set_strings(name("file.name"), {word()});
    event.set_strings(name("comm"), {word()});
    event.set_strings(name("container.id"), {word()});
    std::vector<std::string> argv;
    for (size_t i = 0; i < below(4); ++i) {
        argv.push_back(word());
    }
    event.set_strings(name("argv"), std::move(argv));
}

void RandomRules::fill_variables(FakeEvent& event) {
    const auto network = [this] {
        std::string bytes = ip_bytes(chance(80) ? "10.0.0." + std::to_string(below(4)) : "::1");
        return bytes.size() == 4 && chance(30) ? bytes + static_cast<char>(24 + below(9)) : bytes;
    };
    if (chance(70)) {
        event.variables["text"].strings = {word()};
        event.variables["num"].ints = {static_cast<int64_t>(below(4))};
        event.variables["flag"].ints = {static_cast<int64_t>(below(2))};
        event.variables["ip"].strings = {network()};
    }
    for (size_t i = 0; i < below(4); ++i) {
        event.variables["process.names"].strings.push_back(word());
        event.variables["process.nums"].ints.push_back(static_cast<int64_t>(below(4)));
        event.variables["cgroup.nets"].strings.push_back(network());
    }
}

FakeEvent RandomRules::event() {
    FakeEvent event;
    event.type = kOpen;
    event.now_ns = 5'000'000'000;
    event.set_strings("open.file.path", {path()});
    event.set_strings("open.file.name", {word()});
    event.set_strings("open.file.extension", {word()});
    event.set_int("open.flags", static_cast<int64_t>(below(4)));
    event.set_int("open.retval", -static_cast<int64_t>(below(3)));
    event.set_int("open.file.in_upper_layer", chance(50) ? 1 : 0);
    event.set_int("open.file.modification_time", static_cast<int64_t>(below(5)) * 1'000'000'000);
    fill_process(event, "process.");
    fill_process(event, "process.parent.");
    const size_t count = below(4);
    for (size_t i = 0; i < count; ++i) {
        event.ancestors.emplace_back();
        fill_process(event, "process.ancestors.");
        event.ancestors.back().pending = chance(10);
    }
    event.process.pending = chance(20);
    for (size_t i = 0; i < below(3); ++i) {
        event.process.other_paths.push_back(path());
    }
    const size_t flows = below(4);
    for (size_t i = 0; i < flows; ++i) {
        event.flows.emplace_back();
        event.set_int("network_flow_monitor.flows.port", static_cast<int64_t>(below(4)));
        event.set_strings("network_flow_monitor.flows.proto", {word()});
        event.set_strings("network_flow_monitor.flows.address",
                          {ip_bytes("10.0.0." + std::to_string(below(4)))});
    }
    fill_variables(event);
    return event;
}

}  // namespace vedette::secl::test
