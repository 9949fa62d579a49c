// SPDX-License-Identifier: Apache-2.0
//
// JSON as the tree that YAML is read into (policy/yaml_tree.h), with the place of every value: what an event file may
// hold is then said once for both. Strict RFC 8259, in one pass, with bounds on size, depth and values.
#pragma once

#include <memory>

#include "security-agent/policy/yaml_tree.h"
#include "security-agent/secl/diagnostics.h"

namespace vedette::replay {

inline constexpr size_t kMaxJsonBytes = 4 << 20;
inline constexpr size_t kMaxJsonDepth = 32;
inline constexpr size_t kMaxJsonValues = 200'000;

/// Null after an error, which is in `diagnostics`. Strings are scalars that are not `plain`; numbers and booleans are
/// plain ones, as written. Names that occur twice in an object are both there.
policy::YamlNodePtr read_json(const std::shared_ptr<const secl::SourceFile>& file,
                              secl::Diagnostics& diagnostics);

}  // namespace vedette::replay
