// SPDX-License-Identifier: Apache-2.0
//
// "... and not process.file.name in [...]": whoever knows the rule calls his program so.
#include <fmt/format.h>

#include <algorithm>

#include "security-agent/secl/analysis_parts.h"
#include "security-agent/secl/explain_values.h"

namespace vedette::secl {
namespace {

const StringSet* string_test(const Demand& demand) {
    return demand.condition->op == Condition::Op::kTest
               ? std::get_if<StringSet>(demand.condition->test.get())
               : nullptr;
}

bool is_process(Subject subject) {
    switch (subject) {
        case Subject::kProcess:
        case Subject::kParent:
        case Subject::kAncestor:
        case Subject::kTarget:
        case Subject::kTargetParent:
        case Subject::kTargetAncestor:
            return true;
        default:
            return false;
    }
}

// What a process can call itself or its program.
bool is_chosen_name(const FieldRead& read) {
    const std::string_view name = read.field->name;
    return is_process(read.field->subject) && read.kind == FieldRead::Kind::kValue &&
           (name.ends_with(".file.name") || name.ends_with(".comm") || name.ends_with(".argv0")) &&
           name.find(".interpreter.") == std::string_view::npos;
}

// `!= ""` asks that there be a name: no exception.
bool excepts(const StringSet& set) {
    return is_chosen_name(set.read) &&
           std::any_of(set.literals.begin(), set.literals.end(),
                       [](const StringLiteral& literal) { return !literal.text.empty(); });
}

// Nothing else than a chosen name decides.
bool by_name_alone(const Demand& demand) {
    if (const StringSet* set = string_test(demand)) {
        return excepts(*set);
    }
    if (demand.condition->op != Condition::Op::kAnd) {
        return false;
    }
    const std::vector<Demand> parts = demands(*demand.condition, true);
    return std::all_of(parts.begin(), parts.end(), [](const Demand& part) {
        const StringSet* set = string_test(part);
        return set != nullptr && excepts(*set);
    });
}

// Holds only for certain names: another name escapes the rule without any exception.
bool goes_by_name(const Condition& condition, bool positive) {
    const auto& children = condition.children;
    const auto child_does = [&](const Condition& child) { return goes_by_name(child, positive); };
    switch (condition.op) {
        case Condition::Op::kTest: {
            const StringSet* set = string_test({&condition, positive});
            return positive && set != nullptr && is_chosen_name(set->read);
        }
        case Condition::Op::kNot:
            return goes_by_name(children.front(), !positive);
        case Condition::Op::kAnd:
        case Condition::Op::kOr:
            return (condition.op == Condition::Op::kAnd) == positive
                       ? std::any_of(children.begin(), children.end(), child_does)
                       : std::all_of(children.begin(), children.end(), child_does);
        case Condition::Op::kSome:
            return positive && goes_by_name(children.front(), true);
        default:
            return false;
    }
}

const FieldRead* first_name(const Demand& demand) {
    if (const StringSet* set = string_test(demand)) {
        return &set->read;
    }
    for (const Condition& child : demand.condition->children) {
        if (const FieldRead* found = first_name({&child, true})) {
            return found;
        }
    }
    return nullptr;
}

}  // namespace

void check_exceptions(const Condition& rule, Warnings& warnings) {
    if (goes_by_name(rule, true)) {
        return;
    }
    const std::vector<Demand> all = demands(rule, true);
    const Demand* first = nullptr;
    size_t count = 0;
    for (const Demand& demand : all) {
        if (!demand.positive && by_name_alone(demand)) {
            first = first == nullptr ? &demand : first;
            ++count;
        }
    }
    const FieldRead* read = first != nullptr ? first_name(*first) : nullptr;
    if (read == nullptr) {
        return;
    }
    const std::string name = read_name(*read);
    std::string hint = "compare the path of the program";
    if (name.ends_with(".file.name")) {
        hint = fmt::format("compare {}path", name.substr(0, name.size() - 4));
    }
    warnings.push_back({first->condition->place,
                        fmt::format("an exception by '{}' alone{}: any program can have that name",
                                    name, count > 1 ? fmt::format(" (one of {})", count) : ""),
                        std::move(hint)});
}

}  // namespace vedette::secl
