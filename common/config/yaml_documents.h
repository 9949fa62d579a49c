// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace vedette {

/// Whether a second YAML document begins where the first has ended. YAML::LoadAll() cannot be asked: of ",a" it makes
/// documents without end (yaml-cpp 0.7). Throws YAML::Exception.
bool holds_two_documents(const std::string& text);

}  // namespace vedette
