// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/diagnostics_json.h"

#include <boost/json/object.hpp>

namespace vedette::secl {
namespace {

// Length of the well-formed sequence at the start of `text` (RFC 3629: no overlong forms, no surrogates), or 0.
size_t sequence_length(std::string_view text) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) {
        return 1;
    }
    const size_t length = lead >= 0xc2 && lead <= 0xdf   ? 2
                          : (lead & 0xf0) == 0xe0        ? 3
                          : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                         : 0;
    if (length == 0 || text.size() < length) {
        return 0;
    }
    for (size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) {
            return 0;
        }
    }
    const bool overlong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
    const bool out_of_range =
        (lead == 0xed && byte(1) >= 0xa0) || (lead == 0xf4 && byte(1) >= 0x90);
    return overlong || out_of_range ? 0 : length;
}

}  // namespace

std::string valid_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const size_t length = sequence_length(text);
        out += length > 0 ? text.substr(0, length) : std::string_view("\xef\xbf\xbd");
        text.remove_prefix(length > 0 ? length : 1);
    }
    return out;
}

boost::json::array to_json(const Diagnostics& diagnostics) {
    boost::json::array out;
    for (const Diagnostic& item : diagnostics.items()) {
        boost::json::object object;
        object["file"] = valid_utf8(item.file);
        object["line"] = item.line;
        object["column"] = item.column;
        object["length"] = item.length;
        object["severity"] = to_string(item.severity);
        object["message"] = valid_utf8(item.message);
        object["hint"] = valid_utf8(item.hint);
        object["rule"] = valid_utf8(item.subject);
        object["source_line"] = valid_utf8(item.source_line);
        out.push_back(std::move(object));
    }
    return out;
}

}  // namespace vedette::secl
