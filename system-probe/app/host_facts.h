// SPDX-License-Identifier: Apache-2.0
//
// What of the host decides which hooks there are.
#pragma once

#include <string>

namespace vedette::probe {

/// "none", "integrity", "confidentiality"; "unknown" when the kernel does not say.
std::string kernel_lockdown(const std::string& path = "/sys/kernel/security/lockdown");

/// The kernel describes its own types (CONFIG_DEBUG_INFO_BTF).
bool kernel_has_btf();

}  // namespace vedette::probe
