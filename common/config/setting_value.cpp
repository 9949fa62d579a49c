// SPDX-License-Identifier: Apache-2.0
#include "common/config/setting_value.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>

#include "common/log.h"

namespace vedette {
namespace {

constexpr size_t kMaxText = 4096;
constexpr size_t kMaxItems = 1024;

struct Unit {
    std::string_view name;
    int64_t factor;
};
// Largest first: the order in which a canonical text looks for one that divides the value.
constexpr std::array kDurationUnits = {
    Unit{"h", 3'600'000'000'000}, Unit{"m", 60'000'000'000}, Unit{"s", 1'000'000'000},
    Unit{"ms", 1'000'000},        Unit{"us", 1'000},         Unit{"ns", 1}};
constexpr std::array kSizeUnits = {
    Unit{"GiB", 1 << 30},  Unit{"MiB", 1 << 20}, Unit{"KiB", 1 << 10}, Unit{"GB", 1'000'000'000},
    Unit{"MB", 1'000'000}, Unit{"kB", 1'000},    Unit{"B", 1}};

std::optional<int64_t> parse_integer(std::string_view text) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

/// "1m30s": a sum of numbers with units; a number alone counts in `bare`.
std::optional<int64_t> parse_quantity(std::string_view text, std::span<const Unit> units,
                                      int64_t bare) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    int64_t total = 0;
    bool alone = true;
    if (text.empty())
        return std::nullopt;
    while (!text.empty()) {
        const auto digits = static_cast<size_t>(
            std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
        const auto number = parse_integer(text.substr(0, digits));
        if (!number)
            return std::nullopt;
        text.remove_prefix(digits);
        const auto letters =
            static_cast<size_t>(std::find_if(text.begin(), text.end(), is_digit) - text.begin());
        const std::string_view name = text.substr(0, letters);
        text.remove_prefix(letters);
        int64_t factor = bare;
        if (!name.empty() || !alone || !text.empty()) {
            const auto unit = std::find_if(units.begin(), units.end(),
                                           [&](const Unit& u) { return u.name == name; });
            if (unit == units.end())
                return std::nullopt;
            factor = unit->factor;
        }
        alone = false;
        int64_t part = 0;
        if (__builtin_mul_overflow(*number, factor, &part) ||
            __builtin_add_overflow(total, part, &total))
            return std::nullopt;
    }
    return total;
}

std::string quantity_text(int64_t value, std::span<const Unit> units) {
    for (const auto& unit : units)
        if (value % unit.factor == 0 && (value != 0 || unit.factor == units.back().factor))
            return fmt::format("{}{}", value / unit.factor, unit.name);
    return fmt::format("{}", value);
}

std::optional<bool> parse_bool(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    for (const char* yes : {"true", "yes", "on", "1"})
        if (lower == yes)
            return true;
    for (const char* no : {"false", "no", "off", "0"})
        if (lower == no)
            return false;
    return std::nullopt;
}

/// The environment and the command line have no lists: [a, b] as in YAML or JSON, or words between blanks or commas.
std::optional<std::vector<std::string>> split_list(std::string_view text) {
    std::vector<std::string> items;
    if (text.starts_with('[')) {
        try {
            const YAML::Node node = YAML::Load(std::string(text));
            if (!node.IsSequence())
                return std::nullopt;
            for (const auto& item : node) {
                if (!item.IsScalar())
                    return std::nullopt;
                items.push_back(item.Scalar());
            }
        } catch (const YAML::Exception&) {
            return std::nullopt;
        }
        return items;
    }
    constexpr std::string_view kSeparators = " ,\t\n";
    for (size_t at = 0; (at = text.find_first_not_of(kSeparators, at)) != std::string_view::npos;) {
        const size_t end = std::min(text.find_first_of(kSeparators, at), text.size());
        items.emplace_back(text.substr(at, end - at));
        at = end;
    }
    return items;
}

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

/// The one of a|b|c that is meant: case does not matter (DD_LOG_LEVEL=WARN).
std::string_view choice(std::string_view choices, std::string_view text) {
    const auto same = [](unsigned char a, unsigned char b) {
        return std::tolower(a) == std::tolower(b);
    };
    while (!choices.empty()) {
        const auto one = choices.substr(0, choices.find('|'));
        if (std::equal(one.begin(), one.end(), text.begin(), text.end(), same))
            return one;
        choices.remove_prefix(std::min(one.size() + 1, choices.size()));
    }
    return {};
}

tl::unexpected<Error> wrong(const SettingDef& def, std::string_view text) {
    std::string shown = def.secret ? "********" : printable(text.substr(0, 100));
    return fail(ErrorCode::kInvalid, "{}: expected {}, got \"{}\"", def.key, expected_value(def),
                shown);
}

std::string number_text(const SettingDef& def, int64_t number) {
    switch (def.type) {
        case SettingType::kDuration:
            return quantity_text(number, kDurationUnits);
        case SettingType::kBytes:
            return quantity_text(number, std::span(kSizeUnits).first(3));
        case SettingType::kBool:
            return number != 0 ? "true" : "false";
        default:
            return fmt::format("{}", number);
    }
}

std::optional<int64_t> parse_number(const SettingDef& def, std::string_view text) {
    switch (def.type) {
        case SettingType::kInt:
            return parse_integer(text);
        case SettingType::kDuration:
            return parse_quantity(text, kDurationUnits, 1'000'000'000);
        case SettingType::kBytes:
            return parse_quantity(text, kSizeUnits, 1);
        case SettingType::kBool:
            if (const auto flag = parse_bool(text))
                return *flag ? 1 : 0;
            return std::nullopt;
        default:
            return std::nullopt;
    }
}

}  // namespace

std::string expected_value(const SettingDef& def) {
    std::string what;
    switch (def.type) {
        case SettingType::kString: {
            if (def.choices.empty())
                return "text without control characters";
            std::string names(def.choices);
            for (size_t at = 0; (at = names.find('|', at)) != std::string::npos;)
                names.replace(at, 1, ", ");
            return "one of " + names;
        }
        case SettingType::kStringList:
            return "a list";
        case SettingType::kBool:
            return "true or false";
        case SettingType::kInt:
            what = "an integer";
            break;
        case SettingType::kDuration:
            what = "a duration such as 30s, 500ms or 2m";
            break;
        case SettingType::kBytes:
            what = "a size such as 512KiB or 64MiB";
            break;
    }
    const bool low = def.min != INT64_MIN;
    const bool high = def.max != INT64_MAX;
    if (low && high)
        return fmt::format("{} between {} and {}", what, number_text(def, def.min),
                           number_text(def, def.max));
    if (low)
        return fmt::format("{} of at least {}", what, number_text(def, def.min));
    return what;
}

Result<SettingValue> parse_setting_list(const SettingDef& def, std::vector<std::string> items) {
    if (items.size() > kMaxItems)
        return fail(ErrorCode::kLimit, "{}: the list has {} items, at most {} are allowed", def.key,
                    items.size(), kMaxItems);
    SettingValue value;
    for (const auto& item : items) {
        if (item.size() > kMaxText || has_control(item))
            return wrong(def, item);
        std::string quoted = "\"";
        for (const char c : item) {
            if (c == '"' || c == '\\')
                quoted += '\\';
            quoted += c;
        }
        value.text += (value.text.empty() ? "[" : ", ") + quoted + '"';
    }
    value.text += items.empty() ? "[]" : "]";
    value.list = std::move(items);
    return value;
}

Result<SettingValue> parse_setting(const SettingDef& def, std::string_view text) {
    SettingValue value;
    if (def.type == SettingType::kStringList) {
        auto items = split_list(text);
        if (!items)
            return wrong(def, text);
        return parse_setting_list(def, std::move(*items));
    }
    if (def.type == SettingType::kString) {
        if (text.size() > kMaxText || has_control(text))
            return wrong(def, text);
        value.text = def.choices.empty() ? text : choice(def.choices, text);
        if (!def.choices.empty() && value.text.empty())
            return wrong(def, text);
        return value;
    }
    const auto number = parse_number(def, text);
    if (!number || *number < def.min || *number > def.max)
        return wrong(def, text);
    value.number = *number;
    value.text = number_text(def, *number);
    return value;
}

}  // namespace vedette
