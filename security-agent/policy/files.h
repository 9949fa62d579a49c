// SPDX-License-Identifier: Apache-2.0
//
// Policy files on disk. A policy directory may hold anything; only regular files are read, and only so much of them.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"

namespace vedette::policy {

inline constexpr const char* kDefaultPolicy = "default.policy";

struct InputFile {
    std::string name;  ///< without its directory
    std::string path;
    Result<std::string> text;
};

/// The *.policy files of a directory, default.policy first, then by name; or one file whatever its name. Errors: the
/// directory, or the one file, cannot be read.
Result<std::vector<InputFile>> read_policy_files(const std::string& path);

/// Into that order.
void sort_policies(std::vector<InputFile>& files);

}  // namespace vedette::policy
