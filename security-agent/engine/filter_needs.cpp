// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/filter_needs.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <vector>

#include "security-agent/secl/refute.h"
#include "vedette/v1/event.pb.h"

namespace vedette::engine {
namespace {

using secl::Condition;
using secl::FieldRead;

constexpr std::string_view kName = "ondemand.name";
constexpr std::string_view kArgument = "ondemand.arg";
constexpr std::string_view kString = ".str";
constexpr std::string_view kResponseCode = "dns.response.code";
constexpr uint32_t kHeaderCode = 0xf;

void for_each_test(const Condition& condition, const std::function<void(const secl::Test&)>& see) {
    if (condition.test)
        see(*condition.test);
    for (const Condition& child : condition.children)
        for_each_test(child, see);
}

bool is_used_capability(std::string_view field) {
    return field.ends_with("caps_used") || field.ends_with("caps_attempted");
}

/// What an exec says of its own process alone. Of others the probe knows it as of their last fork, unless somebody asks.
bool is_identity(const secl::FieldDef& field) {
    static constexpr std::string_view kNames[] = {
        ".uid",           ".gid",    ".user",  ".group",  ".euid",   ".egid",
        ".euser",         ".egroup", ".comm",  ".netns",  ".mntns",  ".cap_effective",
        ".cap_permitted", ".fsuid",  ".fsgid", ".fsuser", ".fsgroup"};
    return (field.subject == secl::Subject::kParent || field.subject == secl::Subject::kAncestor) &&
           std::ranges::any_of(kNames,
                               [&](std::string_view name) { return field.name.ends_with(name); });
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

/// Of a test of an answer whose header has this code. EDNS gives codes eight more bits, which are elsewhere in the packet
/// (RFC 6891, section 6.1.3).
secl::Truth rcode_test(const secl::Test& test, uint32_t rcode) {
    const auto* set = std::get_if<secl::IntSet>(&test);
    if (set == nullptr || set->read.field->name != kResponseCode)
        return secl::Truth::kUnknown;
    const bool maybe = std::ranges::any_of(
        set->values, [rcode](int64_t value) { return (value & kHeaderCode) == rcode; });
    return maybe ? secl::Truth::kUnknown : secl::Truth::kFalse;
}

}  // namespace

void add_rcodes(std::span<const secl::NumberedRule> rules, v1::FilterPlan& message) {
    for (v1::TypeFilter& type : *message.mutable_types()) {
        if (type.event_type() != v1::Event::kDnsFieldNumber)
            continue;
        uint32_t discarded = 0;
        for (uint32_t rcode = 0; rcode <= kHeaderCode; ++rcode) {
            const bool none = std::ranges::all_of(rules, [&](const secl::NumberedRule& rule) {
                return rule.rule.event != v1::Event::kDnsFieldNumber ||
                       secl::evaluate_known(rule.rule.condition, [rcode](const secl::Test& test) {
                           return rcode_test(test, rcode);
                       }) == secl::Truth::kFalse;
            });
            discarded |= none ? 1U << rcode : 0;
        }
        type.set_discarded_rcodes(discarded);
    }
}

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
                if (is_identity(*read->field))
                    add_type(v1::Event::kSetuidFieldNumber, message);
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
