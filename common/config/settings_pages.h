// SPDX-License-Identifier: Apache-2.0
//
// The settings table as pages for people: the reference page, the commented example file, the manual page.
#pragma once

#include <string>

namespace vedette {

/// docs/reference/settings.md
std::string settings_markdown();

/// deploy/vedette.yaml.example: every setting with its default, commented out with "# "; what explains it with "## ".
std::string settings_example();

/// vedette.yaml(5), as troff. `version`: of the package; `date`: 2026-01-31.
std::string settings_manual(const std::string& version, const std::string& date);

}  // namespace vedette
