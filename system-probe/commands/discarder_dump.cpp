// SPDX-License-Identifier: Apache-2.0
#include "system-probe/commands/discarder_dump.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <string_view>

#include "system-probe/decode/event_type.h"

namespace vedette::probe {
namespace {

/// A double-quoted scalar: whoever names files must not write YAML.
std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            out += fmt::format("\\{}", c);
        else if (byte < 0x20 || byte > 0x7e)
            out += fmt::format("\\x{:02x}", byte);
        else
            out += c;
    }
    return out + '"';
}

std::string date_of(int64_t wall_ns) {
    const auto seconds = static_cast<time_t>(wall_ns / 1'000'000'000);
    tm parts{};
    gmtime_r(&seconds, &parts);
    char text[32];
    const size_t size = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return {text, size};
}

std::string_view kind_name(uint32_t kind) {
    switch (kind) {
        case VDT_DISCARD_PATH:
            return "path";
        case VDT_DISCARD_PARENT:
            return "parent";
        default:
            return "prctl_name";
    }
}

std::string events_of(uint64_t types) {
    std::string out;
    for (const EventType& type : event_types()) {
        if (types >> type.type & 1)
            out += fmt::format("{}{}", out.empty() ? "" : ", ", type.name);
    }
    return out;
}

}  // namespace

std::string to_yaml(const DiscarderDump& dump) {
    std::string out = fmt::format("date: {}\n", quoted(date_of(dump.wall_ns)));
    out += dump.discarders.empty() ? "inodes: []\n" : "inodes:\n";
    size_t index = 0;
    for (const auto& [key, value] : dump.discarders) {
        const auto len = std::min<size_t>(key.len, sizeof key.text);
        out += fmt::format(
            "  - index: {}\n"
            "    kind: {}\n"
            "    events: [{}]\n"
            "    value: {{params: {{event_mask: {}, expire_at: 0, is_retained: false}}, revision: "
            "{}}}\n"
            "    path: {}\n"
            "    inode: {}\n"
            "    mount_id: {}\n",
            index++, kind_name(key.kind), events_of(value.types), value.types, value.revision,
            quoted({reinterpret_cast<const char*>(key.text), len}), value.inode, value.mount_id);
    }
    out += dump.stats.empty() ? "stats: {}\n" : "stats:\n";
    for (const DiscarderDump::Stat& stat : dump.stats) {
        out += fmt::format("  {}: {{discarderadded: {}, eventdiscarded: {}}}\n", stat.event,
                           stat.added, stat.discarded);
    }
    return out;
}

}  // namespace vedette::probe
