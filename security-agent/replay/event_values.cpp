// SPDX-License-Identifier: Apache-2.0
#include "security-agent/replay/event_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <memory_resource>

#include "common/json_text.h"
#include "security-agent/engine/handlers.h"
#include "security-agent/policy/yaml_fields.h"
#include "security-agent/secl/constants.h"
#include "security-agent/secl/ip.h"
#include "security-agent/secl/suggest.h"

namespace vedette::replay {
namespace {

using policy::YamlNode;
using secl::ValueType;
using Kind = YamlNode::Kind;

constexpr int64_t kSecond = 1'000'000'000;
constexpr std::string_view kAgo = " ago";

std::string_view trimmed(std::string_view text) {
    const size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
    text.remove_prefix(begin);
    return text.substr(0, text.find_last_not_of(" \t") + 1);
}

/// Decimal, or octal with a leading 0; up to 2^64-1, which is kept as its bits.
std::optional<int64_t> parse_integer(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative)
        text.remove_prefix(1);
    const int base = text.size() > 1 && text.front() == '0' ? 8 : 10;
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size() ||
        (negative && value > uint64_t{1} << 63))
        return std::nullopt;
    return static_cast<int64_t>(negative ? 0 - value : value);
}

bool is_boolean(const YamlNode& node) {
    return node.plain && (node.scalar == "true" || node.scalar == "false");
}

std::string_view kind_name(const YamlNode& node) {
    switch (node.kind) {
        case Kind::kNull:
            return "null";
        case Kind::kList:
            return "a list";
        case Kind::kMap:
            return "an object";
        default:
            break;
    }
    if (is_boolean(node))
        return "a boolean";
    return node.plain && parse_integer(node.scalar) ? "a number" : "a string";
}

ValueError expected(std::string_view what, const YamlNode& node, std::string hint = {}) {
    return {fmt::format("expected {}, this is {}", what, kind_name(node)), std::move(hint)};
}

std::string constant_hint(std::string_view text, std::string_view family) {
    const size_t bar = text.find('|');
    const std::string first(trimmed(text.substr(0, bar)));
    secl::Suggestion suggestion(first);
    for (const secl::Constant& constant : secl::constants())
        if (family.empty() || constant.family == family)
            suggestion.consider(constant.name);
    return suggestion.hint();
}

std::optional<ValueError> append_int(const YamlNode& node, const secl::FieldDef& field,
                                     int64_t time_ns, EventValue& out) {
    if (node.kind != Kind::kScalar || is_boolean(node))
        return expected("a number", node);
    std::optional<int64_t> value = parse_number(node.scalar);
    if (!value && field.is_time) {
        value = parse_time(node.scalar);
        const std::string_view text = node.scalar;
        if (!value && text.ends_with(kAgo))
            if (const auto age = policy::parse_duration(text.substr(0, text.size() - kAgo.size())))
                value = time_ns - *age;
        if (!value)
            return ValueError{fmt::format("'{}' is no time", printable_text(node.scalar)),
                              "nanoseconds since 1970, \"2026-01-01T12:00:00Z\" or \"5s ago\""};
    }
    if (!value)
        return ValueError{
            fmt::format("'{}' is neither a number nor a constant", printable_text(node.scalar)),
            constant_hint(node.scalar, field.constants)};
    out.ints.push_back(*value);
    return std::nullopt;
}

std::optional<ValueError> append_string(const YamlNode& node, EventValue& out) {
    if (node.kind != Kind::kScalar || is_boolean(node) ||
        (node.plain && parse_integer(node.scalar)))
        return expected("a string", node,
                        node.kind == Kind::kScalar ? fmt::format("write \"{}\"", node.scalar) : "");
    out.strings.push_back(bytes_of(node.scalar));
    return std::nullopt;
}

std::optional<ValueError> append_ip(const YamlNode& node, EventValue& out) {
    if (node.kind != Kind::kScalar)
        return expected("an IP address", node);
    if (node.scalar.empty()) {
        out.strings.emplace_back();
        return std::nullopt;
    }
    const auto address = secl::parse_ip(node.scalar);
    if (!address)
        return ValueError{fmt::format("'{}' is no IP address", printable_text(node.scalar)),
                          "such as \"10.0.0.1\" or \"2001:db8::1\""};
    out.strings.emplace_back(address->bytes.begin(), address->bytes.end());
    return std::nullopt;
}

/// The arguments as the field handlers want them: argv0 first.
v1::ProcessNode process_with(const std::vector<std::string>& argv) {
    v1::ProcessNode process;
    process.add_argv();
    for (const std::string& argument : argv)
        process.add_argv(argument);
    return process;
}

using ListHandler = void (*)(const v1::ProcessNode&, secl::Scratch&, secl::StringList&);

EventValue strings_of(ListHandler handler, const v1::ProcessNode& process) {
    std::pmr::monotonic_buffer_resource scratch;
    secl::StringList list;
    handler(process, scratch, list);
    EventValue out;
    out.strings.assign(list.begin(), list.end());
    return out;
}

EventValue one_string(std::string_view text) {
    EventValue out;
    out.strings.emplace_back(text);
    return out;
}

EventValue one_int(int64_t value) {
    EventValue out;
    out.ints.push_back(value);
    return out;
}

void derive_from_path(const std::string& prefix, const std::string& path,
                      std::vector<Derived>& out) {
    v1::File file;
    file.set_path(path);
    std::pmr::monotonic_buffer_resource scratch;
    out.push_back({prefix + "name", one_string(engine::handlers::file_name(file, scratch))});
    out.push_back(
        {prefix + "extension", one_string(engine::handlers::file_extension(file, scratch))});
}

void derive_from_argv(const std::string& prefix, const EventValue& argv,
                      std::vector<Derived>& out) {
    const v1::ProcessNode process = process_with(argv.strings);
    std::pmr::monotonic_buffer_resource scratch;
    out.push_back({prefix + "args", one_string(engine::handlers::process_args(process, scratch))});
    out.push_back(
        {prefix + "args_flags", strings_of(engine::handlers::process_args_flags, process)});
    out.push_back(
        {prefix + "args_options", strings_of(engine::handlers::process_args_options, process)});
}

EventValue names_of(const EventValue& envp) {
    EventValue out;
    for (const std::string& variable : envp.strings)
        out.strings.push_back(variable.substr(0, variable.find('=')));
    return out;
}

EventValue is_public(const std::string& ip) {
    v1::Address address;
    address.set_ip(ip);
    return one_int(engine::handlers::address_is_public(address) ? 1 : 0);
}

}  // namespace

std::string printable_text(std::string_view text) {
    constexpr size_t kShown = 80;
    std::string out(text.substr(0, kShown));
    std::replace_if(
        out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
    return text.size() > kShown ? out + "..." : out;
}

std::optional<int64_t> parse_time(std::string_view text) {
    const std::string copy(text.substr(0, 64));
    std::tm parts{};
    const char* rest = strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    if (!rest || text.size() != copy.size())
        return std::nullopt;
    int64_t fraction = 0;
    if (*rest == '.') {
        int64_t unit = kSecond / 10;
        for (++rest; *rest >= '0' && *rest <= '9'; ++rest, unit /= 10)
            fraction += unit * (*rest - '0');
    }
    const int64_t seconds = timegm(&parts);
    constexpr int64_t kLastSecond = INT64_MAX / kSecond - 1;
    if (std::string_view(rest) != "Z" || seconds < 0 || seconds > kLastSecond)
        return std::nullopt;
    return seconds * kSecond + fraction;
}

std::string format_time(int64_t ns) {
    const time_t seconds = ns / kSecond;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    const int64_t fraction = ns % kSecond;
    return fraction ? fmt::format("{}.{:09}Z", text, fraction) : fmt::format("{}Z", text);
}

std::optional<int64_t> parse_number(std::string_view text) {
    int64_t sum = 0;
    while (true) {
        const size_t bar = text.find('|');
        const std::string_view word = trimmed(text.substr(0, bar));
        if (const auto number = parse_integer(word)) {
            sum |= *number;
        } else if (const secl::Constant* constant = secl::find_constant(word);
                   constant && !constant->is_bool) {
            sum |= constant->value;
        } else {
            return std::nullopt;
        }
        if (bar == std::string_view::npos)
            return sum;
        text.remove_prefix(bar + 1);
    }
}

std::optional<ValueError> append_value(const YamlNode& node, const secl::FieldDef& field,
                                       int64_t time_ns, EventValue& out) {
    switch (field.type) {
        case ValueType::kInt:
            return append_int(node, field, time_ns, out);
        case ValueType::kString:
            return append_string(node, out);
        case ValueType::kIp:
            return append_ip(node, out);
        case ValueType::kBool:
            break;
    }
    if (node.kind != Kind::kScalar || !is_boolean(node))
        return expected("true or false", node);
    out.ints.push_back(node.scalar == "true" ? 1 : 0);
    return std::nullopt;
}

std::vector<Derived> derive(std::string_view name, const EventValue& value) {
    std::vector<Derived> out;
    const size_t dot = name.rfind('.');
    const std::string prefix(name.substr(0, dot + 1));
    const std::string_view last = name.substr(dot + 1);
    if (last == "argv") {
        derive_from_argv(prefix, value, out);
    } else if (last == "envp") {
        out.push_back({prefix + "envs", names_of(value)});
    } else if (last == "path" && !value.strings.empty()) {
        derive_from_path(prefix, value.strings.front(), out);
    } else if (last == "name" && !value.strings.empty()) {
        v1::File file;
        file.set_name(value.strings.front());
        std::pmr::monotonic_buffer_resource scratch;
        out.push_back(
            {prefix + "extension", one_string(engine::handlers::file_extension(file, scratch))});
        if (prefix == "dns.question.") {
            v1::DnsQuestion question;
            question.set_name(value.strings.front());
            out.push_back({prefix + "name.root_domain",
                           one_string(engine::handlers::dns_root_domain(question, scratch))});
        }
    } else if (last == "mode" && !value.ints.empty()) {
        out.push_back({prefix + "rights", one_int(value.ints.front() & 07777)});
    } else if (last == "ip" && !value.strings.empty()) {
        out.push_back({prefix + "is_public", is_public(value.strings.front())});
    }
    if (!value.strings.empty())
        out.push_back({std::string(name) + ".length",
                       one_int(static_cast<int64_t>(value.strings.front().size()))});
    return out;
}

}  // namespace vedette::replay
