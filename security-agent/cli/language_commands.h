// SPDX-License-Identifier: Apache-2.0
//
// `security-agent runtime policy fields|constants|events`: what the language knows, from the tables that rules are
// compiled with.
#pragma once

#include <iosfwd>
#include <string>

#include "security-agent/secl/field.h"

namespace CLI {
class App;
}

namespace vedette::cli {

struct LanguageQuery {
    /// Of a name: with '*' a pattern of the whole name, otherwise a part of it; any case. Empty: everything.
    std::string pattern;
    bool json = false;
};

/// Exit code of all three: 0; 1 when nothing has such a name.
int run_fields(const LanguageQuery& query, const secl::FieldTable& fields, std::ostream& out);
/// The pattern may also be the name of a family, which gives all of it.
int run_constants(const LanguageQuery& query, std::ostream& out);
int run_events(const LanguageQuery& query, const secl::FieldTable& fields, std::ostream& out);

/// Adds the three to `policy`.
void add_language_commands(CLI::App& policy, int& exit_code);

}  // namespace vedette::cli
