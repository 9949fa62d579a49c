// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/names.h"

#include <fmt/format.h>

#include "security-agent/secl/constants.h"

namespace vedette::engine {
namespace {

constexpr uint64_t kAccessMode = 3;  // O_ACCMODE: a number, not bits

std::string name_of(std::string_view family, int64_t value) {
    const std::string_view name = secl::constant_name(family, value);
    return name.empty() ? std::to_string(value) : std::string(name);
}

/// Appends the names of the bits, in the family's order, and takes them from `mask`.
void take_names(std::string_view family, uint64_t& mask, std::vector<std::string>& names) {
    for (const secl::Constant& constant : secl::find_constant_family(family)->constants) {
        const auto bits = static_cast<uint64_t>(constant.value);
        if (bits == 0 || (mask & bits) != bits)
            continue;
        names.emplace_back(constant.name);
        mask &= ~bits;
    }
}

}  // namespace

std::vector<std::string> open_flag_names(uint32_t flags) {
    std::vector<std::string> names = {name_of("open_flags", flags & kAccessMode)};
    uint64_t rest = flags & ~kAccessMode;
    take_names("open_flags", rest, names);
    // "O_RDONLY" says nothing beside another flag.
    if (names.size() > 1 && names.front() == "O_RDONLY")
        names.erase(names.begin());
    if (rest)
        names.push_back(fmt::format("{:#x}", rest));
    return names;
}

std::vector<std::string> capability_names(uint64_t mask) {
    std::vector<std::string> names;
    take_names("capabilities", mask, names);
    for (unsigned bit = 0; bit < 64; ++bit)
        if (mask >> bit & 1)
            names.push_back(fmt::format("CAP_{}", bit));
    return names;
}

std::string address_family_name(uint32_t family) {
    return name_of("address_family", family);
}

std::string l4_protocol_name(uint32_t protocol) {
    return name_of("l4_protocol", protocol);
}

std::string exit_cause_name(int cause) {
    return name_of("exit_cause", cause);
}

}  // namespace vedette::engine
