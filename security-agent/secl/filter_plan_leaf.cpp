// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/filter_plan_leaf.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "security-agent/secl/explain_values.h"
#include "security-agent/secl/operand.h"
#include "security-agent/secl/pattern.h"

namespace vedette::secl {
namespace {

constexpr size_t kMinPrefix =
    3;  // of a name that ends in a star: less would approve nearly everything
constexpr size_t kMinParent = 3;
constexpr size_t kMinPiece = 3;      // what the probe's search begins with
constexpr size_t kMinBeginning = 3;  // of a path: "/a/"
constexpr size_t kMaxName = 255;     // NAME_MAX
constexpr int64_t kMaxAuid = std::numeric_limits<uint32_t>::max();
constexpr size_t kShownText = 60;

using Interval = std::pair<int64_t, int64_t>;

Derived found(FilterField use, std::vector<Approver> approvers) {
    return {true, std::move(approvers), use.weight, {}};
}

Approver number(const FieldRead& read, ApproverKind kind, int64_t first) {
    return {read.field, kind, {}, first, first};
}

// ---- names

Approver name(const FieldRead& read, ApproverKind kind, std::string_view text) {
    if (text.size() > kMaxName) {  // the kernel has no more of it
        return {read.field, ApproverKind::kBasenamePrefix, std::string(text.substr(0, kMaxName))};
    }
    return {read.field, kind, std::string(text)};
}

// The name as a literal, by its first bytes or by its last; nothing for what all leave open.
std::optional<Approver> wildcard_name(const FieldRead& read, std::string_view text) {
    const size_t star = text.find('*');
    if (star == std::string_view::npos) {
        return name(read, ApproverKind::kBasename, text);
    }
    if (star >= kMinPrefix) {
        return name(read, ApproverKind::kBasenamePrefix, text.substr(0, star));
    }
    const std::string_view end = text.substr(text.rfind('*') + 1);
    if (end.size() < kMinPrefix || end.size() > kMaxName) {
        return std::nullopt;
    }
    return Approver{read.field, ApproverKind::kBasenameSuffix, std::string(end)};
}

struct Literal {
    std::optional<Approver> approver;
    int weight = 0;
    std::string_view why;
};

// Of a pattern that neither its name nor its directory tells from others.
Literal path_beginning(const FieldRead& read, std::string_view pattern) {
    const std::string_view fixed = pattern.substr(0, pattern.find('*'));
    if (fixed.size() < kMinBeginning || !fixed.starts_with('/')) {
        return {std::nullopt, 0,
                "has no three fixed bytes where the path or the name begins or the name ends, and "
                "no fixed directory"};
    }
    return {Approver{read.field, ApproverKind::kPathPrefix, std::string(fixed)}, kPrefixWeight, {}};
}

Literal path_literal(const FieldRead& read, const StringLiteral& literal, int weight) {
    const std::string_view text = literal.text;
    if (literal.kind != StringLiteral::Kind::kExact && literal.kind != StringLiteral::Kind::kGlob) {
        return {std::nullopt, 0, "is no path"};
    }
    const size_t slash = text.rfind('/');
    const std::string_view last = slash == std::string_view::npos ? text : text.substr(slash + 1);
    if (last.empty()) {
        return {std::nullopt, 0, "ends in no name"};
    }
    if (literal.kind == StringLiteral::Kind::kExact) {
        return {name(read, ApproverKind::kBasename, last), weight, {}};
    }
    if (last == "**") {
        return path_beginning(read, text);
    }
    if (auto approver = wildcard_name(read, last)) {
        return {std::move(approver), weight, {}};
    }
    const std::string_view above =
        slash == std::string_view::npos ? std::string_view() : text.substr(0, slash);
    const size_t begin = above.rfind('/') + 1;  // npos + 1 == 0
    const std::string_view parent = above.substr(begin);
    if (parent.size() < kMinParent || parent.find('*') != std::string_view::npos) {
        return path_beginning(read, text);
    }
    return {Approver{read.field, ApproverKind::kParent, std::string(parent)}, kParentWeight, {}};
}

Literal name_literal(const FieldRead& read, const StringLiteral& literal, int weight) {
    if (literal.kind == StringLiteral::Kind::kRegexp) {
        return {std::nullopt, 0, "is a regular expression"};
    }
    if (literal.text.empty()) {
        return {std::nullopt, 0, "is empty"};
    }
    auto approver = literal.kind == StringLiteral::Kind::kExact
                        ? name(read, ApproverKind::kBasename, literal.text)
                        : wildcard_name(read, literal.text);
    const bool some = approver.has_value();
    return {std::move(approver), weight,
            some ? std::string_view() : "has no three fixed bytes at its start or end"};
}

Literal text_literal(const FieldRead& read, const StringLiteral& literal, int weight) {
    if (literal.kind != StringLiteral::Kind::kExact) {
        return {std::nullopt, 0, "is a pattern"};
    }
    return {Approver{read.field, ApproverKind::kText, literal.text}, weight, {}};
}

// Of a pattern the longest piece between two stars.
Literal word_literal(const FieldRead& read, const StringLiteral& literal) {
    switch (literal.kind) {
        case StringLiteral::Kind::kExact:
            if (literal.text.empty()) {
                return {std::nullopt, 0, "is empty"};
            }
            return {Approver{read.field, ApproverKind::kText, literal.text},
                    word_weight(literal.text.size()),
                    {}};
        case StringLiteral::Kind::kPattern: {
            const Pattern pattern(literal.text);
            const auto& piece =
                *std::ranges::max_element(pattern.segments(), {}, &std::string::size);
            if (piece.size() < kMinPiece) {
                return {std::nullopt, 0, "has no three fixed bytes in a row"};
            }
            return {Approver{read.field, ApproverKind::kContains, piece},
                    word_weight(piece.size()),
                    {}};
        }
        case StringLiteral::Kind::kGlob:
            return {std::nullopt, 0, "is a path"};
        case StringLiteral::Kind::kRegexp:
            return {std::nullopt, 0, "is a regular expression"};
    }
    return {};
}

// ---- numbers

// What `x relation limit`, or its negation, leaves of [0, kMaxAuid].
std::vector<Interval> intervals(Relation relation, int64_t limit, bool positive) {
    const auto holds = [&](int64_t value, int64_t than) {
        return relation_holds(relation, value, than) == positive;
    };
    std::vector<Interval> out;
    const auto keep = [&](bool wanted, int64_t first, int64_t last) {
        if (!wanted || first > last) {
            return;
        }
        if (!out.empty() && out.back().second + 1 == first) {
            out.back().second = last;
        } else {
            out.emplace_back(first, last);
        }
    };
    const int64_t at = std::clamp<int64_t>(limit, -1, kMaxAuid + 1);
    keep(holds(0, 1), 0, at - 1);
    keep(holds(0, 0) && at >= 0 && at <= kMaxAuid, at, at);
    keep(holds(1, 0), at + 1, kMaxAuid);
    return out;
}

std::vector<Interval> complement(const std::vector<int64_t>& sorted) {
    std::vector<Interval> out;
    int64_t next = 0;
    for (const int64_t value : sorted) {
        if (value < 0 || value > kMaxAuid) {
            continue;
        }
        if (next < value) {
            out.emplace_back(next, value - 1);
        }
        next = value + 1;
    }
    if (next <= kMaxAuid) {
        out.emplace_back(next, kMaxAuid);
    }
    return out;
}

Derived ranges(const FieldRead& read, FilterField use, const std::vector<Interval>& list) {
    std::vector<Approver> out;
    for (const auto& [first, last] : list) {
        if (first == 0 && last == kMaxAuid) {
            return missing(fmt::format("any '{}' will do", read_name(read)));
        }
        out.push_back({read.field,
                       first == last ? ApproverKind::kValue : ApproverKind::kRange,
                       {},
                       first,
                       last});
    }
    return found(use, std::move(out));
}

// Of flags that are the value itself, not a part of it.
Approver exact_flags(const FieldRead& read, int64_t value) {
    const bool open = read.field->name == "open.flags";
    return value != 0 ? number(read, ApproverKind::kFlagsAny, value)
                      : number(read, ApproverKind::kFlagsNone, open ? int64_t{O_ACCMODE} : -1);
}

Derived flags(const Masked& left, const IntCompare& test, int64_t limit, bool positive,
              FilterField use) {
    const FieldRead& read = *left.read;
    const auto holds = [&](int64_t value) {
        return relation_holds(test.relation, value, limit) == positive;
    };
    if (left.mask == 0) {
        return holds(0) ? missing(fmt::format("tests no bit of '{}'", read_name(read))) : never();
    }
    if (!holds(0)) {
        const bool equal = test.relation == Relation::kEqual && positive;
        if (equal && (limit & ~left.mask) != 0) {
            return never();
        }
        const int64_t mask = equal ? limit : left.mask;
        return mask == -1 ? missing(fmt::format("any bit of '{}' will do", read_name(read)))
                          : found(use, {number(read, ApproverKind::kFlagsAny, mask)});
    }
    const bool only_zero = left.mask > 0 && !holds(1) && !holds(2) && !holds(left.mask);
    const bool access_mode = (left.mask & O_ACCMODE) == O_ACCMODE;
    if (read.field->name == "open.flags" && only_zero && access_mode) {
        return found(use, {number(read, ApproverKind::kFlagsNone, O_ACCMODE)});
    }
    return missing(fmt::format("requires no bit of '{}'", read_name(read)));
}

bool constant_limit(const IntExpr& number, int64_t& out) {
    out = number.value;
    return number.op == IntExpr::Op::kConstant;
}

void collect(const IntExpr& number, std::vector<const FieldRead*>& reads) {
    if (number.op == IntExpr::Op::kRead) {
        reads.push_back(&number.read);
    }
    for (const IntExpr& arg : number.args) {
        collect(arg, reads);
    }
}

std::string excluded(const FieldRead& read) {
    return fmt::format("'{}' is only excluded, never required", read_name(read));
}

}  // namespace

TestApprovers::TestApprovers(std::string_view event, const FieldTable& fields)
    : event_(event), fields_(fields) {}

Derived TestApprovers::derive(const Test& test, bool positive) const {
    return std::visit([&](const auto& t) { return of(t, positive); }, test);
}

FilterField TestApprovers::use_of(const FieldRead& read) const {
    const bool plain = read.kind == FieldRead::Kind::kValue && read.index < 0 &&
                       read.reg == kNoRegister && !is_iterated(read.field->subject) &&
                       read.field->matching != Matching::kCaseInsensitive;
    return plain ? filter_field(event_, read.field->name) : FilterField{};
}

// In the kernel a port, an address or a name says no more than that the socket is one of the internet.
Derived TestApprovers::internet_families(const FieldRead& read, FilterField use,
                                         bool only_with_address) const {
    if (!only_with_address) {
        return missing(fmt::format("holds for sockets that have no '{}', too", read_name(read)));
    }
    const std::string name = fmt::format("{}.addr.family", event_);
    const auto all = fields_.fields();
    const auto family =
        std::lower_bound(all.begin(), all.end(), name,
                         [](const FieldDef& f, const std::string& n) { return f.name < n; });
    if (family == all.end() || family->name != name) {
        return missing("");
    }
    return found(use, {Approver{&*family, ApproverKind::kValue, {}, AF_INET, AF_INET},
                       Approver{&*family, ApproverKind::kValue, {}, AF_INET6, AF_INET6}});
}

Derived TestApprovers::of(const IntSet& test, bool positive) const {
    const FilterField use = use_of(test.read);
    const bool zero = std::binary_search(test.values.begin(), test.values.end(), 0);
    if (use.use == FilterUse::kAddress) {
        return internet_families(test.read, use, zero != positive);
    }
    if (use.use == FilterUse::kNone || use.use == FilterUse::kPath || use.use == FilterUse::kName ||
        use.use == FilterUse::kText || use.use == FilterUse::kWords) {
        return missing("");
    }
    std::vector<int64_t> values = test.values;
    if (!positive) {
        if (use.use == FilterUse::kAuid) {
            return ranges(test.read, use, complement(values));
        }
        if (test.read.type() != ValueType::kBool) {
            return missing(excluded(test.read));
        }
        values.clear();
        for (const int64_t value : {0, 1}) {
            if (!std::binary_search(test.values.begin(), test.values.end(), value)) {
                values.push_back(value);
            }
        }
    }
    std::vector<Approver> out;
    for (const int64_t value : values) {
        if (use.use == FilterUse::kAuid && (value < 0 || value > kMaxAuid)) {
            continue;
        }
        out.push_back(use.use == FilterUse::kFlags
                          ? exact_flags(test.read, value)
                          : number(test.read, ApproverKind::kValue, value));
    }
    return test.read.type() == ValueType::kBool && out.size() == 2
               ? missing(fmt::format("any '{}' will do", read_name(test.read)))
               : found(use, std::move(out));
}

Derived TestApprovers::of(const IntCompare& test, bool positive) const {
    std::vector<const FieldRead*> reads;
    collect(test.left, reads);
    collect(test.right, reads);
    const auto address = [&](const FieldRead* r) { return use_of(*r).use == FilterUse::kAddress; };
    if (!reads.empty() && std::all_of(reads.begin(), reads.end(), address)) {
        // fold() takes a field for 0, which is what it is without an address.
        const bool at_zero =
            relation_holds(test.relation, fold(test.left), fold(test.right)) == positive;
        return internet_families(*reads.front(), use_of(*reads.front()), !at_zero);
    }
    int64_t limit = 0;
    const Masked left = masked(test.left);
    if (left.read == nullptr || !constant_limit(test.right, limit)) {
        return missing("");
    }
    const FilterField use = use_of(*left.read);
    if (use.use == FilterUse::kAuid && left.mask == -1) {
        return ranges(*left.read, use, intervals(test.relation, limit, positive));
    }
    if (use.use == FilterUse::kFlags || use.use == FilterUse::kBits) {
        return flags(left, test, limit, positive, use);
    }
    return use.use == FilterUse::kNone
               ? missing("")
               : missing(
                     fmt::format("'{}' is not compared with single values", read_name(*left.read)));
}

Derived TestApprovers::of(const StringSet& test, bool positive) const {
    const FilterField use = use_of(test.read);
    if (use.use == FilterUse::kAddress) {
        return internet_families(test.read, use, positive && test.read.field->is_list);
    }
    if (use.use != FilterUse::kPath && use.use != FilterUse::kName && use.use != FilterUse::kText &&
        use.use != FilterUse::kWords) {
        return missing("");
    }
    if (!positive) {
        return missing(excluded(test.read));
    }
    Derived out = never();
    for (const StringLiteral& literal : test.literals) {
        Literal one = use.use == FilterUse::kPath    ? path_literal(test.read, literal, use.weight)
                      : use.use == FilterUse::kName  ? name_literal(test.read, literal, use.weight)
                      : use.use == FilterUse::kWords ? word_literal(test.read, literal)
                                                     : text_literal(test.read, literal, use.weight);
        if (!one.approver) {
            return missing(fmt::format("{} of '{}' {}", literal_text(literal, kShownText),
                                       read_name(test.read), one.why));
        }
        out.weight = std::min(out.weight, one.weight);
        out.approvers.push_back(std::move(*one.approver));
    }
    return out;
}

Derived TestApprovers::of(const IpSet& test, bool positive) const {
    const FilterField use = use_of(test.read);
    if (use.use != FilterUse::kAddress) {
        return missing("");
    }
    // "All of none" holds.
    return internet_families(test.read, use, positive && !(test.all && test.read.field->is_list));
}

}  // namespace vedette::secl
