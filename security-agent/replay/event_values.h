// SPDX-License-Identifier: Apache-2.0
//
// One value of an event file: text or number to what a field holds.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "security-agent/policy/yaml_tree.h"
#include "security-agent/replay/event_file.h"

namespace vedette::replay {

/// Seconds and fractions with a zone, as "2026-01-01T12:00:00.5Z"; nothing when it is no such time or before 1970.
std::optional<int64_t> parse_time(std::string_view text);

/// "2026-01-01T12:00:00Z", with nine digits after the point when they are not zero.
std::string format_time(int64_t ns);

/// "O_WRONLY | O_CREAT", "EACCES", "0644", "-13": constants and numbers that are OR-ed.
std::optional<int64_t> parse_number(std::string_view text);

/// A complaint; empty when `out` has one value more.
struct ValueError {
    std::string message;
    std::string hint;
};
std::optional<ValueError> append_value(const policy::YamlNode& node, const secl::FieldDef& field,
                                       int64_t time_ns, EventValue& out);

/// What follows from the value of a field: name and extension from path, args, args_flags and args_options from argv,
/// envs from envp, rights from mode, is_public from ip, length from a string. Not every name is a field.
struct Derived {
    std::string name;  ///< of the other field
    EventValue value;
};
std::vector<Derived> derive(std::string_view name, const EventValue& value);

/// At most 80 bytes of it, without control characters: for messages.
std::string printable_text(std::string_view text);

}  // namespace vedette::replay
