// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/secl/naive.h"

#include <re2/re2.h>

#include <algorithm>
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

class Naive {
   public:
    Naive(const EvalContext& context, std::vector<size_t> bound)
        : context_(context), bound_(std::move(bound)) {}

    bool holds(const Condition& c) {
        switch (c.op) {
            case Condition::Op::kConstant:
                return c.value;
            case Condition::Op::kTest:
                return std::visit([this](const auto& t) { return test(t); }, *c.test);
            case Condition::Op::kNot:
                return !holds(c.children[0]);
            case Condition::Op::kAnd: {
                bool all = true;
                for (const Condition& child : c.children) {
                    all = holds(child) && all;
                }
                return all;
            }
            case Condition::Op::kOr: {
                bool any = false;
                for (const Condition& child : c.children) {
                    any = holds(child) || any;
                }
                return any;
            }
            case Condition::Op::kEqual:
                return holds(c.children[0]) == holds(c.children[1]);
            case Condition::Op::kSome:
                return holds(c.children[0]);
        }
        return false;
    }

   private:
    Values read(const FieldRead& r) {
        Values out;
        std::vector<const void*> bases;
        switch (r.field->subject) {
            case Subject::kEvent:
                bases = {context_.event};
                break;
            case Subject::kProcess:
                bases = {context_.process};
                break;
            case Subject::kParent:
                bases = {context_.parent};
                break;
            case Subject::kContext:
                bases = {&context_};
                break;
            case Subject::kAncestor: {
                const auto all = elements_of(context_, Subject::kAncestor);
                if (r.reg == kNoRegister) {
                    bases.assign(all.begin(), all.end());
                } else {
                    bases = {all[bound_[static_cast<size_t>(r.reg)]]};
                }
                break;
            }
            default:
                break;
        }
        for (const void* base : bases) {
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
            }
        }
        return out;
    }

    Values read_all(const FieldRead& r, const void* base) {
        Values out;
        StringList strings;
        IntList ints;
        if (const auto* i = std::get_if<IntGetter>(&r.field->get)) {
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
            const auto address = ip_from_bytes(bytes);
            for (const IpRange& range : t.ranges) {
                if (address && range.first <= *address && *address <= range.last) {
                    ++inside;
                    break;
                }
            }
        }
        return t.all ? inside == values.strings.size() : inside > 0;
    }

    bool test(const Age& t) {
        const Values values = read(t.read);
        return std::any_of(values.ints.begin(), values.ints.end(), [&](int64_t time) {
            return relation_holds(t.relation, context_.now_ns - time, t.nanoseconds);
        });
    }

    bool test(const SameValue& t) {
        Values left = read(t.left);
        Values right = read(t.right);
        if (t.left.field->matching == Matching::kCaseInsensitive ||
            t.right.field->matching == Matching::kCaseInsensitive) {
            std::transform(left.strings.begin(), left.strings.end(), left.strings.begin(), lower);
            std::transform(right.strings.begin(), right.strings.end(), right.strings.begin(),
                           lower);
        }
        for (const int64_t a : left.ints) {
            if (std::find(right.ints.begin(), right.ints.end(), a) != right.ints.end()) {
                return true;
            }
        }
        for (const std::string& a : left.strings) {
            for (const std::string& b : right.strings) {
                const bool ip = t.left.type() == ValueType::kIp;
                if (ip ? ip_from_bytes(a) && ip_from_bytes(a) == ip_from_bytes(b) : a == b) {
                    return true;
                }
            }
        }
        return false;
    }

    const EvalContext& context_;
    std::vector<size_t> bound_;
};

}  // namespace

bool naive_matches(const BoundRule& rule, const EvalContext& context) {
    const size_t count = elements_of(context, Subject::kAncestor).size();
    if (rule.registers.empty()) {
        return Naive(context, {}).holds(rule.condition);
    }
    for (size_t a = 0; a < count; ++a) {
        for (size_t b = 0; b < (rule.registers.size() > 1 ? count : 1); ++b) {
            if (Naive(context, {a, b}).holds(rule.condition)) {
                return true;
            }
        }
    }
    return false;
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
