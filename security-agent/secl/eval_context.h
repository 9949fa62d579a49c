// SPDX-License-Identifier: Apache-2.0
//
// One event as the evaluator sees it: pointers to the objects that getters read.
#pragma once

#include <span>

#include "security-agent/secl/field.h"

namespace vedette::secl {

/// Made per event by the engine; engine thread. Missing objects are pointers to empty messages, never null.
struct EvalContext {
    EventTypeId type = kAnyEvent;
    const void* event = nullptr;    ///< v1::Event
    const void* process = nullptr;  ///< v1::ProcessNode
    const void* parent = nullptr;   ///< v1::ProcessNode
    /// v1::ProcessNode of each ancestor, nearest first, earlier images of the same pid included. Computed by the
    /// engine on the first call for an event.
    std::span<const void* const> (*ancestors)(const EvalContext& context) = nullptr;
    void* owner = nullptr;  ///< for `ancestors`
    Scratch* scratch = nullptr;
    int64_t now_ns = 0;  ///< nanoseconds since 1970, for age comparisons
};

}  // namespace vedette::secl
