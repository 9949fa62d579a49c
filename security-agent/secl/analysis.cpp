// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/analysis.h"

#include <fmt/format.h>

#include <algorithm>

#include "security-agent/secl/analysis_parts.h"
#include "security-agent/secl/explain_values.h"
#include "security-agent/secl/registers.h"

namespace vedette::secl {
namespace {

constexpr size_t kShownText = 80;
constexpr size_t kBudget = 20'000;  // comparisons of literals for one rule
constexpr size_t kFastBytes = 3;    // of a literal that an automaton finds for all rules at once

using Op = Condition::Op;

// ---- always true, always false

class Folding {
   public:
    explicit Folding(Warnings& warnings) : warnings_(warnings) {}

    Fold of(const Condition& condition) {
        switch (condition.op) {
            case Op::kConstant:
                return condition.value ? Fold::kAlways : Fold::kNever;
            case Op::kTest:
                return test(condition);
            case Op::kNot:
                return negated(of(condition.children.front()));
            case Op::kAnd:
            case Op::kOr:
                return junction(condition);
            case Op::kEqual:
                of(condition.children[0]);
                of(condition.children[1]);
                return Fold::kDepends;
            case Op::kSome:  // of no elements nothing holds
                return of(condition.children.front()) == Fold::kNever ? Fold::kNever
                                                                      : Fold::kDepends;
        }
        return Fold::kDepends;
    }

   private:
    Fold test(const Condition& condition) {
        const Fold numbers = check_numbers(condition, warnings_);
        const Fold strings = check_strings(condition, warnings_);
        return numbers != Fold::kDepends ? numbers : strings;
    }

    Fold junction(const Condition& condition) {
        const bool conjunction = condition.op == Op::kAnd;
        const Fold decisive = conjunction ? Fold::kNever : Fold::kAlways;
        bool decided = false;
        bool all_neutral = true;
        for (const Condition& child : condition.children) {
            const Fold one = of(child);
            decided = decided || one == decisive;
            all_neutral = all_neutral && one == negated(decisive);
        }
        if (decided) {
            return decisive;
        }
        if (all_neutral) {
            return negated(decisive);
        }
        const std::vector<Demand> parts = demands(condition, conjunction);
        const std::vector<Demand> found = conflict(parts, budget_);
        if (found.empty()) {
            return Fold::kDepends;
        }
        report(condition, found, conjunction);
        return decisive;
    }

    void report(const Condition& condition, const std::vector<Demand>& found, bool conjunction) {
        const auto text =
            [&](const Demand& demand) {  // of alternatives the demands are the negations
                const bool as_written = demand.shown_positive == conjunction;
                return fmt::format("{}'{}'", as_written ? "" : "not ",
                                   source_text(demand.shown->place, kShownText));
            };
        const std::string first = text(found.front());
        std::string message;
        if (found.size() > 1) {
            const std::string second = text(found.back());
            message =
                conjunction
                    ? fmt::format("always false: {} and {} never hold together", first, second)
                    : fmt::format("always true: one of {} and {} always holds", first, second);
        } else {
            message = conjunction
                          ? fmt::format("always false: what passes {} never passes the rest", first)
                          : fmt::format("always true: {} holds where the rest does not", first);
        }
        warnings_.push_back({condition.place, std::move(message), {}});
    }

    Warnings& warnings_;
    size_t budget_ = kBudget;
};

// ---- expensive

bool is_long(const FieldRead& read) {
    const std::string_view name = read.field->name;
    const std::string_view part = name.substr(name.rfind('.') + 1);
    return is_iterated(read.field->subject) || part == "args" || part == "argv" || part == "envp" ||
           part == "envs" || part == "args_options" || part == "args_flags";
}

size_t longest_segment(std::string_view pattern) {
    size_t longest = 0;
    size_t length = 0;
    for (const char c : pattern) {
        length = c == '*' ? 0 : length + 1;
        longest = std::max(longest, length);
    }
    return longest;
}

// Costs time for every event whose rule gets as far as this test.
const StringLiteral* slow_literal(const StringSet& set) {
    if (!is_long(set.read) || set.read.kind != FieldRead::Kind::kValue) {
        return nullptr;
    }
    for (const StringLiteral& literal : set.literals) {
        const bool regexp = literal.kind == StringLiteral::Kind::kRegexp;
        const bool pattern = literal.kind == StringLiteral::Kind::kPattern ||
                             literal.kind == StringLiteral::Kind::kGlob;
        if (regexp ? !regexp_shape(literal.text).anchored
                   : pattern && longest_segment(literal.text) < kFastBytes && literal.text != "*") {
            return &literal;
        }
    }
    return nullptr;
}

// Something that the index looks up keeps most events from the rest of the rule.
bool is_selective(const Demand& demand) {
    if (demand.condition->op == Op::kAnd || demand.condition->op == Op::kOr) {
        const std::vector<Demand> parts = demands(*demand.condition, demand.positive);
        const bool any = demand.condition->op == (demand.positive ? Op::kAnd : Op::kOr);
        if (any) {
            return std::any_of(parts.begin(), parts.end(), is_selective);
        }
        const auto& children = demand.condition->children;
        return std::all_of(children.begin(), children.end(), [&](const Condition& child) {
            const std::vector<Demand> own = demands(child, demand.positive);
            return std::any_of(own.begin(), own.end(), is_selective);
        });
    }
    if (!demand.positive || demand.condition->op != Op::kTest) {
        return false;
    }
    const Test& test = *demand.condition->test;
    if (const auto* set = std::get_if<StringSet>(&test)) {
        return slow_literal(*set) == nullptr;
    }
    const auto* ints = std::get_if<IntSet>(&test);
    return ints != nullptr || std::holds_alternative<IpSet>(test);
}

void check_slow_tests(const Condition& rule, Warnings& warnings) {
    const std::vector<Demand> parts = demands(rule, true);
    if (std::any_of(parts.begin(), parts.end(), is_selective)) {
        return;
    }
    for (const Demand& demand : parts) {
        const auto* set = demand.condition->op == Op::kTest
                              ? std::get_if<StringSet>(demand.condition->test.get())
                              : nullptr;
        const StringLiteral* literal = set != nullptr ? slow_literal(*set) : nullptr;
        if (literal == nullptr) {
            continue;
        }
        const bool regexp = literal->kind == StringLiteral::Kind::kRegexp;
        warnings.push_back(
            {demand.shown->place,
             fmt::format("{} is tried on every '{}' of every event of this type",
                         literal_text(*literal, kShownText), read_name(set->read)),
             regexp
                 ? "begin it with '^' and text, use a pattern ~\"*text*\", or add a test of a name "
                   "or path before it"
                 : "give it at least three bytes in a row, or add a test of a name or path"});
        return;
    }
}

void check_registers(const Condition& condition, Warnings& warnings) {
    if (condition.op == Op::kSome && joined_registers(condition) > 1) {
        warnings.push_back({condition.place,
                            "two registers meet in one comparison: every element is compared with "
                            "every other",
                            "compare each register with constants, or leave one out"});
        return;
    }
    for (const Condition& child : condition.children) {
        check_registers(child, warnings);
    }
}

// How many tests say what event the rule is for.
size_t event_tests(const Condition& condition) {
    size_t count = 0;
    for (const Condition& child : condition.children) {
        count += event_tests(child);
    }
    if (condition.op != Op::kTest) {
        return count;
    }
    std::vector<const FieldRead*> reads;
    collect_reads(*condition.test, reads);
    const bool any = std::any_of(reads.begin(), reads.end(), [](const FieldRead* read) {
        return read->field->event != kAnyEvent;
    });
    return any ? 1 : 0;
}

}  // namespace

void analyse(const BoundRule& rule, std::string_view id, Diagnostics& diagnostics) {
    if (rule.condition.op == Op::kConstant) {
        return;  // said already
    }
    Warnings warnings;
    const Fold whole = Folding(warnings).of(rule.condition);
    if (event_tests(rule.condition) == 1) {
        std::erase_if(warnings, [](const Warning& warning) {
            return warning.always != nullptr && warning.always->event != kAnyEvent;
        });
    }
    if (whole != Fold::kDepends && !warnings.empty()) {
        std::string& hint = warnings.front().hint;
        hint += fmt::format(
            "{}the rule {}", hint.empty() ? "" : "; as it is ",
            whole == Fold::kNever ? "can never match" : "matches every event of its type");
    }
    if (whole != Fold::kNever) {
        check_slow_tests(rule.condition, warnings);
        check_registers(rule.condition, warnings);
        check_exceptions(rule.condition, warnings);
    }
    for (Warning& warning : warnings) {
        if (warning.place.source != nullptr) {
            diagnostics.add(Severity::kWarning, *warning.place.source, warning.place.span,
                            std::move(warning.message), std::move(warning.hint), id);
        }
    }
}

}  // namespace vedette::secl
