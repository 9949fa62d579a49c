// SPDX-License-Identifier: Apache-2.0
//
// The alerts of one recorded stream under two sets of policies.
#pragma once

#include <boost/json/object.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/result.h"
#include "security-agent/policy/loader.h"

namespace vedette::cli {

struct AlertOf {
    std::string rule;
    std::string text;  ///< when, what and who, in a line
    boost::json::object alert;
};

struct AlertDiff {
    std::vector<AlertOf> appeared;
    std::vector<AlertOf> gone;
    uint64_t same = 0;
    bool empty() const { return appeared.empty() && gone.empty(); }
};

/// Without rate limits: which of equal alerts a limit holds back is no difference between policies. An alert is the same
/// when its rule and its event are. Errors: the recording cannot be read, or is damaged.
Result<AlertDiff> diff_alerts(const std::string& recording,
                              const std::shared_ptr<const policy::CompiledPolicies>& before,
                              const std::shared_ptr<const policy::CompiledPolicies>& after);

}  // namespace vedette::cli
