// SPDX-License-Identifier: Apache-2.0
#include "security-agent/replay/rehearsal.h"

#include <string>

#include "fields.gen.h"
#include "security-agent/replay/test_run.h"
#include "tests/unit/catch.h"

namespace vedette::replay {
namespace {

constexpr const char* kPolicy = R"(
rules:
  - id: seen
    expression: open.file.path == "/etc/shadow"
    actions:
      - set: {name: reader, scope: process, value: true, ttl: 60s, inherited: true}
      - set: {name: names, field: process.file.name, append: true, scope: container}
        filter: process.container.id != ""
  - id: sends
    expression: connect.addr.port == 443 && ${process.reader}
  - id: known_name
    expression: exec.file.name in ${container.names}
)";

std::shared_ptr<const policy::CompiledPolicies> policies() {
    auto compiled = std::make_shared<const policy::CompiledPolicies>(policy::compile_policies(
        policy::load_policy_text("test.policy", kPolicy, {}), engine::field_table()));
    INFO(secl::render(compiled->diagnostics));
    REQUIRE(compiled->diagnostics.ok());
    return compiled;
}

TestFile read(const std::string& yaml, secl::Diagnostics& diagnostics) {
    const secl::FieldNames names(engine::field_table());
    return read_test_file(std::make_shared<secl::SourceFile>("a.test.yaml", yaml), names,
                          diagnostics);
}

/// "name: message" of each failure, a line; "ok" when there is none.
std::string outcome(const std::string& yaml, Coverage* coverage = nullptr) {
    secl::Diagnostics diagnostics;
    const TestFile file = read("tests:\n" + yaml, diagnostics);
    INFO(secl::render(diagnostics));
    REQUIRE(diagnostics.ok());
    Coverage own;
    std::string out;
    for (const TestResult& result : run_tests(file, policies(), coverage ? *coverage : own))
        for (const TestFailure& failure : result.failures)
            out += std::to_string(failure.line) + ": " + failure.message + "\n";
    return out.empty() ? "ok" : out;
}

std::string mistakes(const std::string& yaml) {
    secl::Diagnostics diagnostics;
    const TestFile file = read(yaml, diagnostics);
    check_rule_ids(file, *policies(), diagnostics);
    std::string out;
    for (const secl::Diagnostic& item : diagnostics.items())
        out += std::to_string(item.line) + ": " + item.message + "\n";
    return out;
}

TEST_CASE("rule tests: what an event sets is there for the next, until its time is over") {
    CHECK(outcome(R"(
  - name: reads, then sends
    events:
      - type: open
        values: {open.file.path: /etc/shadow, process.pid: 7}
        expect: [seen]
        variables_after: {process.reader: true}
      - {after: 59s, type: connect, values: {connect.addr.port: 443, process.pid: 7}, expect: [sends]}
      - {after: 2s, type: connect, values: {connect.addr.port: 443, process.pid: 7}, expect: []}
  - name: another process
    events:
      - {type: open, values: {open.file.path: /etc/shadow, process.pid: 7}, expect: [seen]}
      - {type: connect, values: {connect.addr.port: 443, process.pid: 8}, excludes: [sends]}
      - type: connect
        values: {connect.addr.port: 443, process.pid: 9, process.ancestors.pid: [8, 7]}
        expect: [sends]
  - name: the process ends
    events:
      - {type: open, values: {open.file.path: /etc/shadow, process.pid: 7}, expect: [seen]}
      - {type: exit, values: {process.pid: 7}}
      - {type: connect, values: {connect.addr.port: 443, process.pid: 7}, excludes: [sends]}
)") == "ok");
}

TEST_CASE("rule tests: lists, filters of actions, variables that the event sets") {
    CHECK(outcome(R"(
  - name: names of a container
    events:
      - type: open
        values: {open.file.path: /etc/shadow, process.file.path: /bin/cat, process.container.id: c1}
        variables_after: {container.names: [cat]}
      - {type: exec, values: {exec.file.path: /bin/cat, process.container.id: c1}, expect: [known_name]}
      - {type: exec, values: {exec.file.path: /bin/cat, process.container.id: c2}, expect: []}
  - name: given
    type: exec
    values: {exec.file.path: /bin/cat, process.container.id: c3}
    variables: {container.names: [dog, cat]}
    expect: [known_name]
    variables_after: {container.names: [cat, dog]}
)") == "ok");
}

TEST_CASE("rule tests: failures say what was expected and what was") {
    CHECK(outcome(R"(
  - name: wrong
    events:
      - {type: open, values: {open.file.path: /etc/shadow}, expect: [sends]}
      - {type: open, values: {open.file.path: /etc/passwd}, includes: [seen]}
      - {type: open, values: {open.file.path: /etc/shadow}, excludes: [seen], variables_after: {process.reader: false}}
)") == "5: expected sends to match, it was seen\n"
       "6: seen does not match\n"
       "7: seen matches\n"
       "7: process.reader is true, expected false\n");
    CHECK(outcome(R"(
  - name: nowhere
    type: exec
    variables: {container.names: [x]}
    expect: []
)") == "3: the event is in no container, 'container.names' belongs to one\n");
}

TEST_CASE("rule tests: mistakes in the file") {
    CHECK(mistakes("tests: []") == "1: there is no test in this file\n");
    CHECK(mistakes(R"(
tests:
  - name: a
    type: open
    vales: {open.file.path: /x}
    expect: [sene]
  - name: b
    type: open
  - events:
      - {type: open, after: soon, expect: []}
)") == "5: unknown key 'vales'\n"
       "7: the test expects nothing\n"
       "10: 'after' must be a duration\n"
       "9: a test needs a name\n"
       "3: no rule has the id 'sene'\n");
}

TEST_CASE("rule tests: a rule is tested when it is seen to match and named as one that does not") {
    Coverage coverage;
    outcome(R"(
  - {name: a, type: open, values: {open.file.path: /etc/shadow}, expect: [seen]}
  - {name: b, type: open, values: {open.file.path: /etc/passwd}, expect: [], excludes: [seen]}
  - {name: c, type: connect, values: {connect.addr.port: 443}, excludes: [sends]}
  - {name: d, type: exec, expect: [known_name]}
)",
            &coverage);
    std::string out;
    for (const Untested& rule : untested(*policies(), coverage))
        out += rule.rule + (rule.positive ? " +" : "") + (rule.negative ? " -" : "") + "\n";
    CHECK(out == "known_name\nsends -\n");
}

}  // namespace
}  // namespace vedette::replay
