// SPDX-License-Identifier: Apache-2.0
//
// What people and metrics call the reasons of a loss, on both sides of the wire.
#pragma once

#include <string>
#include <string_view>

#include "vedette/v1/event_stream.pb.h"

namespace vedette {

/// "ring_full" of REASON_RING_FULL; "unknown" for what this version does not know.
inline std::string loss_reason_name(v1::Loss::Reason reason) {
    constexpr std::string_view kPrefix = "REASON_";
    if (reason == v1::Loss::REASON_UNSPECIFIED || !v1::Loss::Reason_IsValid(reason))
        return "unknown";
    std::string name = v1::Loss::Reason_Name(reason).substr(kPrefix.size());
    for (char& c : name)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    return name;
}

}  // namespace vedette
