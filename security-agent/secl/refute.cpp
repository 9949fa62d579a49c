// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/refute.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "security-agent/secl/bound_eval.h"
#include "security-agent/secl/pattern.h"

namespace vedette::secl {
namespace {

/// The element before the next slash, taken off the front of `path`.
std::string_view take_element(std::string_view& path) {
    const size_t slash = path.find('/');
    const std::string_view element = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    return element;
}

/// False: no path below `directory` is one of this glob's. Elements are matched one by one, as the glob does.
bool glob_reaches_below(std::string_view glob, std::string_view directory) {
    if (!glob.starts_with('/') || !directory.starts_with('/')) {
        return true;
    }
    glob.remove_prefix(1);
    directory.remove_prefix(1);
    while (!directory.empty()) {
        const std::string_view wanted = take_element(glob);
        if (wanted.find("**") != std::string_view::npos) {
            return true;
        }
        if (!Pattern(wanted).matches(take_element(directory))) {
            return false;
        }
    }
    return !glob.empty();
}

bool reaches_below(const StringLiteral& literal, std::string_view directory) {
    switch (literal.kind) {
        case StringLiteral::Kind::kExact:
            return literal.text.size() > directory.size() && literal.text.starts_with(directory) &&
                   literal.text[directory.size()] == '/';
        case StringLiteral::Kind::kGlob:
            return glob_reaches_below(literal.text, directory);
        case StringLiteral::Kind::kPattern:
        case StringLiteral::Kind::kRegexp:
            return true;
    }
    return true;
}

bool is_plain(const FieldRead& read) {
    return read.reg == kNoRegister && !is_iterated(read.field->subject);
}

}  // namespace

Truth evaluate_known(const Condition& condition, const std::function<Truth(const Test&)>& known) {
    switch (condition.op) {
        case Condition::Op::kConstant:
            return truth(condition.value);
        case Condition::Op::kTest:
            return known(*condition.test);
        case Condition::Op::kNot:
            return negated(evaluate_known(condition.children.front(), known));
        case Condition::Op::kAnd:
        case Condition::Op::kOr: {
            const bool conjunction = condition.op == Condition::Op::kAnd;
            Truth all = truth(conjunction);
            for (const Condition& child : condition.children) {
                const Truth one = evaluate_known(child, known);
                all = conjunction ? std::min(all, one) : std::max(all, one);
            }
            return all;
        }
        case Condition::Op::kEqual: {
            const Truth left = evaluate_known(condition.children[0], known);
            const Truth right = evaluate_known(condition.children[1], known);
            return left == Truth::kUnknown || right == Truth::kUnknown ? Truth::kUnknown
                                                                       : truth(left == right);
        }
        case Condition::Op::kSome:  // true only where there are elements
            return std::min(evaluate_known(condition.children.front(), known), Truth::kUnknown);
    }
    return Truth::kUnknown;
}

Truth known_test(const Test& test, const EvalContext& context,
                 const std::function<bool(std::string_view field)>& is_known) {
    std::vector<const FieldRead*> reads;
    collect_reads(test, reads);
    const bool all =
        !reads.empty() && std::all_of(reads.begin(), reads.end(), [&](const FieldRead* read) {
            return is_plain(*read) && is_known(read->field->name);
        });
    return all ? evaluate(test, context, {}) : Truth::kUnknown;
}

Truth test_below(const Test& test, std::string_view directory, std::string_view path_field) {
    const auto* set = std::get_if<StringSet>(&test);
    if (set == nullptr || !is_plain(set->read) || set->read.field->name != path_field ||
        set->read.kind != FieldRead::Kind::kValue) {
        return Truth::kUnknown;
    }
    return std::any_of(
               set->literals.begin(), set->literals.end(),
               [&](const StringLiteral& literal) { return reaches_below(literal, directory); })
               ? Truth::kUnknown
               : Truth::kFalse;
}

}  // namespace vedette::secl
