// SPDX-License-Identifier: Apache-2.0
//
// `runtime policy explain`: what a person and a script see, and the exit codes.
#include "security-agent/cli/policy_explain.h"

#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/unit/catch.h"

using namespace vedette;

namespace {

constexpr const char* kPolicy = R"(
macros:
  - {id: TOOLS, values: [/usr/bin/passwd, /usr/bin/su]}
rules:
  - id: shadow
    expression: open.file.path == "/etc/shadow" && process.file.path not in TOOLS
  - id: writes
    expression: open.flags & O_CREAT > 0
  - id: elsewhere
    expression: exec.file.name == "nc"
    filters: [os == "windows"]
  - id: wrong
    expression: open.file.pat == "x"
)";

constexpr const char* kEvent = R"({"type": "open", "values": {"open.file.path": "/etc/shadow",
    "process.file.path": "/usr/bin/su"}})";

class Files {
   public:
    Files() {
        std::string pattern = (std::filesystem::temp_directory_path() / "vedette-XXXXXX").string();
        REQUIRE(mkdtemp(pattern.data()) != nullptr);
        directory_ = pattern;
        write("p.policy", kPolicy);
    }
    ~Files() { std::filesystem::remove_all(directory_); }
    Files(const Files&) = delete;
    Files& operator=(const Files&) = delete;

    std::string write(const std::string& name, const std::string& text) const {
        const auto path = directory_ / name;
        std::ofstream(path) << text;
        return path.string();
    }
    std::string policies() const { return directory_.string(); }

   private:
    std::filesystem::path directory_;
};

struct Printed {
    int exit_code = 0;
    std::string out;
    std::string err;
};

Printed explain(const cli::RuleQuestion& options) {
    std::ostringstream out;
    std::ostringstream err;
    const int exit_code = cli::run_policy_explain(options, false, out, err);
    return {exit_code, out.str(), err.str()};
}

Printed explain_rule(const Files& files, const std::string& id, const std::string& event,
                     bool json = false) {
    cli::RuleQuestion options;
    options.policies.path = files.policies();
    options.rule_id = id;
    options.event_file = files.write("event.json", event);
    options.json = json;
    return explain(options);
}

}  // namespace

TEST_CASE("explain a rule: the tree, the verdict, the stages") {
    const Files files;
    const Printed printed = explain_rule(files, "shadow", kEvent);
    CHECK(printed.exit_code == 0);
    CHECK(printed.err.empty());
    CHECK(printed.out ==
          R"(rule shadow on this open event: not matched

  false   and
  true      open.file.path == "/etc/shadow"
                open.file.path = "/etc/shadow"
                matches "/etc/shadow"
> false     process.file.path not in TOOLS
                process.file.path = "/usr/bin/su"
                matches "/usr/bin/su"

kernel filter (passes): open.file.path is shadow (basename)
host filter (passes): the rule is in force on this host
rate limiter (unknown): it counts events, of which this is only one
)");
}

TEST_CASE(
    "explain: an event that the kernel drops, an event of another type, a rule for another host") {
    const Files files;
    const Printed dropped = explain_rule(
        files, "shadow", R"({"type": "open", "values": {"open.file.path": "/etc/hosts"}})");
    CHECK(dropped.exit_code == 0);
    CHECK_THAT(dropped.out, ContainsSubstring("kernel filter (drops): none of the 2 approvers"));

    const Printed other =
        explain_rule(files, "shadow", R"({"type": "exec", "values": {"exec.file.name": "nc"}})");
    CHECK(other.exit_code == 0);
    CHECK_THAT(other.out, ContainsSubstring("not matched\n\n  the rule is for open events"));
    CHECK_THAT(other.out, ContainsSubstring("no rule is for exec events: they are not collected"));

    const Printed filtered =
        explain_rule(files, "elsewhere", R"({"type": "exec", "values": {"exec.file.name": "nc"}})");
    CHECK(filtered.exit_code == 0);
    CHECK_THAT(filtered.out, ContainsSubstring("the rule is not in force"));
    CHECK_THAT(filtered.out, ContainsSubstring("host filter (drops): "));
}

TEST_CASE("explain: what is not valid") {
    const Files files;
    const Printed misspelt = explain_rule(files, "shado", kEvent);
    CHECK(misspelt.exit_code == 2);
    CHECK_THAT(misspelt.err,
               ContainsSubstring("no rule has the id 'shado'; did you mean 'shadow'?"));
    const Printed wrong = explain_rule(files, "wrong", kEvent);
    CHECK(wrong.exit_code == 2);
    CHECK_THAT(wrong.err, ContainsSubstring("did you mean 'open.file.path'?"));
    const Printed event = explain_rule(files, "shadow", R"({"type": "opn"})");
    CHECK(event.exit_code == 2);
    CHECK_THAT(event.err, ContainsSubstring("the event is not valid"));
    CHECK(event.out.empty());

    cli::RuleQuestion options;
    options.expression = "open.flags ==";
    options.event_file = files.write("event.json", kEvent);
    CHECK(explain(options).exit_code == 2);
    options.event_file = files.policies() + "/none.json";
    CHECK(explain(options).exit_code == 2);
    options.json = true;
    const auto report = boost::json::parse(explain(options).out).as_object();
    CHECK(report.contains("error"));
    CHECK_FALSE(report.contains("result"));
}

TEST_CASE("explain an expression, with the macros of a policy, as JSON") {
    const Files files;
    cli::RuleQuestion options;
    options.policies.path = files.policies();
    options.expression = "process.file.path in TOOLS && open.file.name == \"shadow\"";
    options.event_file = files.write("event.json", kEvent);
    options.json = true;
    const Printed printed = explain(options);
    CHECK(printed.err.empty());
    CHECK(printed.exit_code == 0);
    const boost::json::object report = boost::json::parse(printed.out).as_object();
    CHECK(report.at("result") == "matched");
    CHECK(report.at("event").at("type") == "open");
    const auto& children = report.at("tree").at("children").as_array();
    REQUIRE(children.size() == 2);
    CHECK(children[0].at("text") == "process.file.path in TOOLS");
    CHECK(children[0].at("reads").at(0).at("values").at(0) == "\"/usr/bin/su\"");
    CHECK(report.at("stages").at(0).at("stage") == "kernel filter");
    CHECK(report.at("stages").at(0).at("result") == "passes");
}
