// SPDX-License-Identifier: Apache-2.0
//
// `security-agent runtime policy check`: compiles policies offline and reports everything that is wrong.
#pragma once

#include <iosfwd>
#include <string>

#include "security-agent/policy/loader.h"
#include "security-agent/secl/field.h"

namespace vedette::cli {

struct PolicyCheckOptions {
    std::string path;  ///< --policies-dir or --file: a directory of *.policy, or one file
    bool json = false;
    std::string agent_version = policy::kEmulatedVersion;
    policy::HostFacts host;
};

/// Exit code: 0 when every rule is loaded or filtered, 1 when anything failed.
int run_policy_check(const PolicyCheckOptions& options, const secl::FieldTable& fields,
                     std::ostream& out, std::ostream& err);

}  // namespace vedette::cli
