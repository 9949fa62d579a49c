// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/json_fields.h"

#include <ctime>

namespace vedette::engine {
namespace {

void write_digits(std::string& text, size_t at, size_t width, unsigned value) {
    for (size_t i = at + width; i > at; value /= 10)
        text[--i] = static_cast<char>('0' + value % 10);
}

}  // namespace

void put_text(JsonObject& object, std::string_view name, std::string_view bytes) {
    if (!bytes.empty())
        object[name] = bytes;
}

void put_number(JsonObject& object, std::string_view name, uint64_t value) {
    if (value)
        object[name] = value;
}

void put_true(JsonObject& object, std::string_view name, bool value) {
    if (value)
        object[name] = true;
}

void put_object(JsonObject& object, std::string_view name, const JsonObject& value) {
    if (!value.empty())
        object[name] = value;
}

void put_time(JsonObject& object, std::string_view name, uint64_t nanoseconds) {
    if (nanoseconds == 0)
        return;
    const auto seconds = static_cast<time_t>(nanoseconds / 1'000'000'000);
    tm parts{};
    gmtime_r(&seconds, &parts);
    // By hand: an alert has two or three for each ancestor, and a general formatter took a fifth of its time.
    std::string text = "0000-00-00T00:00:00.000000000Z";
    write_digits(text, 0, 4, static_cast<unsigned>(parts.tm_year + 1900));
    write_digits(text, 5, 2, static_cast<unsigned>(parts.tm_mon + 1));
    write_digits(text, 8, 2, static_cast<unsigned>(parts.tm_mday));
    write_digits(text, 11, 2, static_cast<unsigned>(parts.tm_hour));
    write_digits(text, 14, 2, static_cast<unsigned>(parts.tm_min));
    write_digits(text, 17, 2, static_cast<unsigned>(parts.tm_sec));
    write_digits(text, 20, 9, static_cast<unsigned>(nanoseconds % 1'000'000'000));
    object[name] = text;
}

}  // namespace vedette::engine
