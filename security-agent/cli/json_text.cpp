// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/json_text.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace vedette::cli {
namespace {

namespace json = boost::json;

void write(const json::value& value, size_t indent, std::string& out) {
    const auto new_line = [&](size_t depth) { out += '\n' + std::string(depth * 2, ' '); };
    if (const auto* members = value.if_object(); members && !members->empty()) {
        out += '{';
        const char* comma = "";
        for (const auto& [name, member] : *members) {
            out += comma;
            new_line(indent + 1);
            out += json::serialize(json::value(name)) + ": ";
            write(member, indent + 1, out);
            comma = ",";
        }
        new_line(indent);
        out += '}';
    } else if (const auto* items = value.if_array(); items && !items->empty()) {
        out += '[';
        const char* comma = "";
        for (const auto& item : *items) {
            out += comma;
            new_line(indent + 1);
            write(item, indent + 1, out);
            comma = ",";
        }
        new_line(indent);
        out += ']';
    } else {
        out += json::serialize(value);
    }
}

}  // namespace

std::string pretty_json(const json::value& value) {
    std::string out;
    write(value, 0, out);
    return out;
}

}  // namespace vedette::cli
