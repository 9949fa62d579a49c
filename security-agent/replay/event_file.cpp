// SPDX-License-Identifier: Apache-2.0
#include "security-agent/replay/event_file.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>

#include "common/json_text.h"
#include "security-agent/replay/event_values.h"
#include "security-agent/secl/ip.h"

namespace vedette::replay {
namespace {

using secl::FieldDef;
using secl::ValueType;

bool is_text(ValueType type) {
    return type == ValueType::kString || type == ValueType::kIp;
}

std::string address_text(const std::string& bytes) {
    const auto address = secl::ip_from_bytes(bytes);
    if (!address)
        return {};
    char text[INET6_ADDRSTRLEN] = {};
    static constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    const bool v4 = std::equal(kMapped.begin(), kMapped.end(), address->bytes.begin());
    inet_ntop(v4 ? AF_INET : AF_INET6, address->bytes.data() + (v4 ? 12 : 0), text, sizeof text);
    return text;
}

boost::json::value text_of(const std::string& value, ValueType type) {
    if (type == ValueType::kIp) {
        return boost::json::string(address_text(value));
    }
    return boost::json::string(json_text(value));
}

boost::json::value number_of(int64_t value, ValueType type) {
    return type == ValueType::kBool ? boost::json::value(value != 0) : boost::json::value(value);
}

boost::json::value to_json(const EventValue& value, ValueType type, bool is_list) {
    boost::json::array list;
    for (const std::string& text : value.strings)
        list.push_back(text_of(text, type));
    for (const int64_t number : value.ints)
        list.push_back(number_of(number, type));
    if (is_list)
        return list;
    return list.empty() ? boost::json::value() : list.front();
}

/// A variable of an address type holds bytes, and a network's prefix length behind them.
std::optional<std::string> address_bytes(const std::string& text) {
    const auto range = secl::parse_network(text);
    if (!range)
        return std::nullopt;
    std::string out(range->first.bytes.begin(), range->first.bytes.end());
    if (range->first == range->last)
        return out;
    unsigned prefix = 0;
    while (prefix < 128 &&
           (((range->first.bytes[prefix / 8] ^ range->last.bytes[prefix / 8]) >> (7 - prefix % 8)) &
            1) == 0)
        ++prefix;
    return out + static_cast<char>(prefix);
}

}  // namespace

const EventValue* EventFile::find(const FieldDef& field, size_t element) const {
    const auto found = values_.find(&field);
    if (found == values_.end())
        return nullptr;
    const size_t index = element == kNoElement ? 0 : element;
    return index < found->second.size() ? &found->second[index] : nullptr;
}

void EventFile::read(const FieldDef& field, size_t element, secl::StringList& strings,
                     secl::IntList& ints) const {
    const EventValue* value = find(field, element);
    if (value && (field.is_list || !value->strings.empty() || !value->ints.empty())) {
        strings.insert(strings.end(), value->strings.begin(), value->strings.end());
        ints.insert(ints.end(), value->ints.begin(), value->ints.end());
    } else if (!field.is_list && is_text(field.type)) {
        strings.emplace_back();
    } else if (!field.is_list) {
        ints.push_back(0);
    }
}

size_t EventFile::elements(secl::Subject subject) const {
    const auto found = elements_.find(subject);
    return found == elements_.end() ? 0 : found->second;
}

boost::json::object EventFile::to_json() const {
    boost::json::object values;
    for (const FieldDef* field : fields_) {
        const std::vector<EventValue>& elements = values_.at(field);
        if (!secl::is_iterated(field->subject)) {
            values[field->name] = replay::to_json(elements.front(), field->type, field->is_list);
            continue;
        }
        boost::json::array list;
        for (const EventValue& element : elements)
            list.push_back(replay::to_json(element, field->type, field->is_list));
        values[field->name] = std::move(list);
    }
    boost::json::object variables;
    for (const EventVariable& variable : variables_)
        variables[variable.name] = replay::to_json(variable.value, variable.type, variable.is_list);
    return {{"type", type_->name},
            {"values", std::move(values)},
            {"variables", std::move(variables)},
            {"time", format_time(time_ns_)}};
}

void declare_variables(const EventFile& event, secl::VariableTable& table) {
    for (const EventVariable& variable : event.variables()) {
        if (table.find(variable.name))
            continue;
        secl::Variable declared;
        declared.name = variable.name;
        const std::string_view scope =
            std::string_view(variable.name).substr(0, variable.name.find('.'));
        declared.scope = variable.name.find('.') == std::string::npos ? secl::Scope::kGlobal
                         : scope == "process"                         ? secl::Scope::kProcess
                         : scope == "container"                       ? secl::Scope::kContainer
                         : scope == "cgroup"                          ? secl::Scope::kCgroup
                                                                      : secl::Scope::kGlobal;
        declared.type = variable.type;
        declared.is_list = variable.is_list;
        declared.size = EventFile::kMaxListValues;
        if (!declared.is_list && is_text(declared.type))
            declared.default_value.strings.emplace_back();
        else if (!declared.is_list)
            declared.default_value.ints.push_back(0);
        table.add(std::move(declared));
    }
}

std::optional<secl::VariableValue> value_for(const EventVariable& variable,
                                             const secl::VariableTable& table,
                                             secl::Diagnostics& diagnostics) {
    const auto refuse = [&](std::string message, std::string hint = {}) {
        diagnostics.add(secl::Severity::kError, variable.place, {0, 0}, std::move(message),
                        std::move(hint));
        return std::nullopt;
    };
    const auto number = table.find(variable.name);
    if (!number)
        return refuse(fmt::format("no rule sets a variable '{}'", printable_text(variable.name)));
    const secl::Variable& known = table.at(*number);
    if (known.builtin != secl::Variable::Builtin::kNone)
        return refuse(fmt::format("'{}' cannot be set", known.name));
    secl::VariableValue out{variable.value.strings, variable.value.ints};
    const size_t count = out.strings.size() + out.ints.size();
    if (!known.is_list && (variable.is_list || count != 1))
        return refuse(fmt::format("'{}' is no list", known.name));
    if (known.type == ValueType::kIp) {
        for (std::string& text : out.strings) {
            std::optional<std::string> bytes = address_bytes(text);
            if (!bytes)
                return refuse(fmt::format("'{}' is no IP address", printable_text(text)));
            text = std::move(*bytes);
        }
    }
    const bool same = is_text(known.type) ? out.ints.empty() && variable.type == ValueType::kString
                                          : variable.type == known.type;
    if (!same && count != 0)
        return refuse(fmt::format("'{}' has another type in the rules that set it", known.name));
    return out;
}

}  // namespace vedette::replay
