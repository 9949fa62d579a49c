// SPDX-License-Identifier: Apache-2.0
//
// Parts of the engine that nobody else sees: its figures, and what it knows of each event type.
#pragma once

#include <chrono>
#include <memory>

#include "security-agent/engine/engine.h"

namespace vedette::engine {

struct Engine::Counters {
    explicit Counters(Metrics& metrics);
    void show(const ProcessMirror& mirror, const VariableStore& store, const ParkedEvents& parked);

    Counter& batches;
    Counter& repeated;
    Counter& unknown_process;
    Counter& missed;
    Counter& parked;
    Counter& late;
    Counter& incomplete;
    Gauge& processes;
    Gauge& mirror_bytes;
    Gauge& evicted;
    Gauge& variables;
    Gauge& variable_bytes;
    Gauge& waiting;
};

/// One event type.
struct Engine::Type {
    std::string name;
    const secl::EventTypeDef* definition = nullptr;  ///< null: no rule can name it
    Counter* counter = nullptr;
    uint64_t events = 0;
    uint64_t uncounted = 0;  ///< not in `counter` yet
    uint64_t timed = 0;
    uint64_t cost_ns = 0;  ///< of those that were timed
};

/// `number`: Event::payload_case(), never negative.
inline Engine::Type& Engine::type_of(int number) {
    const auto at = static_cast<size_t>(number);
    return at < types_.size() && types_[at] ? *types_[at] : new_type(at);
}

}  // namespace vedette::engine
