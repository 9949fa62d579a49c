// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/json_read.h"

#include <charconv>

#include "common/json_text.h"
#include "common/log.h"

namespace vedette::cli {
namespace {

namespace json = boost::json;

bool begins_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

}  // namespace

const json::object& as_object(const json::value& value) {
    static const json::object kNone;
    return value.is_object() ? value.get_object() : kNone;
}

const json::object& child(const json::object& parent, std::string_view name) {
    static const json::value kNull;
    const json::value* found = parent.if_contains(name);
    return as_object(found ? *found : kNull);
}

const json::array& list(const json::object& parent, std::string_view name) {
    static const json::array kNone;
    const json::value* found = parent.if_contains(name);
    return found && found->is_array() ? found->get_array() : kNone;
}

std::string text(const json::object& parent, std::string_view name) {
    const json::value* found = parent.if_contains(name);
    return found && found->is_string() ? printable(bytes_of(found->get_string())) : std::string();
}

uint64_t number(const json::object& parent, std::string_view name) {
    const json::value* found = parent.if_contains(name);
    if (!found)
        return 0;
    if (found->is_uint64())
        return found->get_uint64();
    if (found->is_int64())
        return found->get_int64() < 0 ? 0 : static_cast<uint64_t>(found->get_int64());
    uint64_t value = 0;
    if (const auto* digits = found->if_string())
        std::from_chars(digits->data(), digits->data() + digits->size(), value);
    return value;
}

bool flag(const json::object& parent, std::string_view name) {
    const json::value* found = parent.if_contains(name);
    return found && found->is_bool() && found->get_bool();
}

std::string fitted(std::string_view text, size_t width, bool fill) {
    size_t characters = 0;
    size_t cut = 0;  // bytes of the first width - 1 characters
    for (size_t i = 0; i < text.size(); ++i) {
        if (!begins_character(text[i]))
            continue;
        if (characters + 1 == width)
            cut = i;
        ++characters;
    }
    if (characters > width)
        return width == 0 ? std::string() : std::string(text.substr(0, cut)) + "…";
    return std::string(text) + std::string(fill ? width - characters : 0, ' ');
}

}  // namespace vedette::cli
