// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/explain_values.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "security-agent/secl/constants.h"

namespace vedette::secl {
namespace {

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// Length of the well-formed sequence at the start, 0 when there is none; only what is printable as it is.
size_t printable_sequence(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    if (lead < 0x80) {
        return lead >= 0x20 && lead != 0x7f ? 1 : 0;
    }
    const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
    if (length == 0 || lead > 0xf4 || text.size() < length) {
        return 0;
    }
    uint32_t point = lead & (0xffU >> (length + 1));
    for (size_t i = 1; i < length; ++i) {
        if (!is_continuation(text[i])) {
            return 0;
        }
        point = (point << 6) | (static_cast<unsigned char>(text[i]) & 0x3fU);
    }
    constexpr std::array<uint32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = point >= 0xd800 && point <= 0xdfff;
    const bool direction =  // what could reorder the rest of the line
        (point >= 0x200b && point <= 0x200f) || (point >= 0x202a && point <= 0x202e) ||
        (point >= 0x2066 && point <= 0x2069);
    const bool control = point < 0xa0 || point == 0x2028 || point == 0x2029;
    const bool valid = point >= kSmallest[length] && point <= 0x10ffff && !surrogate;
    return valid && !direction && !control ? length : 0;
}

std::string printable(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        if (const size_t length = printable_sequence(text); length > 0) {
            out += text.substr(0, length);
            text.remove_prefix(length);
        } else {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
            text.remove_prefix(1);
        }
    }
    return out;
}

std::string_view cut(std::string_view text, size_t max) {
    if (text.size() <= max) {
        return text;
    }
    size_t end = max;
    while (end > 0 && is_continuation(text[end])) {
        --end;
    }
    return text.substr(0, end);
}

// Second names of values that have a better known one.
constexpr std::array<std::string_view, 9> kSynonyms = {"EDEADLOCK", "ENOTSUP",     "EWOULDBLOCK",
                                                       "O_FSYNC",   "O_LARGEFILE", "O_NDELAY",
                                                       "SIGCLD",    "SIGIOT",      "SIGPOLL"};

// The first of equal values is the name to show.
std::vector<const Constant*> family_of(std::string_view family) {
    std::vector<const Constant*> out;
    for (const Constant& constant : constants()) {
        if (constant.family == family && !family.empty()) {
            out.push_back(&constant);
        }
    }
    std::stable_partition(out.begin(), out.end(), [](const Constant* c) {
        return std::find(kSynonyms.begin(), kSynonyms.end(), c->name) == kSynonyms.end();
    });
    return out;
}

bool is_bit(int64_t value) {
    return std::has_single_bit(static_cast<uint64_t>(value));
}

// Flags are mostly single bits; enumerations count up.
bool is_flag_family(const std::vector<const Constant*>& family) {
    const auto bits = std::count_if(family.begin(), family.end(),
                                    [](const Constant* c) { return is_bit(c->value); });
    return static_cast<size_t>(bits) * 5 >= family.size() * 3;
}

bool is_ipv4(const IpAddress& address) {
    constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return std::equal(kMapped.begin(), kMapped.end(), address.bytes.begin());
}

std::string one_address(const IpAddress& address) {
    std::array<char, INET6_ADDRSTRLEN> out{};
    const bool v4 = is_ipv4(address);
    inet_ntop(v4 ? AF_INET : AF_INET6, address.bytes.data() + (v4 ? 12 : 0), out.data(),
              static_cast<socklen_t>(out.size()));
    return out.data();
}

}  // namespace

std::string constant_text(std::string_view family, int64_t value) {
    std::vector<const Constant*> known = family_of(family);
    for (const Constant* constant : known) {
        if (constant->value == value) {
            return std::string(constant->name);
        }
    }
    if (known.empty() || value <= 0 || !is_flag_family(known)) {
        return std::to_string(value);
    }
    // The names that cover most first: O_SYNC before the O_DSYNC in it.
    std::stable_sort(known.begin(), known.end(), [](const Constant* a, const Constant* b) {
        return std::popcount(static_cast<uint64_t>(a->value)) >
               std::popcount(static_cast<uint64_t>(b->value));
    });
    int64_t rest = value;
    std::vector<const Constant*> parts;
    for (const Constant* constant : known) {
        const bool bits = constant->value > 0 && constant->name != "O_ACCMODE";  // a mask, no flag
        if (bits && (rest & constant->value) == constant->value) {
            parts.push_back(constant);
            rest &= ~constant->value;
        }
    }
    std::stable_sort(parts.begin(), parts.end(),
                     [](const Constant* a, const Constant* b) { return a->value < b->value; });
    std::string out;
    for (const Constant* part : parts) {
        out += (out.empty() ? "" : "|") + std::string(part->name);
    }
    if (rest != 0) {
        out += fmt::format("{}{:#x}", out.empty() ? "" : "|", rest);
    }
    return out;
}

std::string quoted(std::string_view text, size_t max) {
    const std::string_view shown = cut(text, max);
    const bool whole = shown.size() == text.size();
    return "\"" + printable(shown) + (whole ? "\"" : fmt::format("...\" ({} bytes)", text.size()));
}

std::string source_text(const Place& place, size_t max) {
    if (place.source == nullptr) {
        return {};
    }
    const std::string_view all = place.source->text;
    const size_t begin = std::min<size_t>(place.span.begin, all.size());
    const size_t end = std::clamp<size_t>(place.span.end, begin, all.size());
    std::string line;
    for (const char c : all.substr(begin, end - begin)) {
        const bool blank = c == ' ' || c == '\n' || c == '\r' || c == '\t';
        if (!blank || (!line.empty() && !line.ends_with(' '))) {
            line += blank ? ' ' : c;
        }
        if (line.size() > max) {
            return printable(cut(line, max)) + "...";
        }
    }
    if (line.ends_with(' ')) {
        line.pop_back();
    }
    return printable(line);
}

std::string read_name(const FieldRead& read) {
    std::string out(read.field->name);
    if (read.index >= 0) {
        out += fmt::format("[{}]", read.index);
    }
    return out + (read.kind == FieldRead::Kind::kLength ? ".length" : "");
}

std::string literal_text(const StringLiteral& literal, size_t max) {
    switch (literal.kind) {
        case StringLiteral::Kind::kExact:
            return quoted(literal.text, max);
        case StringLiteral::Kind::kPattern:
        case StringLiteral::Kind::kGlob:
            return "~" + quoted(literal.text, max);
        case StringLiteral::Kind::kRegexp:
            return "r" + quoted(literal.text, max);
    }
    return {};
}

std::string address_text(std::string_view bytes) {
    const auto address = ip_from_bytes(bytes);
    return address ? one_address(*address) : "none";
}

std::string range_text(const IpRange& range) {
    if (range.first == range.last) {
        return one_address(range.first);
    }
    unsigned prefix = 0;  // bits that both ends share; the rest must be all zeros and all ones
    bool network = true;
    bool differs = false;
    for (unsigned bit = 0; bit < 128; ++bit) {
        const auto at = [bit](const IpAddress& a) {
            return ((a.bytes[bit / 8] >> (7 - bit % 8)) & 1) != 0;
        };
        const bool first = at(range.first);
        const bool last = at(range.last);
        differs = differs || first != last;
        prefix += differs ? 0 : 1;
        network = network && (!differs || (!first && last));
    }
    if (!network) {
        return one_address(range.first) + "-" + one_address(range.last);
    }
    const bool v4 = prefix >= 96 && is_ipv4(range.first);
    return fmt::format("{}/{}", one_address(range.first), v4 ? prefix - 96 : prefix);
}

}  // namespace vedette::secl
