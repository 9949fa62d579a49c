// SPDX-License-Identifier: Apache-2.0
//
// Text to typed value and back, for one entry of the settings table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/config/settings.h"

namespace vedette {

/// `text` as it stands in YAML, the environment or on the command line. Errors say what was expected.
Result<SettingValue> parse_setting(const SettingDef& def, std::string_view text);

/// kStringList only.
Result<SettingValue> parse_setting_list(const SettingDef& def, std::vector<std::string> items);

/// "an integer between 0 and 65535"
std::string expected_value(const SettingDef& def);

}  // namespace vedette
