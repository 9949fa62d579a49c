// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/field_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace vedette::secl {
namespace {

// What a register may follow (reference section 1.6). Which one a field is read through says its subject.
constexpr std::array<std::string_view, 5> kIterators = {
    "process.ancestors", "ptrace.tracee.ancestors", "setrlimit.target.ancestors",
    "signal.target.ancestors", "network_flow_monitor.flows"};

constexpr std::string_view kLengthSuffix = ".length";
constexpr int32_t kMaxIndex = 1 << 20;

bool is_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_iterator(std::string_view name) {
    return std::find(kIterators.begin(), kIterators.end(), name) != kIterators.end();
}

NamedRead wrong(std::string error, std::string hint = {}) {
    NamedRead out;
    out.error = std::move(error);
    out.hint = std::move(hint);
    return out;
}

}  // namespace

FieldNames::FieldNames(const FieldTable& table) : table_(table) {
    for (const FieldDef& field : table.fields()) {
        by_name_.emplace(field.name, &field);
    }
    for (const AliasDef& alias : table.aliases()) {
        if (const auto target = by_name_.find(alias.field); target != by_name_.end()) {
            const FieldDef* field = target->second;
            by_name_.emplace(alias.name, field);
        }
    }
}

const FieldDef* FieldNames::find(std::string_view name) const {
    const auto it = by_name_.find(name);
    return it == by_name_.end() ? nullptr : it->second;
}

NamedRead FieldNames::resolve(std::string_view name) const {
    std::string plain;  // without brackets
    NamedRead out;
    size_t at = 0;
    while (at < name.size()) {
        const size_t open = name.find('[', at);
        plain += name.substr(at, open - at);
        if (open == std::string_view::npos) {
            break;
        }
        const size_t close = name.find(']', open);
        if (close == std::string_view::npos) {
            return wrong(fmt::format("'{}' has no ']'", name));
        }
        const std::string_view key = name.substr(open + 1, close - open - 1);
        at = close + 1;
        if (is_number(key) && at == name.size()) {
            if (std::from_chars(key.data(), key.data() + key.size(), out.read.index).ec !=
                    std::errc{} ||
                out.read.index > kMaxIndex) {
                return wrong(fmt::format("index {} is too large", key));
            }
        } else if (is_iterator(plain) && out.reg.empty() && at < name.size() && !is_number(key)) {
            if (key == "_") {
                return wrong("'_' is not a register", "give the register a name, or leave [_] out");
            }
            out.reg = key;
        } else {
            return wrong(fmt::format("[{}] does not belong here", key),
                         "registers follow an iterator (process.ancestors[A].file.name), an index "
                         "ends a list "
                         "field (process.argv[0])");
        }
    }

    out.read.field = find(plain);
    if (out.read.field == nullptr && plain.ends_with(kLengthSuffix)) {
        const FieldDef* field = find(plain.substr(0, plain.size() - kLengthSuffix.size()));
        if (field != nullptr && (field->is_list || field->type == ValueType::kString)) {
            out.read.field = field;
            out.read.kind = FieldRead::Kind::kLength;
        }
    }
    if (out.read.field == nullptr) {
        out = wrong(fmt::format("'{}' is no field", plain));
        out.unknown = true;
        return out;
    }
    if (!out.reg.empty() && !is_iterated(out.read.field->subject)) {
        return wrong(fmt::format("'{}' is not read through an iterator", plain));
    }
    if (out.read.index >= 0 &&
        (!out.read.field->is_list || out.read.kind == FieldRead::Kind::kLength)) {
        return wrong(
            fmt::format("'{}' is not a list: it has no element [{}]", plain, out.read.index));
    }
    return out;
}

void FieldNames::suggest(Suggestion& suggestion) const {
    for (const FieldDef& field : table_.fields()) {
        suggestion.consider(field.name);
    }
    for (const AliasDef& alias : table_.aliases()) {
        suggestion.consider(alias.name);
    }
}

std::string_view FieldNames::event_name(EventTypeId id) const {
    for (const EventTypeDef& event : table_.events()) {
        if (event.id == id) {
            return event.name;
        }
    }
    return "";
}

}  // namespace vedette::secl
