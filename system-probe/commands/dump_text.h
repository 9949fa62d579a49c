// SPDX-License-Identifier: Apache-2.0
//
// What the dumps share: names that somebody chose, as strings of the dot language.
#pragma once

#include <string>
#include <string_view>

#include "common/log.h"

namespace vedette::probe {

/// Only the quote ends such a string, and a backslash may mean something to who draws it.
inline std::string dot_quoted(std::string_view bytes) {
    std::string out = "\"";
    for (const char c : printable(bytes)) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    return out + '"';
}

}  // namespace vedette::probe
