// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/filter_needs.h"

#include <functional>
#include <string_view>
#include <vector>

#include "vedette/v1/event.pb.h"

namespace vedette::engine {
namespace {

using secl::Condition;
using secl::FieldRead;

constexpr std::string_view kName = "ondemand.name";
constexpr std::string_view kArgument = "ondemand.arg";
constexpr std::string_view kString = ".str";

void for_each_test(const Condition& condition, const std::function<void(const secl::Test&)>& see) {
    if (condition.test)
        see(*condition.test);
    for (const Condition& child : condition.children)
        for_each_test(child, see);
}

bool is_used_capability(std::string_view field) {
    return field.ends_with("caps_used") || field.ends_with("caps_attempted");
}

/// "ondemand.arg3.str" -> 1 << 2; 0 of every other field.
uint32_t string_bit(std::string_view field) {
    if (!field.starts_with(kArgument) || !field.ends_with(kString))
        return 0;
    const int number = field[kArgument.size()] - '1';
    return number >= 0 && number < 6 ? 1U << number : 0;
}

void add_type(uint32_t event_type, v1::FilterPlan& message) {
    for (const v1::TypeFilter& type : message.types()) {
        if (type.event_type() == event_type)
            return;
    }
    message.add_types()->set_event_type(event_type);
}

}  // namespace

void add_point(const std::string& name, uint32_t strings, v1::FilterPlan& message) {
    for (v1::OnDemandPoint& point : *message.mutable_points()) {
        if (point.name() == name)
            return point.set_strings(point.strings() | strings);
    }
    v1::OnDemandPoint& point = *message.add_points();
    point.set_name(name);
    point.set_strings(strings);
}

void add_needs(std::span<const secl::NumberedRule> rules, v1::FilterPlan& message) {
    for (const secl::NumberedRule& rule : rules) {
        std::string name;
        uint32_t strings = 0;
        for_each_test(rule.rule.condition, [&](const secl::Test& test) {
            std::vector<const FieldRead*> reads;
            secl::collect_reads(test, reads);
            for (const FieldRead* read : reads) {
                if (is_used_capability(read->field->name))
                    add_type(v1::Event::kCapabilitiesFieldNumber, message);
                strings |= string_bit(read->field->name);
                // The binder has seen to it that there is one literal, the same wherever the rule has the field.
                if (read->field->name == kName)
                    name = std::get<secl::StringSet>(test).literals.front().text;
            }
        });
        if (!name.empty())
            add_point(name, strings, message);
    }
}

}  // namespace vedette::engine
