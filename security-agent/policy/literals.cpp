// SPDX-License-Identifier: Apache-2.0
#include "security-agent/policy/literals.h"

#include <arpa/inet.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace vedette::policy {
namespace {

using secl::ValueType;
using Kind = YamlNode::Kind;

std::string_view name_of(ValueType type) {
    switch (type) {
        case ValueType::kInt:
            return "a number";
        case ValueType::kBool:
            return "true or false";
        case ValueType::kString:
            return "a string";
        case ValueType::kIp:
            return "an address";
    }
    return "";
}

// A fraction or an exponent, as YAML knows numbers.
bool is_fraction(std::string_view text) {
    const size_t digit = text.find_first_of("0123456789");
    return digit != std::string_view::npos &&
           text.find_first_not_of("0123456789.eE+-") == std::string_view::npos &&
           std::count(text.begin(), text.end(), '.') == 1 &&
           text.find_first_of("+-", 1) == text.npos;
}

// Appends one scalar; nothing when it is no value that a variable can hold.
std::optional<ValueType> append_scalar(const YamlNode& node, secl::VariableValue& out) {
    const std::string& text = node.scalar;
    if (node.plain) {
        if (text == "true" || text == "True" || text == "TRUE" || text == "false" ||
            text == "False" || text == "FALSE") {
            out.ints.push_back(text.front() == 't' || text.front() == 'T' ? 1 : 0);
            return ValueType::kBool;
        }
        if (const auto number = parse_yaml_integer(text)) {
            out.ints.push_back(*number);
            return ValueType::kInt;
        }
        if (auto address = parse_address_bytes(text)) {
            out.strings.push_back(std::move(*address));
            return ValueType::kIp;
        }
        if (is_fraction(text)) {
            return std::nullopt;
        }
    }
    out.strings.push_back(text);
    return ValueType::kString;
}

std::optional<Literal> read_list(YamlFields& fields, std::string_view key, const YamlNode& list,
                                 Literal literal) {
    literal.is_list = true;
    if (list.items.empty()) {
        fields.error(list.offset,
                     fmt::format("'{}' is empty: the type of its elements is not known", key));
        return std::nullopt;
    }
    std::optional<ValueType> type;
    for (const YamlNodePtr& item : list.items) {
        if (item->kind != Kind::kScalar) {
            fields.error(item->offset,
                         fmt::format("'{}' is a list of strings, numbers or addresses", key));
            return std::nullopt;
        }
        const auto one = append_scalar(*item, literal.value);
        if (!one || *one == ValueType::kBool) {
            fields.error(item->offset,
                         fmt::format("'{}' cannot be an element of '{}'", item->scalar, key),
                         "elements are strings, whole numbers or addresses");
            return std::nullopt;
        }
        if (type.value_or(*one) != *one) {
            fields.error(item->offset,
                         fmt::format("'{}' mixes {} with {}", key, name_of(*type), name_of(*one)),
                         "all elements are of one type; quotes make a string");
            return std::nullopt;
        }
        type = one;
    }
    literal.type = *type;
    return literal;
}

}  // namespace

std::optional<Literal> read_literal(const YamlFields::File& file, YamlFields& fields,
                                    std::string_view key) {
    const YamlNodePtr node = fields.node(key);
    if (!node) {
        return std::nullopt;
    }
    Literal literal;
    literal.place = place_in(file, node->offset);
    if (node->kind == Kind::kList) {
        return read_list(fields, key, *node, std::move(literal));
    }
    if (node->kind != Kind::kScalar) {
        fields.error(node->offset, fmt::format("'{}' must be a string, a number, true or false, an "
                                               "address, or a list",
                                               key));
        return std::nullopt;
    }
    const auto type = append_scalar(*node, literal.value);
    if (!type) {
        fields.error(node->offset, fmt::format("'{}' must be a whole number", key),
                     "put it in quotes if it is text");
        return std::nullopt;
    }
    literal.type = *type;
    return literal;
}

std::optional<int64_t> parse_yaml_integer(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) {
        text.remove_prefix(1);
    }
    int base = 10;
    if (text.size() > 1 && text.front() == '0') {
        const char kind = text[1];
        base = kind == 'x' ? 16 : kind == 'b' ? 2 : 8;
        text.remove_prefix(kind == 'x' || kind == 'b' || kind == 'o' ? 2 : 1);
    }
    uint64_t magnitude = 0;
    const auto [end, failed] =
        std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
    const uint64_t limit = static_cast<uint64_t>(INT64_MAX) + (negative ? 1 : 0);
    if (failed != std::errc{} || end != text.data() + text.size() || magnitude > limit) {
        return std::nullopt;
    }
    return static_cast<int64_t>(negative ? 0 - magnitude : magnitude);
}

std::optional<std::string> parse_address_bytes(std::string_view text) {
    const size_t slash = text.find('/');
    const std::string address(text.substr(0, slash));
    std::array<char, 16> bytes{};
    size_t size = 0;
    if (inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) {
        size = 4;
    } else if (inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) {
        size = 16;
    } else {
        return std::nullopt;
    }
    std::string out(bytes.data(), size);
    if (slash != std::string_view::npos) {
        const std::string_view digits = text.substr(slash + 1);
        uint8_t prefix = 0;
        const auto [end, failed] =
            std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
        if (failed != std::errc{} || end != digits.data() + digits.size() || prefix > size * 8) {
            return std::nullopt;
        }
        out.push_back(static_cast<char>(prefix));
    }
    return out;
}

}  // namespace vedette::policy
