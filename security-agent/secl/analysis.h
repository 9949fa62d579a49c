// SPDX-License-Identifier: Apache-2.0
//
// What is probably not meant: warnings about one compiled rule. Each is about something that is certain (a test that
// cannot hold, whatever happens) or that a person who maintains rules would want to be told; a rule that is only
// unusual is left alone.
//
//   analysis.cpp             the walk, expensive constructs
//   analysis_truth.cpp       tests that cannot hold together, or of which one always holds
//   analysis_lists.cpp       ... of lists of strings and addresses
//   analysis_numbers.cpp     numbers that a field never has, flags, times
//   analysis_strings.cpp     names and paths that no file has, plain strings with a star
//   analysis_regexp.cpp      regular expressions that match nothing
//   analysis_exceptions.cpp  exceptions that anybody can take
#pragma once

#include <string_view>

#include "security-agent/secl/bound.h"
#include "security-agent/secl/diagnostics.h"

namespace vedette::secl {

/// Adds warnings about `rule`, whose id is `id`. Its sources must still be there. Takes time that grows with the
/// size of the rule; comparisons of long lists with one another are given up.
void analyse(const BoundRule& rule, std::string_view id, Diagnostics& diagnostics);

}  // namespace vedette::secl
