// SPDX-License-Identifier: Apache-2.0
//
// What of the host decides which hooks there are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace vedette::probe {

/// "none", "integrity", "confidentiality"; "unknown" when the kernel does not say.
std::string kernel_lockdown(const std::string& path = "/sys/kernel/security/lockdown");

/// Active Linux security modules in their order; none when the kernel does not say.
std::vector<std::string> kernel_lsms(const std::string& path = "/sys/kernel/security/lsm");

/// The kernel describes its own types (CONFIG_DEBUG_INFO_BTF).
bool kernel_has_btf();

/// Of the directory of the default (version 2) hierarchy of cgroups, as records have mount ids; 0: not known.
uint32_t cgroup_mount_id();

}  // namespace vedette::probe
