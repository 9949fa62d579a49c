// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/policy_check.h"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/unit/policy/support.h"

namespace vedette::policy {

using namespace test;

TEST_CASE("policy check: text, JSON and exit codes") {
    const Folder folder;
    folder.write("default.policy",
                 "version: 1.0\nrules:\n  - {id: good, expression: open.flags > 0}\n  - {id: win, "
                 "expression: open.flags > 0, filters: [os == \"windows\"]}\n");
    cli::PolicyCheckOptions check;
    check.path = folder.path();
    const auto run = [&](std::string& out, std::string& err) {
        std::ostringstream text;
        std::ostringstream errors;
        const int code = cli::run_policy_check(check, fake_table(), text, errors);
        out = text.str();
        err = errors.str();
        return code;
    };
    std::string out;
    std::string err;
    CHECK(run(out, err) == 0);
    CHECK_THAT(out,
               ContainsSubstring("default.policy: loaded, rules: 1 loaded, 1 filtered, 0 failed"));
    CHECK_THAT(out,
               ContainsSubstring(
                   "win is filtered: filters: this host fulfils none of them (os == \"windows\")"));

    folder.write("x.policy", "rules:\n  - id: bad\n    expression: open.flag > 0\n");
    CHECK(run(out, err) == 1);
    CHECK_THAT(out,
               ContainsSubstring(
                   "x.policy:3:17: error: 'open.flag' is no known field, constant or macro [bad]"));
    CHECK_THAT(out, ContainsSubstring("hint: did you mean 'open.flags'?"));
    CHECK_THAT(out, ContainsSubstring(
                        "2 policies, 1 rules loaded, 1 filtered, 1 failed; 1 errors, 0 warnings"));

    check.json = true;
    CHECK(run(out, err) == 1);
    CHECK_THAT(
        out,
        StartsWith(
            "{\"policies\":[{\"name\":\"default.policy\",\"version\":\"1.0\",\"source\":\"file\""));
    CHECK_THAT(out, ContainsSubstring("\"status\":\"error\",\"message\":\"1 of 1 rules failed\""));
    CHECK_THAT(out, ContainsSubstring("\"line\":3,\"column\":17"));
    CHECK_THAT(out, ContainsSubstring("\"filters\":{\"open\":{\"mode\":\"accept\""));

    check.path = folder.path() + "/nowhere";
    CHECK(run(out, err) == 1);
    CHECK_THAT(err, ContainsSubstring("nowhere"));
}

namespace {

std::string file_text(const std::string& path) {
    std::ifstream file(path);
    REQUIRE(file.good());
    return {std::istreambuf_iterator<char>(file), {}};
}

// As if the directory of the golden files were the current one.
std::string relative(std::string text, const std::string& directory) {
    for (size_t at = text.find(directory); at != std::string::npos; at = text.find(directory)) {
        text.erase(at, directory.size());
    }
    return text;
}

// The fake table of the language, where nobody fills what is named here.
class HalfEmptyTable : public secl::FieldTable {
   public:
    HalfEmptyTable() {
        for (secl::FieldDef field : fake_table().fields()) {
            if (field.name == "process.uid" || field.name == "process.comm") {
                field.not_filled = "credentials are not traced yet";
            }
            fields_.push_back(field);
        }
        for (secl::EventTypeDef event : fake_table().events()) {
            if (event.name == "connect") {
                event.not_filled = "the probe does not collect connect events yet";
            }
            events_.push_back(event);
        }
    }
    std::span<const secl::FieldDef> fields() const override { return fields_; }
    std::span<const secl::EventTypeDef> events() const override { return events_; }
    std::span<const secl::AliasDef> aliases() const override { return fake_table().aliases(); }

   private:
    std::vector<secl::FieldDef> fields_;
    std::vector<secl::EventTypeDef> events_;
};

}  // namespace

TEST_CASE("policy check: every kind of mistake, as people see it") {
    const std::string folder = VEDETTE_SOURCE_DIR "/tests/golden/policy/";
    cli::PolicyCheckOptions check;
    check.path = folder + "mistakes.policy";
    check.host = options().host;
    std::ostringstream out;
    std::ostringstream err;
    CHECK(cli::run_policy_check(check, fake_table(), out, err) == 1);
    CHECK(err.str().empty());
    CHECK(relative(out.str(), folder) == file_text(folder + "mistakes.txt"));
}

TEST_CASE("policy check: the JSON form is the payload of ruleset_loaded") {
    const Folder folder;
    folder.write("default.policy", R"(version: 1.2.3
rules:
  - {id: base, expression: open.file.name == "passwd", tags: {a: b}, product_tags: [p],
     actions: [{set: {name: seen, value: [x], ttl: 5s, private: true}, filter: open.flags > 0}, {hash: {}}]}
  - {id: old, expression: open.flags > 0, agent_version: "< 7"}
)");
    folder.write("x.policy",
                 "version: 9\nrules:\n  - {id: base, combine: override, override_options: "
                 "{fields: [tags]}, tags: {c: d}}\n  - {id: bad, expression: open.nope}\n");
    cli::PolicyCheckOptions check;
    check.path = folder.path();
    check.json = true;
    std::ostringstream out;
    std::ostringstream err;
    CHECK(cli::run_policy_check(check, fake_table(), out, err) == 1);
    const auto report = boost::json::parse(out.str()).as_object();
    const auto& policies = report.at("policies").as_array();
    REQUIRE(policies.size() == 2);
    const auto& base = policies[0].at("rules").as_array()[0].as_object();
    CHECK(base.at("id") == "base");
    CHECK(base.at("status") == "loaded");
    CHECK(base.at("message") == "");
    CHECK(base.at("expression") == "open.file.name == \"passwd\"");
    CHECK(base.at("tags") == boost::json::parse(R"({"c":"d"})"));
    CHECK(base.at("product_tags") == boost::json::parse(R"(["p"])"));
    CHECK(base.at("actions") ==
          boost::json::parse(R"([{"set":{"name":"seen","value":["x"],"ttl":"5s","private":true},)"
                             R"("filter":"open.flags > 0"},{"hash":{}}])"));
    CHECK(base.at("modified_by") ==
          boost::json::parse(R"([{"name":"x.policy","source":"file","version":"9"}])"));
    CHECK_FALSE(base.contains("type"));
    const auto& old = policies[0].at("rules").as_array()[1].as_object();
    CHECK(old.at("status") == "filtered");
    CHECK(old.at("type") == "agent_version_error");
    const auto& bad = policies[1].at("rules").as_array()[1].as_object();
    CHECK(bad.at("status") == "error");
    CHECK(bad.at("type") == "error");
    CHECK(policies[0].at("version") == "1.2.3");
    CHECK(policies[1].at("status") == "partially_loaded");
    const auto& filters = report.at("filters").as_object();
    CHECK(filters.at("open").at("mode") == "deny");
    const auto& diagnostic = report.at("diagnostics").as_array().at(0).as_object();
    for (const char* key : {"file", "line", "column", "severity", "message"}) {
        CHECK(diagnostic.contains(key));
    }
}

TEST_CASE("a rule that waits for what nobody fills is loaded, with one warning that says so") {
    const HalfEmptyTable table;
    const auto compiled = [&](const std::string& expression) {
        return compile_policies(
            load_policy_text("test.policy",
                             "rules:\n  - {id: a, expression: '" + expression + "'}\n", options()),
            table);
    };
    const CompiledPolicies fields = compiled(
        "open.flags > 0 && (process.uid == 0 || process.comm == \"x\") && process.uid != 5");
    CHECK(fields.ok());
    CHECK(rule_ids(fields) == std::vector<std::string>{"a"});
    REQUIRE(fields.diagnostics.items().size() == 1);
    CHECK(fields.diagnostics.items()[0].message ==
          "'process.comm' is always empty: credentials are not traced yet; 'process.uid' is always "
          "empty: credentials are not traced yet");
    const CompiledPolicies event = compiled("connect.addr.port == 22 && process.uid == 0");
    REQUIRE(event.diagnostics.items().size() == 1);
    CHECK(event.diagnostics.items()[0].message ==
          "no connect event arrives: the probe does not collect connect events yet");
    CHECK(event.diagnostics.items()[0].subject == "a");
    CHECK(event.diagnostics.items()[0].line == 2);
    CHECK(compiled("open.flags > 0").diagnostics.items().empty());
}

}  // namespace vedette::policy
