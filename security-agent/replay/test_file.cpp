// SPDX-License-Identifier: Apache-2.0
#include "security-agent/replay/test_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "security-agent/policy/yaml_fields.h"

namespace vedette::replay {
namespace {

using policy::YamlFields;
using policy::YamlNode;
using policy::YamlNodePtr;

constexpr std::array<std::string_view, 6> kStepKeys = {"name",     "after",    "expect",
                                                       "includes", "excludes", "variables_after"};

class Reader {
   public:
    Reader(const std::shared_ptr<const secl::SourceFile>& file, const secl::FieldNames& names,
           secl::Diagnostics& diagnostics)
        : file_(file), names_(names), diagnostics_(diagnostics) {}

    TestFile read() {
        TestFile out;
        out.path = file_->name();
        const YamlNodePtr root = policy::read_yaml(file_, diagnostics_);
        if (!root)
            return out;
        YamlFields fields(file_, *root, "a test file", diagnostics_);
        if (root->kind != YamlNode::Kind::kMap)
            return out;
        out.policies = fields.text("policies").value_or("");
        const std::vector<YamlNodePtr> tests = fields.list("tests");
        fields.finish();
        if (tests.empty())
            fields.error(root->offset, "there is no test in this file",
                         "'tests' is a list of tests");
        for (const YamlNodePtr& test : tests)
            out.tests.push_back(read_test(*test));
        return out;
    }

   private:
    RuleTest read_test(const YamlNode& node) {
        RuleTest test;
        test.place = policy::place_in(file_, node.offset);
        clock_ = EventFile::kDefaultTime;
        if (!find(node, "events")) {  // the test is its only event
            test.name = name_of(node);
            test.steps.push_back(read_step(node, true));
        } else {
            YamlFields fields(file_, node, "a test", diagnostics_);
            test.name = fields.text("name").value_or("");
            const std::vector<YamlNodePtr> events = fields.list("events");
            fields.finish();
            for (const YamlNodePtr& event : events)
                test.steps.push_back(read_step(*event, false));
        }
        if (test.name.empty())
            error(node, "a test needs a name");
        const bool asks = std::any_of(test.steps.begin(), test.steps.end(), [](const TestStep& s) {
            return s.expect || !s.includes.empty() || !s.excludes.empty() ||
                   !s.variables_after.empty();
        });
        if (!asks)
            error(node, "the test expects nothing",
                  "give an event expect, includes, excludes or variables_after");
        return test;
    }

    TestStep read_step(const YamlNode& node, bool whole_test) {
        TestStep step;
        step.place = policy::place_in(file_, node.offset);
        YamlFields fields(file_, node, "an event", diagnostics_);
        if (node.kind != YamlNode::Kind::kMap)
            return step;
        if (!whole_test)
            fields.text("name");
        clock_ += fields.duration("after").value_or(0);
        if (fields.has("expect"))
            step.expect = fields.texts("expect");
        step.includes = fields.texts("includes");
        step.excludes = fields.texts("excludes");
        EventOptions options;
        options.time_ns = clock_;
        options.other_keys = kStepKeys;
        step.event = read_event(file_, node, names_, diagnostics_, options);
        if (step.event)
            clock_ = step.event->time_ns();
        if (const YamlNodePtr after = fields.node("variables_after"))
            step.variables_after = read_variables(file_, *after, diagnostics_);
        return step;
    }

    static const YamlNode* find(const YamlNode& node, std::string_view key) {
        for (const policy::YamlEntry& entry : node.entries)
            if (entry.key->scalar == key)
                return entry.value.get();
        return nullptr;
    }

    static std::string name_of(const YamlNode& node) {
        const YamlNode* name = find(node, "name");
        return name ? name->scalar : std::string();
    }

    void error(const YamlNode& node, std::string message, std::string hint = {}) {
        diagnostics_.add(secl::Severity::kError, policy::place_in(file_, node.offset), {0, 0},
                         std::move(message), std::move(hint));
    }

    std::shared_ptr<const secl::SourceFile> file_;
    const secl::FieldNames& names_;
    secl::Diagnostics& diagnostics_;
    int64_t clock_ = EventFile::kDefaultTime;
};

}  // namespace

TestFile read_test_file(const std::shared_ptr<const secl::SourceFile>& file,
                        const secl::FieldNames& names, secl::Diagnostics& diagnostics) {
    return Reader(file, names, diagnostics).read();
}

}  // namespace vedette::replay
