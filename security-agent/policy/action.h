// SPDX-License-Identifier: Apache-2.0
//
// What a rule does when it matches (reference section 3.3), compiled. The engine performs `set`, `log` and `hash`; the
// others are checked, and reported as not performed yet.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "security-agent/secl/expression.h"
#include "security-agent/secl/variables.h"

namespace vedette::policy {

struct SetAction {
    uint32_t variable = 0;                           ///< in CompiledPolicies::variables
    bool append = false;                             ///< always for a list
    secl::VariableValue value;                       ///< when `source` is null
    std::shared_ptr<const secl::Expression> source;  ///< `field` or `expression`
    /// Of what `source` gives only the first value counts: the others are further names of it
    /// (FieldDef::alternatives).
    bool first_only = false;
    std::shared_ptr<const secl::Expression>
        scope_field;  ///< a pid: the process it is set for; null: the acting one
};

struct LogAction {
    enum class Level : uint8_t { kDebug, kInfo, kWarning, kError };
    Level level = Level::kInfo;
    std::string message;  ///< empty: "Rule <id> triggered"
};

struct KillAction {
    int signal = 0;
    secl::Scope scope = secl::Scope::kProcess;
    bool disable_container_disarmer = false;
    bool disable_executable_disarmer = false;
};

struct HashAction {
    std::string field;           ///< "open.file": the file whose hash is wanted
    uint64_t max_file_size = 0;  ///< 0: the setting's
};

struct CoreDumpAction {
    bool process = false;
    bool mount = false;
    bool dentry = false;
    bool no_compression = false;
};

struct NetworkFilterAction {
    std::string filter;  ///< pcap
    secl::Scope scope = secl::Scope::kProcess;
};

struct Action {
    std::shared_ptr<const secl::Expression> filter;  ///< null: always
    std::variant<SetAction, LogAction, KillAction, HashAction, CoreDumpAction, NetworkFilterAction>
        what;
};

/// "set", "log" ...: the key in the file.
std::string_view kind_of(const Action& action);

}  // namespace vedette::policy
