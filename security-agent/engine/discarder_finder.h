// SPDX-License-Identifier: Apache-2.0
//
// Finds discarders: of an event that matched no rule, one value with which no rule of its type can match, whatever else an
// event has. The probe is told and drops such events in the kernel. A value is looked at when it comes a second time, and
// few are sent at once, so that neither this nor the kernel's table is filled by what is seen once.
// Under the engine's lock.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string_view>
#include <vector>

#include "common/metrics.h"
#include "security-agent/engine/event_subject.h"
#include "security-agent/policy/loader.h"
#include "vedette/v1/event_stream.pb.h"

namespace vedette::engine {

class DiscarderFinder {
   public:
    /// Sent in any window of kWindowNs, and proofs tried: a rule set of hundreds takes some 100 us for one.
    static constexpr size_t kMaxSent = 64;
    static constexpr size_t kMaxTried = 512;
    static constexpr int64_t kWindowNs = 2'000'000'000;

    using Send = std::function<void(const v1::Discard&)>;

    /// `send` empty: nothing is looked for.
    DiscarderFinder(Send send, Metrics& metrics);

    /// The rules that are evaluated from now on; they stay until the next call.
    void take_rules(const policy::CompiledPolicies& policies);
    /// `wanted`: revision of the plan that is made for these rules and nothing else, 0 when there is none; `in_force`: of
    /// the one the probe goes by. What is found counts only while they are the same.
    void take_revisions(uint64_t wanted, uint64_t in_force);

    /// The event matched no rule of these and left none undecided.
    void unmatched(const EventSubject& subject, int64_t now_ns);
    /// Sends what was found.
    void flush();

   private:
    /// A value that was seen.
    struct Seen {
        uint64_t hash = 0;
        int64_t tried_ns = 0;  ///< 0: never
    };
    using Rules = std::vector<const secl::BoundRule*>;

    bool active() const { return send_ && wanted_ != 0 && wanted_ == in_force_; }
    bool is_due(uint32_t event, uint64_t value, int64_t now_ns);
    void try_path(const Rules& rules, const EventSubject& subject, const v1::File& file);
    void try_name(const Rules& rules, const EventSubject& subject, std::string_view name);
    void try_auid(const Rules& rules, const EventSubject& subject);
    v1::Discarder& add(v1::Discarder::Kind kind, const EventSubject& subject);

    Send send_;
    Counter& sent_total_;
    std::map<secl::EventTypeId, Rules> rules_;
    uint64_t wanted_ = 0;
    uint64_t in_force_ = 0;
    std::vector<Seen> seen_;
    int64_t window_ns_ = 0;
    size_t sent_ = 0;   ///< in this window
    size_t tried_ = 0;  ///< in this window
    v1::Discard found_;
};

}  // namespace vedette::engine
