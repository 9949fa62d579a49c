// SPDX-License-Identifier: Apache-2.0
//
// Alerts that are decided and wait only for what they show: of a file (ADR 13), of a container (ADR 19). Bounded in
// number and time; what has not come by then is left out. Under the engine's lock.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "security-agent/engine/alert_files.h"
#include "vedette/v1/event_stream.pb.h"

namespace vedette::engine {

struct HeldAlert {
    AlertEvent event;
    std::vector<RuleTextsPtr> rules;                     ///< one line each
    std::map<uint64_t, std::vector<AlertPath>> awaited;  ///< where the answer to a question goes
    std::string container;  ///< whose runtime is to answer; empty: none
    int64_t event_ns = 0;
    int64_t deadline_ns = 0;

    bool complete() const { return awaited.empty() && container.empty(); }
};

/// Writes what was answered to where the file stands.
void put_answer(AlertEvent& alert, const std::vector<AlertPath>& places,
                const v1::FileAnswer& answer);

class HeldAlerts {
   public:
    static constexpr size_t kMaxAlerts = 256;
    static constexpr int64_t kPatienceNs = 5'000'000'000;
    using Release = std::function<void(HeldAlert& alert)>;

    /// Releases the oldest one when there are too many.
    void hold(HeldAlert alert, const Release& release);
    void answer(const v1::FileAnswer& answer, const Release& release);
    /// `fill` puts in what is known of it now.
    void on_container(const std::string& id, const Release& fill, const Release& release);
    void on_time(int64_t now_ns, const Release& release);
    void all(const Release& release);

    size_t size() const { return alerts_.size(); }

   private:
    std::list<HeldAlert> alerts_;  ///< oldest first
};

}  // namespace vedette::engine
