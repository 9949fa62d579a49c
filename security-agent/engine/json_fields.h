// SPDX-License-Identifier: Apache-2.0
//
// The rule "leave out what is empty" for the members of an alert, as functions. Members that are always there are
// written by plain assignment.
#pragma once

#include <cstdint>
#include <string_view>

#include "security-agent/engine/json_object.h"

namespace vedette::engine {

void put_text(JsonObject& object, std::string_view name, std::string_view bytes);
void put_number(JsonObject& object, std::string_view name, uint64_t value);
void put_true(JsonObject& object, std::string_view name, bool value);
void put_object(JsonObject& object, std::string_view name, const JsonObject& value);
/// `nanoseconds` since 1970 as RFC 3339 with all nine digits, UTC.
void put_time(JsonObject& object, std::string_view name, uint64_t nanoseconds);

/// `values`: a range of what append_json() takes.
template <typename Values>
void put_list(JsonObject& object, std::string_view name, const Values& values) {
    JsonArray list;
    for (const auto& value : values)
        list.push_back(value);
    if (!list.empty())
        object[name] = list;
}

}  // namespace vedette::engine
