// SPDX-License-Identifier: Apache-2.0
#include "common/json_text.h"

#include <cstdint>

namespace vedette {
namespace {

uint8_t byte_at(std::string_view text, size_t at) {
    return static_cast<uint8_t>(text[at]);
}

/// Length of the well-formed sequence at `at` (Unicode 15, table 3-7), 0 when there is none.
size_t sequence_length(std::string_view text, size_t at) {
    const uint8_t lead = byte_at(text, at);
    if (lead < 0x80)
        return 1;
    const size_t length = lead >= 0xc2 && lead <= 0xdf   ? 2
                          : (lead & 0xf0) == 0xe0        ? 3
                          : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                         : 0;
    if (length == 0 || text.size() - at < length)
        return 0;
    const uint8_t second = byte_at(text, at + 1);
    const uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > high)
        return 0;
    for (size_t i = 2; i < length; ++i)
        if ((byte_at(text, at + i) & 0xc0) != 0x80)
            return 0;
    return length;
}

/// U+F780..U+F7FF is EF 9E 80 .. EF 9F BF.
bool is_escape(std::string_view text, size_t at, size_t length) {
    return length == 3 && byte_at(text, at) == 0xef && (byte_at(text, at + 1) & 0xfe) == 0x9e;
}

void append_escape(std::string& out, uint8_t byte) {
    out += '\xef';
    out += static_cast<char>(0x9c + (byte >> 6));
    out += static_cast<char>(0x80 + (byte & 0x3f));
}

/// Length of the part from `at` on that is the same in both forms.
size_t plain_run(std::string_view text, size_t at) {
    const size_t begin = at;
    while (at < text.size()) {
        const size_t length = sequence_length(text, at);
        if (length == 0 || is_escape(text, at, length))
            break;
        at += length;
    }
    return at - begin;
}

}  // namespace

std::string json_text(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size());
    for (size_t at = 0; at < bytes.size();) {
        const size_t run = plain_run(bytes, at);
        out.append(bytes.substr(at, run));
        at += run;
        if (at < bytes.size())
            append_escape(out, byte_at(bytes, at++));
    }
    return out;
}

std::string bytes_of(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (size_t at = 0; at < text.size();) {
        const size_t length = sequence_length(text, at);
        if (is_escape(text, at, length)) {
            out += static_cast<char>(((byte_at(text, at + 1) - 0x9c) << 6) |
                                     (byte_at(text, at + 2) & 0x3f));
            at += length;
        } else {
            out += text[at++];
        }
    }
    return out;
}

}  // namespace vedette
