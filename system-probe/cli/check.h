// SPDX-License-Identifier: Apache-2.0
//
// `system-probe check`: what would be picked on this host, and why. Really loads and attaches, then lets go.
#pragma once

#include <string>
#include <vector>

#include "common/config/settings.h"
#include "system-probe/ebpf/record_source.h"

namespace vedette::probe {

struct CheckReport {
    std::string kernel, arch, lockdown;
    std::vector<std::string> lsm;  ///< active Linux security modules; none when they cannot be read
    bool btf = false;
    bool root = false;
    std::string problem;  ///< why nothing can be loaded; empty when it can
    std::vector<HookReport> hooks;
    std::vector<ProgramCost> programs;

    /// Everything this version can see is seen, at least in part.
    bool ok() const;
    /// "trampoline" when any event comes from there, else "tracepoint"; "" when nothing is attached.
    std::string backend() const;
};

std::string to_text(const CheckReport& report);
std::string to_json(const CheckReport& report);

/// Prints; returns 0 when the report is ok, else 1.
int run_check(const Settings& settings, bool json);

}  // namespace vedette::probe
