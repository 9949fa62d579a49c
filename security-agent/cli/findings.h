// SPDX-License-Identifier: Apache-2.0
//
// What `doctor` found, and how it says it.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "security-agent/cli/terminal.h"

namespace vedette::cli {

struct Finding {
    enum class Level : uint8_t { kOk, kWarn, kFail };
    Level level;
    std::string area;  ///< "settings", "probe": groups the page
    std::string what;
    std::string fix;  ///< empty: nothing to do
};

class Findings {
   public:
    void ok(std::string area, std::string what);
    /// It works, but less well, or less of it than one would think.
    void warn(std::string area, std::string what, std::string fix);
    /// Something does not work.
    void fail(std::string area, std::string what, std::string fix);

    const std::vector<Finding>& all() const { return all_; }
    size_t count(Finding::Level level) const;
    /// 0 all is well; 1 something does not work; 4 nothing worse than warnings.
    int exit_code() const;

   private:
    std::vector<Finding> all_;
};

inline constexpr int kExitWarnings = 4;

std::string findings_text(const Findings& findings, const Style& style);
boost::json::object findings_json(const Findings& findings);

}  // namespace vedette::cli
