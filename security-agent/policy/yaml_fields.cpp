// SPDX-License-Identifier: Apache-2.0
#include "security-agent/policy/yaml_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "security-agent/secl/suggest.h"

namespace vedette::policy {

using Kind = YamlNode::Kind;

YamlFields::YamlFields(const File& file, const YamlNode& node, std::string what,
                       secl::Diagnostics& diagnostics)
    : file_(file), node_(node), what_(std::move(what)), diagnostics_(diagnostics) {
    if (node.kind != Kind::kMap) {
        error(node.offset, fmt::format("{} is a map of keys and values", what_));
        return;
    }
    std::set<std::string_view> seen;
    for (const YamlEntry& entry : node.entries) {
        if (!seen.insert(entry.key->scalar).second) {
            error(entry.key->offset, fmt::format("'{}' is given twice", entry.key->scalar), "",
                  static_cast<uint32_t>(entry.key->scalar.size()));
        }
    }
}

const YamlNode* YamlFields::find(std::string_view key) {
    asked_.push_back(key);
    const auto it = std::find_if(node_.entries.begin(), node_.entries.end(),
                                 [&](const YamlEntry& entry) { return entry.key->scalar == key; });
    return it == node_.entries.end() || it->value->kind == Kind::kNull ? nullptr : it->value.get();
}

bool YamlFields::has(std::string_view key) {
    return find(key) != nullptr;
}

const YamlNode* YamlFields::scalar(std::string_view key, std::string_view expected) {
    const YamlNode* value = find(key);
    if (value != nullptr && value->kind != Kind::kScalar) {
        error(value->offset, fmt::format("'{}' must be {}", key, expected));
        return nullptr;
    }
    return value;
}

std::optional<std::string> YamlFields::text(std::string_view key) {
    const YamlNode* value = scalar(key, "a string");
    return value ? std::optional(value->scalar) : std::nullopt;
}

std::optional<secl::SourceText> YamlFields::source(std::string_view key) {
    const YamlNode* value = scalar(key, "a string");
    return value ? std::optional(scalar_source(file_, *value)) : std::nullopt;
}

std::optional<bool> YamlFields::boolean(std::string_view key) {
    const YamlNode* value = scalar(key, "true or false");
    if (value == nullptr) {
        return std::nullopt;
    }
    if (value->plain &&
        (value->scalar == "true" || value->scalar == "True" || value->scalar == "TRUE")) {
        return true;
    }
    if (value->plain &&
        (value->scalar == "false" || value->scalar == "False" || value->scalar == "FALSE")) {
        return false;
    }
    error(value->offset, fmt::format("'{}' must be true or false", key));
    return std::nullopt;
}

std::optional<int64_t> YamlFields::integer(std::string_view key) {
    const YamlNode* value = scalar(key, "a number");
    if (value == nullptr) {
        return std::nullopt;
    }
    int64_t number = 0;
    const std::string& digits = value->scalar;
    const auto [end, failed] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (!value->plain || failed != std::errc{} || end != digits.data() + digits.size()) {
        error(value->offset, fmt::format("'{}' must be a number", key));
        return std::nullopt;
    }
    return number;
}

std::optional<int64_t> YamlFields::duration(std::string_view key) {
    const YamlNode* value = scalar(key, "a duration");
    if (value == nullptr) {
        return std::nullopt;
    }
    int64_t number = 0;
    const std::string& digits = value->scalar;
    const auto [end, failed] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const bool whole = failed == std::errc{} && end == digits.data() + digits.size();
    const auto nanoseconds = whole ? std::optional(number) : parse_duration(digits);
    if (!nanoseconds || *nanoseconds < 0) {
        error(value->offset, fmt::format("'{}' must be a duration", key),
              "write 10s, 5m, 1h30m, or nanoseconds as a number");
        return std::nullopt;
    }
    return nanoseconds;
}

std::optional<std::string> YamlFields::word(std::string_view key,
                                            std::initializer_list<std::string_view> allowed) {
    const YamlNode* value = scalar(key, "a word");
    if (value == nullptr) {
        return std::nullopt;
    }
    if (std::find(allowed.begin(), allowed.end(), value->scalar) != allowed.end()) {
        return value->scalar;
    }
    secl::Suggestion suggestion(value->scalar);
    for (const std::string_view candidate : allowed) {
        suggestion.consider(candidate);
    }
    error(value->offset, fmt::format("'{}' cannot be '{}'", key, value->scalar),
          suggestion.best().empty() ? fmt::format("it is one of: {}", fmt::join(allowed, ", "))
                                    : suggestion.hint());
    return std::nullopt;
}

std::vector<YamlNodePtr> YamlFields::list(std::string_view key) {
    const YamlNode* value = find(key);
    if (value == nullptr) {
        return {};
    }
    if (value->kind != Kind::kList) {
        error(value->offset, fmt::format("'{}' must be a list", key));
        return {};
    }
    return value->items;
}

std::vector<std::string> YamlFields::texts(std::string_view key) {
    std::vector<std::string> out;
    for (const YamlNodePtr& item : list(key)) {
        if (item->kind == Kind::kScalar) {
            out.push_back(item->scalar);
        } else {
            error(item->offset, fmt::format("'{}' is a list of strings", key));
        }
    }
    return out;
}

std::vector<secl::SourceText> YamlFields::sources(std::string_view key) {
    std::vector<secl::SourceText> out;
    for (const YamlNodePtr& item : list(key)) {
        if (item->kind == Kind::kScalar) {
            out.push_back(scalar_source(file_, *item));
        } else {
            error(item->offset, fmt::format("'{}' is a list of strings", key));
        }
    }
    return out;
}

std::vector<std::pair<std::string, std::string>> YamlFields::text_map(std::string_view key) {
    std::vector<std::pair<std::string, std::string>> out;
    const YamlNode* value = find(key);
    if (value == nullptr) {
        return out;
    }
    if (value->kind != Kind::kMap) {
        error(value->offset, fmt::format("'{}' must be a map of strings", key));
        return out;
    }
    for (const YamlEntry& entry : value->entries) {
        if (entry.value->kind == Kind::kList || entry.value->kind == Kind::kMap) {
            error(entry.value->offset, fmt::format("'{}' is a map of strings", key));
            continue;
        }
        out.emplace_back(entry.key->scalar, entry.value->scalar);
    }
    return out;
}

YamlNodePtr YamlFields::node(std::string_view key) {
    asked_.push_back(key);
    const auto it = std::find_if(node_.entries.begin(), node_.entries.end(),
                                 [&](const YamlEntry& entry) { return entry.key->scalar == key; });
    return it == node_.entries.end() ? nullptr : it->value;
}

void YamlFields::finish() {
    for (const YamlEntry& entry : node_.entries) {
        const std::string& key = entry.key->scalar;
        if (std::find(asked_.begin(), asked_.end(), key) != asked_.end()) {
            continue;
        }
        secl::Suggestion suggestion(key);
        for (const std::string_view known : asked_) {
            suggestion.consider(known);
        }
        error(entry.key->offset, fmt::format("'{}' is no key of {}", key, what_),
              suggestion.best().empty() ? fmt::format("its keys are: {}", fmt::join(asked_, ", "))
                                        : suggestion.hint(),
              static_cast<uint32_t>(key.size()));
    }
}

uint32_t YamlFields::offset_of(std::string_view key) const {
    const auto it = std::find_if(node_.entries.begin(), node_.entries.end(),
                                 [&](const YamlEntry& entry) { return entry.key->scalar == key; });
    return it == node_.entries.end() ? node_.offset : it->value->offset;
}

void YamlFields::error(uint32_t offset, std::string message, std::string hint, uint32_t width) {
    if (first_error_.empty()) {
        first_error_ = message;
    }
    secl::SourceText whole;
    whole.file = file_;
    diagnostics_.add(secl::Severity::kError, whole, {offset, offset + std::max(1U, width)},
                     std::move(message), std::move(hint), subject_);
}

void YamlFields::fail(std::string_view reason) {
    if (first_error_.empty()) {
        first_error_ = reason;
    }
}

secl::SourceText place_in(const YamlFields::File& file, uint32_t offset) {
    secl::SourceText place;
    place.file = file;
    place.offsets.push_back(offset);
    return place;
}

std::optional<int64_t> parse_duration(std::string_view text) {
    struct Unit {
        std::string_view name;
        int64_t nanoseconds;
    };
    static constexpr std::array kUnits = {Unit{"ns", 1},
                                          Unit{"us", 1'000},
                                          Unit{"ms", 1'000'000},
                                          Unit{"s", 1'000'000'000},
                                          Unit{"m", 60'000'000'000},
                                          Unit{"h", 3'600'000'000'000}};
    if (text.empty()) {
        return std::nullopt;
    }
    int64_t total = 0;
    while (!text.empty()) {
        int64_t count = 0;
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), count);
        if (failed != std::errc{} || count < 0) {
            return std::nullopt;
        }
        text.remove_prefix(static_cast<size_t>(end - text.data()));
        const size_t unit_end = std::min(text.find_first_of("0123456789"), text.size());
        const auto* unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& u) {
            return u.name == text.substr(0, unit_end);
        });
        int64_t part = 0;
        if (unit == kUnits.end() || __builtin_mul_overflow(count, unit->nanoseconds, &part) ||
            __builtin_add_overflow(total, part, &total)) {
            return std::nullopt;
        }
        text.remove_prefix(unit_end);
    }
    return total;
}

}  // namespace vedette::policy
