// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "security-agent/engine/event_subject.h"

namespace vedette::engine {

/// Sees every event that the engine evaluates, matched or not. Under the engine's lock; must not block, nor call
/// the engine.
class EventTap {
   public:
    virtual ~EventTap() = default;
    /// Asked before each event: false costs nothing more.
    virtual bool open() const = 0;
    /// `json`: makes the event as an alert would show it, without rules and variables.
    virtual void event(const EventSubject& subject, const std::function<std::string()>& json) = 0;
};

}  // namespace vedette::engine
