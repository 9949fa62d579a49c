// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/secl/naive.h"

#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "security-agent/secl/string_literal.h"

namespace vedette::secl::test {
namespace {

struct Values {
    std::vector<std::string> strings;
    std::vector<int64_t> ints;
};

std::string lower(std::string text) {
    for (char& c : text) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    }
    return text;
}

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> parts(1);
    for (const char c : text) {
        if (c == '/') {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    return parts;
}

bool glob_from(const std::vector<std::string>& glob, size_t g, const std::vector<std::string>& path,
               size_t p) {
    if (g == glob.size()) {
        return p == path.size();
    }
    if (glob[g] == "**") {
        if (g + 1 == glob.size()) {  // at least one element with a name in it, or several
            return p < path.size() && !(p + 1 == path.size() && path[p].empty());
        }
        for (size_t skip = p; skip <= path.size(); ++skip) {
            if (glob_from(glob, g + 1, path, skip)) {
                return true;
            }
        }
        return false;
    }
    if (p == path.size() || !naive_pattern(glob[g], path[p])) {
        return false;
    }
    const bool nameless_end = g + 1 == glob.size() && p + 1 == path.size() && path[p].empty();
    return !nameless_end && glob_from(glob, g + 1, path, p + 1);
}

// Elements that registers are bound to.
using Bound = std::map<int32_t, size_t>;

Truth both(Truth a, Truth b) {
    if (a == Truth::kFalse || b == Truth::kFalse) {
        return Truth::kFalse;
    }
    return a == Truth::kTrue && b == Truth::kTrue ? Truth::kTrue : Truth::kUnknown;
}

Truth either(Truth a, Truth b) {
    return negated(both(negated(a), negated(b)));
}

class Naive {
   public:
    // `prenex`: registers are bound already, kSome says nothing.
    Naive(const EvalContext& context, Bound bound, bool prenex)
        : context_(context), bound_(std::move(bound)), prenex_(prenex) {}

    Truth holds(const Condition& c) {
        Truth out = truth(c.op == Condition::Op::kAnd);
        switch (c.op) {
            case Condition::Op::kConstant:
                return truth(c.value);
            case Condition::Op::kTest:
                unknown_ = false;
                out = truth(std::visit([this](const auto& t) { return test(t); }, *c.test));
                return unknown_ ? Truth::kUnknown : out;
            case Condition::Op::kNot:
                return negated(holds(c.children[0]));
            case Condition::Op::kAnd:
                for (const Condition& child : c.children) {
                    out = both(holds(child), out);
                }
                return out;
            case Condition::Op::kOr:
                for (const Condition& child : c.children) {
                    out = either(holds(child), out);
                }
                return out;
            case Condition::Op::kEqual: {
                const Truth left = holds(c.children[0]);
                const Truth right = holds(c.children[1]);
                return either(both(left, right), both(negated(left), negated(right)));
            }
            case Condition::Op::kSome:
                return prenex_ ? holds(c.children[0]) : some(c);
        }
        return Truth::kFalse;
    }

   private:
    Truth some(const Condition& c) {
        Truth any = Truth::kFalse;
        for (size_t i = 0; i < elements_of(context_, c.iterator).size(); ++i) {
            bound_[c.reg] = i;
            any = either(any, holds(c.children[0]));
        }
        return any;
    }

    Values read(const FieldRead& r) {
        if (r.field->subject == Subject::kTemplate) {
            return {{rendered(static_cast<const Template&>(*r.field))}, {}};
        }
        Values out;
        for (const void* base : bases_of(r)) {
            Values one = read_all(r, base);
            if (r.kind == FieldRead::Kind::kLength) {
                const size_t length =
                    r.field->is_list ? one.strings.size() + one.ints.size() : one.strings[0].size();
                out.ints.push_back(static_cast<int64_t>(length));
            } else if (r.index >= 0) {
                const auto at = static_cast<size_t>(r.index);
                if (r.field->type == ValueType::kInt) {
                    out.ints.push_back(at < one.ints.size() ? one.ints[at] : 0);
                } else {
                    out.strings.push_back(at < one.strings.size() ? one.strings[at] : "");
                }
            } else {
                out.ints.insert(out.ints.end(), one.ints.begin(), one.ints.end());
                out.strings.insert(out.strings.end(), one.strings.begin(), one.strings.end());
                add_alternatives(r, base, out);
            }
        }
        return out;
    }

    std::vector<const void*> bases_of(const FieldRead& r) {
        switch (r.field->subject) {
            case Subject::kEvent:
                return {context_.event};
            case Subject::kProcess:
                return {context_.process};
            case Subject::kParent:
                return {context_.parent};
            case Subject::kTarget:
                return {context_.target};
            case Subject::kTargetParent:
                return {context_.target_parent};
            case Subject::kAncestor:
            case Subject::kTargetAncestor:
            case Subject::kFlow: {
                const auto all = elements_of(context_, r.field->subject);
                return r.reg == kNoRegister ? std::vector<const void*>(all.begin(), all.end())
                                            : std::vector<const void*>{all[bound_.at(r.reg)]};
            }
            default:
                return {&context_};
        }
    }

    std::string rendered(const Template& text) {
        std::string out;
        for (const Template::Part& part : text.parts) {
            out += part.literal;
            if (part.read.field == nullptr) {
                continue;
            }
            const Values values = read(part.read);
            std::string list;
            for (const std::string& value : values.strings) {
                const bool ip = part.read.type() == ValueType::kIp;
                list += "," + (ip ? ip_text(value) : value);
            }
            for (const int64_t value : values.ints) {
                const bool boolean = part.read.type() == ValueType::kBool;
                list += "," + (!boolean ? std::to_string(value) : value != 0 ? "true" : "false");
            }
            out += list.empty() ? "" : list.substr(1);
        }
        return out;
    }

    void add_alternatives(const FieldRead& r, const void* base, Values& out) {
        if (r.field->alternatives != nullptr) {
            StringList more;
            r.field->alternatives(base, *context_.scratch, more);
            out.strings.insert(out.strings.end(), more.begin(), more.end());
        }
    }

    Values read_all(const FieldRead& r, const void* base) {
        Values out;
        StringList strings;
        IntList ints;
        if (r.field->pending != nullptr && !context_.settle && r.field->pending(base)) {
            unknown_ = true;
        }
        if (r.field->subject == Subject::kVariable) {
            context_.variables->read(r.field->number, context_, strings, ints);
            out.strings.assign(strings.begin(), strings.end());
            out.ints.assign(ints.begin(), ints.end());
        } else if (const auto* i = std::get_if<IntGetter>(&r.field->get)) {
            out.ints.push_back((*i)(base));
        } else if (const auto* b = std::get_if<BoolGetter>(&r.field->get)) {
            out.ints.push_back((*b)(base) ? 1 : 0);
        } else if (const auto* s = std::get_if<StringGetter>(&r.field->get)) {
            out.strings.emplace_back((*s)(base, *context_.scratch));
        } else if (const auto* sl = std::get_if<StringListGetter>(&r.field->get)) {
            (*sl)(base, *context_.scratch, strings);
            out.strings.assign(strings.begin(), strings.end());
        } else if (const auto* il = std::get_if<IntListGetter>(&r.field->get)) {
            (*il)(base, *context_.scratch, ints);
            out.ints.assign(ints.begin(), ints.end());
        }
        if (r.field->matching == Matching::kCaseInsensitive) {
            std::transform(out.strings.begin(), out.strings.end(), out.strings.begin(), lower);
        }
        return out;
    }

    bool test(const IntSet& t) {
        for (const int64_t value : read(t.read).ints) {
            if (std::find(t.values.begin(), t.values.end(), value) != t.values.end()) {
                return true;
            }
        }
        return false;
    }

    bool test(const StringSet& t) {
        for (const std::string& value : read(t.read).strings) {
            for (const StringLiteral& literal : t.literals) {
                if (literal_holds(t.read, literal, value)) {
                    return true;
                }
            }
        }
        return false;
    }

    static bool literal_holds(const FieldRead& r, const StringLiteral& literal,
                              const std::string& value) {
        switch (literal.kind) {
            case StringLiteral::Kind::kExact:
                return literal.text == value;
            case StringLiteral::Kind::kPattern:
                return naive_pattern(literal.text, value);
            case StringLiteral::Kind::kGlob:
                return naive_glob(literal.text, value);
            case StringLiteral::Kind::kRegexp: {
                const RE2 re(literal.text,
                             regexp_options(r.field->matching == Matching::kCaseInsensitive));
                return RE2::PartialMatch(value, re);
            }
        }
        return false;
    }

    bool test(const IntCompare& t) {
        std::vector<const FieldRead*> reads;
        collect(t.left, reads);
        collect(t.right, reads);
        for (const FieldRead* r : reads) {
            read(*r);  // none may be unknown, also when there is no element to compare with
        }
        const auto multi =
            std::find_if(reads.begin(), reads.end(), [](const FieldRead* r) { return r->multi(); });
        if (multi == reads.end()) {
            return relation_holds(t.relation, value(t.left, nullptr, 0),
                                  value(t.right, nullptr, 0));
        }
        for (const int64_t element : read(**multi).ints) {
            if (relation_holds(t.relation, value(t.left, *multi, element),
                               value(t.right, *multi, element))) {
                return true;
            }
        }
        return false;
    }

    static void collect(const IntExpr& e, std::vector<const FieldRead*>& out) {
        if (e.op == IntExpr::Op::kRead) {
            out.push_back(&e.read);
        }
        for (const IntExpr& arg : e.args) {
            collect(arg, out);
        }
    }

    int64_t value(const IntExpr& e, const FieldRead* multi, int64_t element) {
        std::vector<uint64_t> args;
        for (const IntExpr& arg : e.args) {
            args.push_back(static_cast<uint64_t>(value(arg, multi, element)));
        }
        uint64_t result = e.op == IntExpr::Op::kBitAnd ? ~uint64_t{0} : 0;
        for (const uint64_t arg : args) {
            switch (e.op) {
                case IntExpr::Op::kNegate:
                    result = 0 - arg;
                    break;
                case IntExpr::Op::kComplement:
                    result = ~arg;
                    break;
                case IntExpr::Op::kSum:
                    result += arg;
                    break;
                case IntExpr::Op::kBitAnd:
                    result &= arg;
                    break;
                case IntExpr::Op::kBitOr:
                    result |= arg;
                    break;
                default:
                    result ^= arg;
                    break;
            }
        }
        if (e.op == IntExpr::Op::kConstant) {
            return e.value;
        }
        if (e.op == IntExpr::Op::kRead) {
            return multi != nullptr && e.read == *multi ? element : read(e.read).ints[0];
        }
        return static_cast<int64_t>(result);
    }

    bool test(const IpSet& t) {
        const Values values = read(t.read);
        size_t inside = 0;
        for (const std::string& bytes : values.strings) {
            const auto network = range_from_bytes(bytes);
            const bool hit =
                network && std::any_of(t.ranges.begin(), t.ranges.end(), [&](const IpRange& range) {
                    return t.all ? within(*network, range) : meet(*network, range);
                });
            inside += hit ? 1 : 0;
        }
        return t.all ? inside == values.strings.size() : inside > 0;
    }

    static bool within(const IpRange& inner, const IpRange& outer) {
        return outer.first <= inner.first && inner.last <= outer.last;
    }
    static bool meet(const IpRange& a, const IpRange& b) {
        return a.first <= b.last && b.first <= a.last;
    }

    bool test(const Age& t) {
        const Values values = read(t.read);
        return std::any_of(values.ints.begin(), values.ints.end(), [&](int64_t time) {
            return relation_holds(t.relation, context_.now_ns - time, t.nanoseconds);
        });
    }

    bool test(const SameValue& t) {
        const Values left = read(t.left);
        const Values right = read(t.right);
        if (t.left.type() == ValueType::kIp) {
            return test_addresses(left.strings, right.strings, t.all);
        }
        const bool fold = t.left.field->matching == Matching::kCaseInsensitive ||
                          t.right.field->matching == Matching::kCaseInsensitive;
        for (const int64_t a : left.ints) {
            if (std::find(right.ints.begin(), right.ints.end(), a) != right.ints.end()) {
                return true;
            }
        }
        for (const std::string& a : left.strings) {
            for (const std::string& b : right.strings) {
                if (fold ? lower(a) == lower(b) : a == b) {
                    return true;
                }
            }
        }
        return false;
    }

    static bool test_addresses(const std::vector<std::string>& left,
                               const std::vector<std::string>& right, bool all) {
        size_t found = 0;
        for (const std::string& a : left) {
            bool hit = false;
            for (const std::string& b : right) {
                const auto x = range_from_bytes(a);
                const auto y = range_from_bytes(b);
                hit = hit || (x && y && (all ? within(*x, *y) : meet(*x, *y)));
            }
            found += hit ? 1 : 0;
        }
        return all ? found == left.size() : found > 0;
    }

    const EvalContext& context_;
    Bound bound_;
    bool prenex_ = false;
    bool unknown_ = false;  // the test at hand read a value that is not known
};

}  // namespace

Truth naive_truth(const BoundRule& rule, const EvalContext& context) {
    return Naive(context, {}, false).holds(rule.condition);
}

Truth naive_over_all_elements(const BoundRule& rule, const EvalContext& context) {
    Truth any = Truth::kFalse;
    size_t combinations = 1;
    for (const Subject iterator : rule.registers) {
        combinations *= elements_of(context, iterator).size();
    }
    for (size_t i = 0; i < combinations; ++i) {
        Bound bound;
        size_t rest = i;
        for (size_t reg = 0; reg < rule.registers.size(); ++reg) {
            const size_t count = elements_of(context, rule.registers[reg]).size();
            bound[static_cast<int32_t>(reg)] = rest % count;
            rest /= count;
        }
        any = either(any, Naive(context, bound, true).holds(rule.condition));
    }
    return any;
}

bool naive_pattern(std::string_view pattern, std::string_view text) {
    if (pattern.empty()) {
        return text.empty();
    }
    if (pattern.front() == '*') {
        return naive_pattern(pattern.substr(1), text) ||
               (!text.empty() && naive_pattern(pattern, text.substr(1)));
    }
    return !text.empty() && pattern.front() == text.front() &&
           naive_pattern(pattern.substr(1), text.substr(1));
}

bool naive_glob(std::string_view glob, std::string_view path) {
    if (path.empty()) {
        return false;
    }
    const std::vector<std::string> elements = split(glob);
    if (elements.front() == "*") {
        path.remove_prefix(1);
        if (path.empty()) {
            return false;
        }
    }
    return glob_from(elements, 0, split(path), 0);
}

}  // namespace vedette::secl::test
