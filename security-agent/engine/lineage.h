// SPDX-License-Identifier: Apache-2.0
//
// Where a process comes from and what came of it.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <vector>

#include "security-agent/engine/process_mirror.h"

namespace vedette::engine {

struct Lineage {
    static constexpr size_t kMaxDescendants = 500;

    struct Descendant {
        v1::ProcessNode node;
        uint32_t depth = 0;  ///< 1: a child
    };
    std::vector<v1::ProcessNode>
        line;  ///< the oldest first, the process itself last; each as it was then
    std::vector<Descendant> descendants;  ///< each behind its parent, the oldest first
    bool truncated = false;               ///< there are more descendants
};

/// Of the living process with this pid, else of the newest that had it; nothing when none is known. Walks all of the
/// mirror.
std::optional<Lineage> find_lineage(const ProcessMirror& mirror, uint32_t pid);

/// {"pid", "lineage", "descendants" (each with its "depth"), "truncated"}
boost::json::object lineage_json(const Lineage& lineage);

}  // namespace vedette::engine
