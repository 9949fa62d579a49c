// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/json_fields.h"

#include <fmt/format.h>

#include <ctime>
#include <utility>

namespace vedette::engine {

void put_text(boost::json::object& object, std::string_view name, std::string_view bytes) {
    if (!bytes.empty())
        object[name] = json_text(bytes);
}

void put_number(boost::json::object& object, std::string_view name, uint64_t value) {
    if (value)
        object[name] = value;
}

void put_true(boost::json::object& object, std::string_view name, bool value) {
    if (value)
        object[name] = true;
}

void put_object(boost::json::object& object, std::string_view name, boost::json::object value) {
    if (!value.empty())
        object[name] = std::move(value);
}

void put_time(boost::json::object& object, std::string_view name, uint64_t nanoseconds) {
    if (nanoseconds == 0)
        return;
    const auto seconds = static_cast<time_t>(nanoseconds / 1'000'000'000);
    tm parts{};
    gmtime_r(&seconds, &parts);
    object[name] = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", parts.tm_year + 1900,
                               parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                               parts.tm_sec, nanoseconds % 1'000'000'000);
}

}  // namespace vedette::engine
