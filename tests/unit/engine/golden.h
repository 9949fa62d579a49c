// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace vedette::engine::test {

/// Compares with tests/golden/engine/NAME.json, one member a line; leaves NAME.actual.json when it differs.
void check_golden(const std::string& name, const std::string& line);

}  // namespace vedette::engine::test
