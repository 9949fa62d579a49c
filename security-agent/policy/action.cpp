// SPDX-License-Identifier: Apache-2.0
#include "security-agent/policy/action.h"

#include <array>

namespace vedette::policy {

std::string_view kind_of(const Action& action) {
    static constexpr std::array<std::string_view, 6> kNames = {
        "set", "log", "kill", "hash", "coredump", "network_filter"};
    static_assert(kNames.size() == std::variant_size_v<decltype(Action::what)>);
    return kNames[action.what.index()];
}

}  // namespace vedette::policy
