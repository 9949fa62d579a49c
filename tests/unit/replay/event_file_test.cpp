// SPDX-License-Identifier: Apache-2.0
#include "security-agent/replay/event_file.h"

#include <boost/json/serialize.hpp>
#include <map>
#include <string>

#include "fields.gen.h"
#include "security-agent/replay/event_values.h"
#include "security-agent/replay/json_tree.h"
#include "security-agent/secl/compiler.h"
#include "tests/unit/catch.h"

namespace vedette::replay {
namespace {

const secl::FieldNames& names() {
    static const secl::FieldNames kNames(engine::field_table());
    return kNames;
}

struct Parsed {
    std::shared_ptr<const EventFile> event;
    secl::Diagnostics diagnostics;
};

Parsed parse(std::string json) {
    Parsed out;
    const auto file = std::make_shared<secl::SourceFile>("event.json", std::move(json));
    out.event = parse_event(file, names(), out.diagnostics);
    CHECK((out.event != nullptr) == out.diagnostics.ok());
    return out;
}

std::shared_ptr<const EventFile> event(std::string json) {
    Parsed parsed = parse(std::move(json));
    INFO(secl::render(parsed.diagnostics));
    REQUIRE(parsed.event);
    return parsed.event;
}

/// What is wrong: "line:column message (hint)" a line.
std::string complaints(std::string json) {
    std::string out;
    const Parsed parsed = parse(std::move(json));
    for (const secl::Diagnostic& item : parsed.diagnostics.items()) {
        out += std::to_string(item.line) + ":" + std::to_string(item.column) + " " + item.message;
        out += item.hint.empty() ? "\n" : " (" + item.hint + ")\n";
    }
    return out;
}

/// Does the rule match the event?
bool matches(const std::string& expression, const EventFile& event) {
    const std::map<std::string_view, std::string> always = {{"exec", "exec.pid >= 0"},
                                                            {"exit", "exit.code >= 0"},
                                                            {"open", "open.flags >= 0"},
                                                            {"connect", "connect.addr.port >= 0"}};
    const std::string whole = "(" + expression + ") && " + always.at(event.type().name);
    const secl::RuleSource rule{"rule", secl::source_from_string("rule", whole)};
    const secl::CompiledRules compiled = secl::compile_rules({&rule, 1}, {}, engine::field_table());
    INFO(secl::render(compiled.diagnostics));
    REQUIRE(compiled.diagnostics.ok());
    std::pmr::monotonic_buffer_resource scratch;
    secl::EvalContext context;
    context.type = event.type().id;
    context.source = &event;
    context.host = &event.host();
    context.scratch = &scratch;
    context.now_ns = event.time_ns();
    secl::EvalState state;
    return !compiled.rules->evaluate(context, state).matched.empty();
}

TEST_CASE("event file: values of every type reach the rule") {
    const auto open = event(R"({"type": "open", "values": {
        "open.file.path": "/etc/shadow", "open.flags": "O_WRONLY | O_CREAT", "open.retval": "EACCES",
        "process.uid": 1000, "event.async": true, "process.argv": ["-c", "x y"],
        "open.file.mode": "0100644", "process.ancestors.file.name": ["sh", "sshd"]}})");
    CHECK(matches(R"(open.file.path == "/etc/shadow" && open.flags & O_CREAT > 0)", *open));
    CHECK(matches("open.flags == 65 && open.retval == -13 && process.uid == 1000", *open));
    CHECK(matches(R"(event.async && process.argv in ["x y"] && open.file.mode == 0100644)", *open));
    CHECK(matches(R"(process.ancestors.file.name == "sshd" && process.ancestors.length == 2)",
                  *open));
    CHECK(matches(R"(process.ancestors[A].file.name == "sh")", *open));
    CHECK_FALSE(matches(R"(process.ancestors.file.name == "bash")", *open));
    CHECK_FALSE(matches("open.flags & O_TRUNC > 0", *open));
}

TEST_CASE("event file: what is not said is zero") {
    const auto open = event(R"({"type": "open"})");
    CHECK(matches(R"(open.file.path == "" && open.flags == 0 && process.uid == 0)", *open));
    CHECK(matches("process.ancestors.length == 0", *open));
    CHECK_FALSE(matches(R"(open.file.name != "" || process.argv in [~"*"])", *open));
}

TEST_CASE("event file: what follows from a value need not be said") {
    const auto exec = event(R"({"type": "exec", "values": {
        "exec.file.path": "/opt/tool.sh", "exec.argv": ["-ln", "--width=8", "-T", "8"],
        "exec.envp": ["HISTSIZE=0"], "exec.file.mode": "0104755"}})");
    CHECK(matches(R"(exec.file.name == "tool.sh" && exec.file.extension == ".sh")", *exec));
    CHECK(matches(R"(exec.args == "-ln --width=8 -T 8" && exec.args_flags == "l")", *exec));
    CHECK(matches(R"(exec.args_options in ["T=8"] && exec.args_options in ["width=8"])", *exec));
    CHECK(matches(R"(exec.envs == "HISTSIZE" && exec.file.rights == 04755)", *exec));
    CHECK(matches("exec.file.path.length == 12", *exec));
    const auto connect =
        event(R"({"type": "connect", "values": {"connect.addr.ip": "192.0.2.1"}})");
    CHECK(matches("connect.addr.is_public && connect.addr.ip in [192.0.2.0/24]", *connect));
    const auto said = event(R"({"type": "connect", "values": {"connect.addr.ip": "192.0.2.1",
                                "connect.addr.is_public": false}})");
    CHECK_FALSE(matches("connect.addr.is_public", *said));
}

TEST_CASE("event file: exec.* and process.* of an exec event are one process") {
    const auto exec = event(R"({"type": "exec", "values": {"exec.file.path": "/usr/bin/nc"}})");
    CHECK(matches(R"(process.file.path == "/usr/bin/nc" && process.file.name == "nc")", *exec));
    const auto process =
        event(R"({"type": "exec", "values": {"process.file.path": "/usr/bin/nc"}})");
    CHECK(matches(R"(exec.file.name == "nc")", *process));
    const auto exit = event(R"({"type": "exit", "values": {"exit.uid": 7}})");
    CHECK(matches("process.uid == 7", *exit));
}

TEST_CASE("event file: names of former times and times relative to the event") {
    const auto open = event(R"({"type": "open", "time": "2030-01-01T00:00:00Z",
        "values": {"open.filename": "/a/b", "process.created_at": "5s ago"}})");
    CHECK(matches(R"(open.file.path == "/a/b" && process.created_at < 6s)", *open));
    CHECK_FALSE(matches("process.created_at < 4s", *open));
    CHECK(open->time_ns() == 1'893'456'000'000'000'000);
    CHECK(format_time(open->time_ns()) == "2030-01-01T00:00:00Z");
}

TEST_CASE("event file: odd bytes as in alerts") {
    const auto open =
        event("{\"type\": \"open\", \"values\": {\"open.file.path\": \"/a\\uf7ff\"}}");
    const auto* field = names().resolve("open.file.path").read.field;
    CHECK(open->find(*field)->strings.front() == "/a\xff");
}

TEST_CASE("event file: iterated lists are lists of lists") {
    const auto exec = event(R"({"type": "exec", "values": {
        "process.ancestors.argv": [["-c", "x"], []], "process.ancestors.pid": [7, 8, 9]}})");
    CHECK(exec->elements(secl::Subject::kAncestor) == 3);
    CHECK(matches(R"(process.ancestors.argv == "x")", *exec));
    CHECK(matches(R"(process.ancestors.args == "-c x")", *exec));
    CHECK(matches(R"(process.ancestors[A].pid == 9 && process.ancestors[A].comm == "")", *exec));
}

TEST_CASE("event file: every mistake at its place, with the way out") {
    CHECK(complaints(R"({"type": "exce"})") ==
          "1:10 'exce' is no event type (did you mean 'exec'?)\n");
    CHECK(complaints(
              "{\"type\": \"open\",\n \"values\": {\"open.file.pth\": \"/x\",\n"
              "  \"exec.comm\": \"x\", \"open.flags\": \"O_CRAET\", \"process.uid\": \"root\",\n"
              "  \"open.file.name\": 5, \"event.async\": 1, \"process.argv\": \"x\"}}") ==
          "2:13 'open.file.pth' is no field (did you mean 'open.file.path'?)\n"
          "3:3 'exec.comm' belongs to exec events, this one is open\n"
          "3:35 'O_CRAET' is neither a number nor a constant (did you mean 'O_CREAT'?)\n"
          "3:61 'root' is neither a number nor a constant\n"
          "4:21 expected a string, this is a number (write \"5\")\n"
          "4:39 expected true or false, this is a number\n"
          "4:58 expected a list, 'process.argv' has several values\n");
    CHECK(complaints(
              R"({"type": "open", "values": {"open.file.path": "/a", "open.filename": "/b"}})") ==
          "1:53 'open.file.path' has a value already (it is another name of the same field)\n");
    CHECK(complaints(R"({"type": "exec", "values": {"process.argv[0]": "x"}, "vars": {}})") ==
          "1:54 unknown key 'vars' (an event has type, values, variables and time)\n"
          "1:29 a field is given as a whole, without [...] (a list gives one value to each "
          "element)\n");
    CHECK(complaints(R"({"type": "exec", "values": {"process.ancestors.argv": ["x"]}})") ==
          "1:56 expected a list, 'process.ancestors.argv' has several values (a list of lists: one "
          "for each element)\n");
    CHECK(complaints("[]") == "1:1 an event is an object with 'type' and 'values'\n");
    CHECK(complaints(R"({"values": {}})") ==
          "1:1 the event has no 'type' (such as \"type\": \"exec\")\n");
    CHECK(complaints(R"({"type": "open", "time": "yesterday"})") ==
          "1:26 'yesterday' is no time (nanoseconds since 1970, \"2026-01-01T12:00:00Z\" or \"5s "
          "ago\")\n");
}

TEST_CASE("event file: variables") {
    const auto open = event(R"({"type": "open", "variables": {
        "count": 3, "process.seen": true, "nets": ["10.0.0.0/8", "192.0.2.1"], "${x}": "y"}})");
    secl::VariableTable table;
    declare_variables(*open, table);
    REQUIRE(table.find("process.seen"));
    CHECK(table.at(*table.find("process.seen")).scope == secl::Scope::kProcess);
    CHECK(table.at(*table.find("nets")).is_list);
    secl::Diagnostics diagnostics;
    const auto count = value_for(open->variables()[0], table, diagnostics);
    REQUIRE(count);
    CHECK(count->ints == std::vector<int64_t>{3});

    secl::VariableTable other;
    secl::Variable nets;
    nets.name = "nets";
    nets.type = secl::ValueType::kIp;
    nets.is_list = true;
    other.add(nets);
    const auto bytes = value_for(open->variables()[2], other, diagnostics);
    REQUIRE(bytes);
    CHECK(bytes->strings[0].size() == 17);
    CHECK(bytes->strings[1].size() == 16);
    CHECK_FALSE(value_for(open->variables()[1], other, diagnostics));
    CHECK(diagnostics.items().back().message == "no rule sets a variable 'process.seen'");
    CHECK(diagnostics.items().back().line == 2);
}

TEST_CASE("event file: what is printed can be read again") {
    const auto exec = event(R"({"type": "exec", "values": {"exec.file.path": "/a\"\u00fc\uf7ff",
        "exec.argv": ["x"], "process.ancestors.pid": [1, 2]}, "variables": {"n": [1, 2]}})");
    const std::string once = boost::json::serialize(exec->to_json());
    CHECK(boost::json::serialize(event(once)->to_json()) == once);
}

TEST_CASE("event file: hostile JSON is refused, and fast") {
    for (const std::string& text :
         {std::string("{\"type\": \"open\"} x"), std::string("{\"type\" \"open\"}"),
          std::string("{"), std::string(""), std::string("{\"type\": \"\\x\"}"),
          std::string("{\"type\": \"\\ud800\"}"), std::string("{\"type\": open}"),
          std::string("{\"type\": \"a\nb\"}"), std::string("nul"), std::string("{\"a\": 01}"),
          std::string("{\"a\": 1.}"), std::string(1 << 20, '['), std::string("{\"type\": \"open")})
        CHECK_FALSE(parse(text).diagnostics.ok());
    std::string wide = R"({"type": "exec", "values": {"process.ancestors.pid": [)";
    for (int i = 0; i < 100'000; ++i)
        wide += "1,";
    CHECK(complaints(wide + "1]}}") == "1:29 100001 elements, at most 1024 are possible\n");
    std::string unknown = R"({"type": "exec", "values": {)";
    for (int i = 0; i < 50'000; ++i)
        unknown += "\"proc.x" + std::to_string(i) + "\": 1,";
    CHECK(parse(unknown + "\"a\": 1}}").diagnostics.errors() == 20);
    CHECK_FALSE(parse(std::string(kMaxJsonBytes + 1, ' ')).diagnostics.ok());
}

}  // namespace
}  // namespace vedette::replay
