// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>

#include "security-agent/secl/bound_eval.h"
#include "security-agent/secl/explain_values.h"
#include "security-agent/secl/read_values.h"

namespace vedette::secl {
namespace {

constexpr size_t kMaxNodes = 10'000;
constexpr size_t kMaxText = 160;
constexpr size_t kMaxValue = 120;
constexpr size_t kMaxValues = 10;  // of one read

using Op = Condition::Op;

bool same_place(const Place& a, const Place& b) {
    return a.source == b.source && a.span.begin == b.span.begin && a.span.end == b.span.end;
}

std::string_view op_name(Op op) {
    switch (op) {
        case Op::kConstant:
            return "constant";
        case Op::kTest:
            return "test";
        case Op::kNot:
            return "not";
        case Op::kAnd:
            return "and";
        case Op::kOr:
            return "or";
        case Op::kEqual:
            return "equal";
        case Op::kSome:
            return "some";
    }
    return "";
}

std::string value_text(const FieldRead& read, int64_t value) {
    if (read.type() == ValueType::kBool) {
        return value != 0 ? "true" : "false";
    }
    return read.kind == FieldRead::Kind::kValue ? constant_text(read.field->constants, value)
                                                : std::to_string(value);
}

std::string value_text(const FieldRead& read, std::string_view value) {
    return read.type() == ValueType::kIp ? address_text(value) : quoted(value, kMaxValue);
}

// "1.5s", "20m", "3h", "2d": how long ago a time was, or how far ahead.
std::string age_text(int64_t now, int64_t time) {
    const bool ahead = time > now;
    const auto span =
        static_cast<double>(ahead ? time : now) - static_cast<double>(ahead ? now : time);
    struct Unit {
        double nanoseconds;
        std::string_view name;
    };
    constexpr Unit kUnits[] = {{86400e9, "d"}, {3600e9, "h"}, {60e9, "m"}, {1e9, "s"}, {1e6, "ms"}};
    const Unit* unit = std::find_if(std::begin(kUnits), std::prev(std::end(kUnits)),
                                    [&](const Unit& u) { return span >= u.nanoseconds; });
    return fmt::format("{:.4g}{} {}", span / unit->nanoseconds, unit->name,
                       ahead ? "ahead" : "ago");
}

// "A" of "process.ancestors[A].file.name".
std::string register_name(std::string_view text) {
    for (size_t open = text.find('['); open != std::string_view::npos;
         open = text.find('[', open + 1)) {
        const size_t close = text.find(']', open);
        const std::string_view name = text.substr(open + 1, close - open - 1);
        const bool number = !name.empty() && name.front() >= '0' && name.front() <= '9';
        const bool word = std::all_of(name.begin(), name.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '_';
        });
        if (close != std::string_view::npos && open > 0 && text[open - 1] == 's' && word &&
            !number && !name.empty()) {
            return std::string(name);
        }
    }
    return {};
}

class Explainer {
   public:
    Explainer(const EvalContext& context, size_t registers)
        : context_(context), registers_(registers, 0) {}

    Explained of(const Condition& condition) {
        Explained out;
        out.op = op_name(condition.op);
        out.text = source_text(condition.place, kMaxText);
        ++nodes_;
        if (nodes_ > kMaxNodes) {
            out.truth = evaluate(condition, context_, registers_);
            return out;
        }
        switch (condition.op) {
            case Op::kConstant:
                out.truth = truth(condition.value);
                break;
            case Op::kTest:
                test(condition, out);
                break;
            case Op::kNot:
                negation(condition, out);
                break;
            case Op::kSome:
                some(condition, out);
                break;
            case Op::kAnd:
            case Op::kOr:
            case Op::kEqual:
                several(condition, out);
                break;
        }
        return out;
    }

   private:
    void test(const Condition& condition, Explained& out) {
        out.truth = evaluate(*condition.test, context_, registers_);
        std::vector<const FieldRead*> reads;
        collect_reads(*condition.test, reads);
        for (const FieldRead* one : reads) {
            const bool again =
                std::any_of(reads.begin(), std::find(reads.begin(), reads.end(), one),
                            [&](const FieldRead* r) { return *r == *one; });
            if (!again) {
                out.reads.push_back(read(*one));
            }
        }
        if (const auto* set = std::get_if<StringSet>(condition.test.get())) {
            out.matched = matched(*set);
        }
    }

    ExplainedRead read(const FieldRead& one) {
        SlotValues values;
        read_values(one, context_, registers_, values);
        ExplainedRead out;
        const Subject subject = one.field->subject;
        out.name = subject == Subject::kVariable ? "${" + read_name(one) + "}" : read_name(one);
        out.pending = values.pending;
        const auto add = [&](const auto& list) {
            for (const auto& value : list) {
                if (out.values.size() < kMaxValues) {
                    out.values.push_back(value_text(one, value));
                } else {
                    ++out.more;
                }
            }
        };
        add(values.strings);
        add(values.ints);
        if (one.field->is_time && one.kind == FieldRead::Kind::kValue) {
            for (size_t i = 0; i < out.values.size() && i < values.ints.size(); ++i) {
                if (values.ints[i] != 0) {
                    out.values[i] +=
                        fmt::format(" ({})", age_text(context_.now_ns, values.ints[i]));
                }
            }
        }
        if (one.reg != kNoRegister) {
            out.element = registers_[static_cast<size_t>(one.reg)];
        }
        return out;
    }

    // The first literal that some value matches.
    std::string matched(const StringSet& set) {
        SlotValues values;
        read_values(set.read, context_, registers_, values);
        if (values.pending) {
            return {};
        }
        const bool fold = set.read.field->matching == Matching::kCaseInsensitive;
        StringSet one{set.read, {}};
        for (const std::string_view value : values.strings) {
            const std::string_view folded = fold ? lower(value, *context_.scratch) : value;
            if (!matches(set, folded)) {
                continue;
            }
            for (const StringLiteral& literal : set.literals) {
                one.literals = {literal};
                if (matches(one, folded)) {
                    return literal_text(literal, kMaxValue);
                }
            }
        }
        return {};
    }

    // `a != b` is one line, not a line "not" over a line "equal".
    void negation(const Condition& condition, Explained& out) {
        const Condition& child = condition.children.front();
        Explained inner = of(child);
        out.truth = negated(inner.truth);
        if (child.op == Op::kTest && same_place(child.place, condition.place)) {
            out.op = "test";
            out.reads = std::move(inner.reads);
            out.matched = std::move(inner.matched);
        } else {
            out.children.push_back(std::move(inner));
        }
    }

    void several(const Condition& condition, Explained& out) {
        std::vector<const Condition*> children;
        for (const Condition& child : condition.children) {
            children.push_back(&child);
        }
        const auto in_text = [&](const Condition* child) {  // those of macros last
            const bool own = child->place.source == condition.place.source;
            return own ? child->place.span.begin : std::numeric_limits<uint32_t>::max();
        };
        std::stable_sort(children.begin(), children.end(),
                         [&](const auto* a, const auto* b) { return in_text(a) < in_text(b); });
        out.truth = condition.op == Op::kAnd ? Truth::kTrue : Truth::kFalse;
        for (const Condition* child : children) {
            out.children.push_back(of(*child));
            const Truth one = out.children.back().truth;
            out.truth =
                condition.op == Op::kAnd ? std::min(out.truth, one) : std::max(out.truth, one);
        }
        if (condition.op == Op::kEqual) {
            const Truth left = out.children[0].truth;
            const Truth right = out.children[1].truth;
            out.truth = left == Truth::kUnknown || right == Truth::kUnknown ? Truth::kUnknown
                                                                            : truth(left == right);
        }
    }

    // The element for which it holds; when there is none, the one that passes most of what must hold.
    void some(const Condition& condition, Explained& out) {
        const Condition& child = condition.children.front();
        const auto reg = static_cast<size_t>(condition.reg);
        out.elements = elements_of(context_, condition.iterator).size();
        out.truth = Truth::kFalse;
        out.reg = register_name(source_text(condition.place, kMaxText * 4));
        size_t best = 0;
        size_t best_score = 0;
        for (size_t i = 0; i < out.elements && out.truth != Truth::kTrue; ++i) {
            registers_[reg] = i;
            const Truth one = evaluate(child, context_, registers_);
            const size_t now = score(child);
            if (one > out.truth || (one == out.truth && now > best_score)) {
                best = i;
                best_score = now;
            }
            out.truth = std::max(out.truth, one);
        }
        if (out.elements > 0) {
            registers_[reg] = best;
            out.element = best;
            out.children.push_back(of(child));
        }
    }

    size_t score(const Condition& condition) {
        if (condition.op != Op::kAnd) {
            return 0;
        }
        return static_cast<size_t>(std::count_if(
            condition.children.begin(), condition.children.end(),
            [&](const auto& c) { return evaluate(c, context_, registers_) == Truth::kTrue; }));
    }

    const EvalContext& context_;
    std::vector<size_t> registers_;
    size_t nodes_ = 0;
};

// Downwards: what made `tree` what it is.
void mark(Explained& tree) {
    tree.decisive = true;
    const Truth stop = tree.op == "and"  ? Truth::kFalse
                       : tree.op == "or" ? Truth::kTrue
                                         : Truth::kUnknown;
    const bool stopped = (tree.op == "and" || tree.op == "or") && tree.truth == stop;
    for (Explained& child : tree.children) {
        const bool counts =
            stopped || (tree.truth == Truth::kUnknown && tree.op != "not" && tree.op != "some")
                ? child.truth == tree.truth
                : true;
        if (counts) {
            mark(child);
        }
    }
}

}  // namespace

Explained explain(const Condition& condition, size_t registers, const EvalContext& context) {
    Explained tree = Explainer(context, registers).of(condition);
    mark(tree);
    return tree;
}

Explained explain(const BoundRule& rule, const EvalContext& context) {
    return explain(rule.condition, rule.registers.size(), context);
}

}  // namespace vedette::secl
