// SPDX-License-Identifier: Apache-2.0
//
// Where a rule stands makes no difference: random policies, shuffled between files and within them, give the same rules
// in the same order with the same variables, and match the same events.
//
// What does depend on order, as in the reference, and is left out here: which of two definitions of one id comes first
// (duplicates, `combine`), and what a rule is because its file is default.policy (its place in the order of evaluation,
// its expression under an override). Rules stay in or out of default.policy when they are shuffled.
#include <algorithm>
#include <random>

#include "tests/unit/policy/support.h"
#include "tests/unit/secl/random_rules.h"

namespace vedette::policy {

using namespace test;

namespace {

struct Item {
    std::string text;
    bool is_default = false;
};

class RandomPolicies {
   public:
    explicit RandomPolicies(uint32_t seed) : rules_(seed), random_(seed) {
        items_.push_back({macro("MACRO_LIST", "values: [a, ab, abc]"), false});
        items_.push_back({macro("MACRO_EXPR", "expression: open.flags == 1"), false});
        const size_t count = 2 + below(8);
        for (size_t i = 0; i < count; ++i) {
            items_.push_back({rule(i), below(4) == 0});
        }
        items_.push_back({reader(), false});
        items_.push_back({declarations(), false});
    }

    // The same definitions in other places.
    Files shuffled() {
        std::shuffle(items_.begin(), items_.end(), random_);
        const size_t files = 1 + below(4);
        Files out;
        for (size_t i = 0; i <= files; ++i) {
            out.emplace_back(
                i == 0 ? "default.policy" : std::string(1, static_cast<char>('a' + i)) + ".policy",
                "");
        }
        for (const Item& item : items_) {
            out[item.is_default ? 0 : 1 + below(files)].second += item.text;
        }
        for (auto& [name, text] : out) {
            text = assemble(text);
        }
        std::shuffle(out.begin(), out.end(), random_);
        return out;
    }

    secl::test::FakeEvent event() { return rules_.event(); }

   private:
    size_t below(size_t limit) {
        return std::uniform_int_distribution<size_t>(0, limit - 1)(random_);
    }

    static std::string macro(const std::string& id, const std::string& body) {
        return "M  - {id: " + id + ", " + body + "}\n";
    }

    std::string rule(size_t number) {
        const std::string id = "r" + std::to_string(below(100)) + "_" + std::to_string(number);
        std::string out = "R  - id: " + id + "\nR    expression: |-\nR      " + rules_.rule() +
                          "\nR    priority: " + std::to_string(below(3)) + "\n";
        if (below(4) == 0) {
            out += "R    tags: {execution_context: true}\n";
        }
        if (below(2) == 0) {
            static const char* const kSets[] = {
                "name: seen, field: open.file.name, append: true",
                "name: seen, value: abc, append: true, size: 5",
                "name: last, field: open.flags, scope: process",
                "name: last, value: 7, scope: process, ttl: 10s",
                "name: last, value: 8, scope: process, ttl: 20s, inherited: true",
                "name: clash, value: 1",
                "name: clash, value: one",
                "name: mark, expression: open.flags + 1, default_value: 0, private: true"};
            out += std::string("R    actions: [{set: {") + kSets[below(std::size(kSets))] + "}}]\n";
        }
        return out;
    }

    // Reads what others may or may not set.
    static std::string reader() {
        return "R  - {id: reader, expression: 'open.file.name in ${seen} && open.flags > "
               "${process.last}'}\n";
    }

    // The variables that random_rules.h knows.
    static std::string declarations() {
        return "R  - id: declares\nR    expression: open.flags == 77\nR    actions:\n"
               "R      - set: {name: text, value: a}\nR      - set: {name: num, value: 1}\n"
               "R      - set: {name: flag, value: true}\nR      - set: {name: ip, value: "
               "10.0.0.1}\n"
               "R      - set: {name: names, scope: process, value: [a]}\n"
               "R      - set: {name: nums, scope: process, value: [1]}\n"
               "R      - set: {name: nets, scope: cgroup, value: [10.0.0.0/8]}\n";
    }

    // Lines of macros are marked M, those of rules R.
    static std::string assemble(const std::string& marked) {
        std::string macros;
        std::string rules;
        for (size_t at = 0; at < marked.size();) {
            const size_t end = marked.find('\n', at) + 1;
            (marked[at] == 'M' ? macros : rules) += marked.substr(at + 1, end - at - 1);
            at = end;
        }
        return (macros.empty() ? "" : "macros:\n" + macros) +
               (rules.empty() ? "" : "rules:\n" + rules);
    }

    secl::test::RandomRules rules_;
    std::mt19937 random_;
    std::vector<Item> items_;
};

// Values of the event by name: every rule set numbers its variables for itself.
class Values final : public secl::VariableReader {
   public:
    Values(const secl::VariableTable& table, const secl::test::FakeEvent& event)
        : table_(table), event_(event) {}
    void read(uint32_t number, const secl::EvalContext&, secl::StringList& strings,
              secl::IntList& ints) const override {
        const secl::Variable& variable = table_.at(number);
        const auto it = event_.variables.find(variable.name);
        const secl::VariableValue& value =
            it != event_.variables.end() ? it->second : variable.default_value;
        strings.insert(strings.end(), value.strings.begin(), value.strings.end());
        ints.insert(ints.end(), value.ints.begin(), value.ints.end());
    }

   private:
    const secl::VariableTable& table_;
    const secl::test::FakeEvent& event_;
};

struct Summary {
    std::vector<std::string> rules;
    std::vector<std::string> failed;
    std::vector<secl::Variable> variables;

    bool operator==(const Summary&) const = default;
};

Summary summary(const CompiledPolicies& compiled) {
    Summary out;
    out.rules = rule_ids(compiled);
    for (const PolicyReport& policy : compiled.policies) {
        for (const RuleReport& one : policy.rules) {
            if (one.status == RuleStatus::kError) {
                out.failed.push_back(one.id + ": " + std::string(to_string(one.error)));
            }
        }
    }
    std::sort(out.failed.begin(), out.failed.end());
    for (uint32_t i = 0; i < compiled.variables->size(); ++i) {
        out.variables.push_back(compiled.variables->at(i));
    }
    return out;
}

std::vector<std::string> matches(const CompiledPolicies& compiled,
                                 const secl::test::FakeEvent& event) {
    secl::EvalState state;
    const secl::test::FakeContext fake(event);
    const Values values(*compiled.variables, event);
    secl::EvalContext context = fake.get();
    context.variables = &values;
    std::vector<std::string> out;
    for (const uint32_t number : compiled.rule_set->evaluate(context, state).matched) {
        out.push_back(compiled.rules[number].id);
    }
    return out;
}

}  // namespace

TEST_CASE("property: files and rules in any order are the same rule set") {
    size_t matched = 0;
    size_t in_force = 0;
    for (uint32_t seed = 0; seed < 60; ++seed) {
        RandomPolicies policies(seed);
        const CompiledPolicies first = compile_files(policies.shuffled());
        INFO("seed " << seed << "\n" << secl::render(first.diagnostics));
        const Summary expected = summary(first);
        in_force += expected.rules.size();
        for (int permutation = 0; permutation < 4; ++permutation) {
            const CompiledPolicies other = compile_files(policies.shuffled());
            REQUIRE((summary(other) == expected));
            for (int i = 0; i < 20; ++i) {
                const secl::test::FakeEvent event = policies.event();
                const auto found = matches(first, event);
                matched += found.size();
                REQUIRE(found == matches(other, event));
            }
        }
    }
    CHECK(in_force > 150);
    CHECK(matched > 200);
}

}  // namespace vedette::policy
