// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/static_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "common/packet_filter.h"

namespace vedette::secl {
namespace {

constexpr std::string_view kPacketFilter = "packet.filter";

bool is_static_field(const FieldRead* read) {
    return read->field->name == kPacketFilter || read->field->name == "ondemand.name";
}

class Checker {
   public:
    explicit Checker(Reporter& report) : report_(report) {}

    void walk(const Condition& condition, bool negated) {
        if (condition.test) {
            test(*condition.test, condition.place, negated);
        }
        const bool turned =
            condition.op == Condition::Op::kNot || condition.op == Condition::Op::kEqual;
        for (const Condition& child : condition.children) {
            walk(child, negated || turned);
        }
    }

   private:
    void test(const Test& test, const Place& place, bool negated) {
        std::vector<const FieldRead*> reads;
        collect_reads(test, reads);
        const auto it = std::find_if(reads.begin(), reads.end(), is_static_field);
        if (it == reads.end()) {
            return;
        }
        const std::string_view name = (*it)->field->name;
        const auto* set = std::get_if<StringSet>(&test);
        if (negated || set == nullptr || set->literals.size() != 1 ||
            set->literals.front().kind != StringLiteral::Kind::kExact) {
            report_.error(place, fmt::format("'{}' compares with one static string", name),
                          fmt::format("write {} == \"...\", not negated", name));
            return;
        }
        const auto [known, fresh] = values_.emplace(name, set->literals.front().text);
        if (!fresh && known->second != set->literals.front().text) {
            report_.error(place, fmt::format("'{}' has more than one value in a rule", name),
                          "write a rule for each");
        }
        if (fresh && name == kPacketFilter) {
            compile(set->literals.front().text, place);
        }
    }

    void compile(const std::string& filter, const Place& place) {
        if (const auto compiled = compile_packet_filter(filter); !compiled) {
            report_.error(place, fmt::format("no packet filter: {}", compiled.error().message),
                          "see man pcap-filter; packets begin with their IP header here, so that "
                          "nothing of the link layer can be asked for");
        }
    }

    Reporter& report_;
    std::map<std::string_view, std::string_view> values_;
};

}  // namespace

void check_static_fields(const Condition& condition, Reporter& report) {
    Checker(report).walk(condition, false);
}

std::set<std::string> static_values(const Condition& condition, std::string_view field) {
    std::set<std::string> values;
    if (condition.test) {
        const auto* set = std::get_if<StringSet>(&*condition.test);
        if (set != nullptr && set->read.field->name == field) {
            for (const StringLiteral& literal : set->literals) {
                values.insert(literal.text);
            }
        }
    }
    for (const Condition& child : condition.children) {
        values.merge(static_values(child, field));
    }
    return values;
}

}  // namespace vedette::secl
