// SPDX-License-Identifier: Apache-2.0
//
// Numbers that a field never has, and comparisons of flags and times that mean something else than they seem to.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "security-agent/secl/analysis_parts.h"
#include "security-agent/secl/constants.h"
#include "security-agent/secl/explain_values.h"

namespace vedette::secl {
namespace {

constexpr int64_t kMaxPort = 65535;
constexpr int64_t kMaxRights = 07777;
constexpr int64_t kMaxId = std::numeric_limits<uint32_t>::max();
// Ten years after 1970 in nanoseconds: a smaller number is no time that anybody compares with.
constexpr int64_t kFirstTime = 315'000'000'000'000'000;

constexpr std::array<std::string_view, 8> kIds = {"uid",   "gid",   "euid", "egid",
                                                  "fsuid", "fsgid", "auid", "ppid"};

std::string_view last_part(std::string_view name) {
    return name.substr(name.rfind('.') + 1);
}

bool is_mode(const FieldRead& read) {
    return read.kind == FieldRead::Kind::kValue &&
           (last_part(read.field->name) == "mode" || last_part(read.field->name) == "rights");
}

bool is_retval(const FieldRead& read) {
    return last_part(read.field->name) == "retval";
}

// Words of the text that are constants.
std::vector<const Constant*> constants_in(const Condition& condition) {
    std::vector<const Constant*> out;
    const std::string text = source_text(condition.place, 1000);
    size_t at = 0;
    const auto word = [&](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '.';
    };
    while (at < text.size()) {
        size_t end = at;
        while (end < text.size() && word(text[end])) {
            ++end;
        }
        const Constant* constant = find_constant(std::string_view(text).substr(at, end - at));
        if (constant != nullptr && !constant->is_bool) {
            out.push_back(constant);
        }
        at = end + 1;
    }
    return out;
}

bool family_has_value(std::string_view family, int64_t value) {
    const auto all = constants();
    return std::any_of(all.begin(), all.end(),
                       [&](const Constant& c) { return c.family == family && c.value == value; });
}

// "777" as it stands in the text, not as a part of "0777" or of a name.
bool has_decimal(std::string_view text, int64_t value) {
    const std::string digits = std::to_string(value);
    const auto part = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '_';
    };
    for (size_t at = text.find(digits); at != std::string_view::npos;
         at = text.find(digits, at + 1)) {
        const size_t end = at + digits.size();
        if ((at == 0 || !part(text[at - 1])) && (end == text.size() || !part(text[end]))) {
            return true;
        }
    }
    return false;
}

bool is_single(int64_t value) {
    return value > 0 && (value & (value - 1)) == 0;
}

class Numbers {
   public:
    Numbers(const Condition& condition, Warnings& warnings)
        : condition_(condition), warnings_(warnings) {}

    Fold operator()(const IntSet& set) {
        const FieldRead& read = set.read;
        const Domain domain = domain_of(read);
        std::vector<int64_t> inside;
        for (const int64_t value : set.values) {
            if (value >= domain.first && value <= domain.last) {
                inside.push_back(value);
            } else {
                never(read, domain, value);
            }
        }
        written(read, set.values);
        if (!set.values.empty()) {
            time_and_number(read, set.values.back());
        }
        exact_flags(read, inside);
        if (inside.empty()) {
            return Fold::kNever;
        }
        return read.type() == ValueType::kBool && inside.size() == 2 && !read.multi()
                   ? Fold::kAlways
                   : Fold::kDepends;
    }

    Fold operator()(const IntCompare& compare) {
        const Masked left = masked(compare.left);
        if (left.read == nullptr || compare.right.op != IntExpr::Op::kConstant) {
            return Fold::kDepends;
        }
        const FieldRead& read = *left.read;
        const int64_t limit = compare.right.value;
        written(read, {limit, left.mask});
        if (left.mask == -1) {
            time_and_number(read, limit);
        }
        const Domain domain = left.mask == -1  ? domain_of(read)
                              : left.mask >= 0 ? Domain{0, left.mask}
                                               : Domain{};
        const bool equal = compare.relation == Relation::kEqual;
        if (equal && left.mask >= 0 && (limit & ~left.mask) != 0) {
            return masked_never(read, left.mask, limit);
        }
        const bool first = relation_holds(compare.relation, domain.first, limit);
        const bool last = relation_holds(compare.relation, domain.last, limit);
        if (equal ? limit >= domain.first && limit <= domain.last && domain.first != domain.last
                  : first != last) {
            return Fold::kDepends;
        }
        if (left.mask == 0) {
            warn("'&' with 0 is always 0",
                 read.field->name == "open.flags"
                     ? "O_RDONLY is no bit: write open.flags & O_ACCMODE == O_RDONLY"
                     : "");
        } else if (left.mask >= 0) {
            warn(fmt::format("'{} & {}' is between 0 and {}", read_name(read),
                             constant_text(read.field->constants, left.mask),
                             constant_text(read.field->constants, left.mask)));
        } else {
            always(read, domain, limit, compare.relation);
        }
        if (read.multi()) {
            return first ? Fold::kDepends : Fold::kNever;
        }
        return first ? Fold::kAlways : Fold::kNever;
    }

    template <typename Other>
    Fold operator()(const Other&) {
        return Fold::kDepends;
    }

   private:
    void warn(std::string message, std::string hint = {}) {
        warnings_.push_back({condition_.place, std::move(message), std::move(hint)});
    }

    static std::string text_of(const Domain& domain) {
        return domain.last == std::numeric_limits<int64_t>::max()
                   ? "never negative"
                   : fmt::format("between {} and {}", domain.first, domain.last);
    }

    void never(const FieldRead& read, const Domain& domain, int64_t value) {
        const std::string_view part = last_part(read.field->name);
        const bool id = std::find(kIds.begin(), kIds.end(), part) != kIds.end();
        warn(fmt::format("'{}' is never {}, it is {}", read_name(read), value, text_of(domain)),
             id && value == -1 ? fmt::format("an id that is not set is {}", kMaxId) : "");
    }

    void always(const FieldRead& read, const Domain& domain, int64_t limit, Relation relation) {
        if (relation == Relation::kEqual) {
            never(read, domain, limit);
        } else {
            warn(fmt::format("'{}' is {}: this is always {}", read_name(read), text_of(domain),
                             relation_holds(relation, domain.first, limit)));
            warnings_.back().always =
                relation_holds(relation, domain.first, limit) ? read.field : nullptr;
        }
    }

    // A number that the text does not name stays a number.
    std::string shown(const FieldRead& read, int64_t value) const {
        const std::string name = constant_text(read.field->constants, value);
        const std::string first = name.substr(0, name.find('|'));
        return source_text(condition_.place, 1000).find(first) != std::string::npos
                   ? name
                   : std::to_string(value);
    }

    Fold masked_never(const FieldRead& read, int64_t mask, int64_t value) {
        warn(fmt::format("{} has bits that '& {}' takes away", shown(read, value),
                         shown(read, mask)));
        return Fold::kNever;
    }

    // What only the text shows: constants of another kind, decimal modes, a second minus.
    void written(const FieldRead& read, const std::vector<int64_t>& values) {
        const std::string text = source_text(condition_.place, 1000);
        for (const int64_t value : values) {
            const std::string digits = std::to_string(value);
            if (is_mode(read) && value >= 100 && value <= 7777 &&
                digits.find_first_of("89") == std::string::npos && has_decimal(text, value)) {
                warn(fmt::format("{} is a decimal number here, in octal 0{:o}", value, value),
                     fmt::format("modes are written with a leading zero: 0{}", value));
            }
        }
        if (is_retval(read) && text.find("-E") != std::string::npos &&
            std::any_of(values.begin(), values.end(), [](int64_t v) { return v > 0; })) {
            warn("errno constants are negative already", "leave out the minus");
        }
        const std::string_view family = read.field->constants;
        if (family.empty() || read.kind != FieldRead::Kind::kValue) {
            return;
        }
        for (const Constant* constant : constants_in(condition_)) {
            const bool errno_mixed = (constant->family == "errno") != (family == "errno");
            if (errno_mixed && !family_has_value(family, constant->value) &&
                std::find(values.begin(), values.end(), constant->value) != values.end()) {
                warn(fmt::format("{} is no value of '{}'", constant->name, read_name(read)));
            }
        }
    }

    void time_and_number(const FieldRead& read, int64_t value) {
        if (read.field->is_time && read.kind == FieldRead::Kind::kValue && value != 0 &&
            value < kFirstTime) {
            warn(
                fmt::format("'{}' is a time, nanoseconds since 1970; {} is compared with that, not "
                            "with its age",
                            read_name(read), value),
                "an age is compared with a duration: 5s, 10m, 2h");
        }
    }

    // Families in which other bits are nearly always set, too.
    void exact_flags(const FieldRead& read, const std::vector<int64_t>& values) {
        const std::string_view family = read.field->constants;
        const std::string name = read_name(read);
        for (const int64_t value : values) {
            const std::string names = constant_text(family, value);
            if (family == "open_flags") {
                const bool mode = (value & ~int64_t{3}) == 0;
                warn(fmt::format("'{}' is compared as a whole with {}: opens with any other flag "
                                 "(O_CLOEXEC, say) are not meant",
                                 name, names),
                     mode ? fmt::format("{} & O_ACCMODE == {}", name, names)
                     : is_single(value)
                         ? fmt::format("{} & {} > 0", name, names)
                         : fmt::format("{0} & {1} == {1}", name, source_mask(names)));
                return;
            }
            if (family == "capabilities" && is_single(value)) {
                warn(fmt::format("'{}' is compared as a whole with {}: processes with other "
                                 "capabilities, too, are not meant",
                                 name, names),
                     fmt::format("{} & {} > 0", name, names));
                return;
            }
            if (family == "map_flags" && value > 0 && (value & 3) == 0) {
                warn(fmt::format(
                         "'{}' always has MAP_SHARED or MAP_PRIVATE, too: it never is just {}",
                         name, names),
                     fmt::format("{} & {} > 0", name, source_mask(names)));
                return;
            }
        }
    }

    static std::string source_mask(const std::string& names) {
        std::string out;
        for (const char c : names) {
            out += c == '|' ? std::string(" | ") : std::string(1, c);
        }
        return out == names ? out : "(" + out + ")";
    }

    const Condition& condition_;
    Warnings& warnings_;
};

}  // namespace

Domain domain_of(const FieldRead& read) {
    if (read.kind == FieldRead::Kind::kLength) {
        return {0, std::numeric_limits<int64_t>::max()};
    }
    if (read.type() == ValueType::kBool) {
        return {0, 1};
    }
    const std::string_view name = read.field->name;
    const std::string_view part = last_part(name);
    // kill() takes groups, too; -1 leaves an owner as it is.
    if (read.field->subject == Subject::kVariable || name.starts_with("signal.pid") ||
        name.starts_with("chown.file.destination.") || name.starts_with("chown.syscall.")) {
        return {};
    }
    if (std::find(kIds.begin(), kIds.end(), part) != kIds.end() || part == "pid" || part == "tid") {
        return {0, kMaxId};
    }
    if (part == "port") {
        return {0, kMaxPort};
    }
    return part == "rights" ? Domain{0, kMaxRights} : Domain{};
}

Fold check_numbers(const Condition& condition, Warnings& warnings) {
    return std::visit(Numbers(condition, warnings), *condition.test);
}

}  // namespace vedette::secl
