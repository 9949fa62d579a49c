// SPDX-License-Identifier: Apache-2.0
//
// Which container a cgroup belongs to, by the letters of its path (reference 11.3).
#pragma once

#include <string_view>

namespace vedette::probe {

/// The id: 64 hex digits, 32 hex digits and a number ("...-123", Amazon ECS), or a garden id
/// (8 hex digits and at least four groups of 4). Of several the innermost; never a part of a longer hex run. Empty when
/// there is none, and for systemd's own services and scopes. A view into `cgroup_path`.
std::string_view container_id(std::string_view cgroup_path);

}  // namespace vedette::probe
