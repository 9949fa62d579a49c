// SPDX-License-Identifier: Apache-2.0
//
// What people call the ways in which a process came to be known, on both sides of the wire.
#pragma once

#include <string_view>

#include "vedette/v1/process.pb.h"

namespace vedette {

/// "unknown" for what this version does not know.
inline std::string_view process_source_name(v1::ProcessNode::Source source) {
    switch (source) {
        case v1::ProcessNode::SOURCE_EVENT:
            return "event";
        case v1::ProcessNode::SOURCE_SNAPSHOT:
            return "snapshot";
        case v1::ProcessNode::SOURCE_PROCFS:
            return "procfs_snapshot";
        case v1::ProcessNode::SOURCE_PLACEHOLDER:
            return "placeholder";
        default:
            return "unknown";
    }
}

}  // namespace vedette
