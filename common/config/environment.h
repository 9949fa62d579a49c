// SPDX-License-Identifier: Apache-2.0
//
// Settings from the environment: VEDETTE_ and the key in capitals, dots as underscores; DD_ instead, as the reference
// has it, so that deployments of it move over. Where both are set, ours wins.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vedette {

struct EnvironmentSettings {
    struct Value {
        std::string_view key;  ///< of the table
        std::string name;      ///< of the variable
        std::string text;
    };
    std::vector<Value> values;  ///< one a key, sorted
    std::vector<std::string> warnings;
    std::vector<std::string>
        ignored;  ///< variables with one of the prefixes that are no setting of ours
};

/// "VEDETTE_LOG_LEVEL" for "log_level".
std::string environment_name(std::string_view key);

EnvironmentSettings settings_in_environment(const std::map<std::string, std::string>& environment);

}  // namespace vedette
