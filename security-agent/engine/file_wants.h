// SPDX-License-Identifier: Apache-2.0
//
// What rules read of files that the probe knows only when it is asked (ADR 13).
#pragma once

#include <vector>

#include "security-agent/secl/rule_set.h"

namespace vedette::engine {

struct FileWants {
    bool hashes = false;
    bool package = false;
    bool metadata = false;

    bool any() const { return hashes || package || metadata; }
};

struct RuleFileWants {
    FileWants processes;            ///< of the programs of processes
    bool actor = false;             ///< ... of the acting one
    bool target = false;            ///< ... of the one it was done to
    bool ancestors = false;         ///< ... of those before either
    std::vector<FileWants> events;  ///< of the event's own files, by event type

    const FileWants& event(size_t type) const;
};

RuleFileWants file_wants(const secl::RuleSet& rules);

}  // namespace vedette::engine
