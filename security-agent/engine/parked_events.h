// SPDX-License-Identifier: Apache-2.0
//
// Events that some rule could not decide, because a container's metadata or what is asked about a file had not come yet
// (docs/adr/0008). Each waits
// with its process as it was, and with the rules that it met. Bounded in number and memory; of the engine alone.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "security-agent/engine/file_facts.h"
#include "security-agent/engine/rule_book.h"
#include "vedette/v1/event.pb.h"
#include "vedette/v1/process.pb.h"

namespace vedette::engine {

struct ParkedEvent {
    v1::Event event;
    v1::ProcessNode process;  ///< as it was
    RuleBookPtr book;
    std::vector<uint32_t> rules;          ///< that are undecided, in the book
    std::vector<std::string> containers;  ///< whose metadata is awaited
    std::vector<FileWait> files;          ///< answers that are awaited
    int64_t deadline_ns = 0;
    unsigned tries = 0;  ///< by on_metadata()
    size_t bytes = 0;    ///< set by park()
};

class ParkedEvents {
   public:
    struct Limits {
        size_t max_events = 1024;
        size_t max_bytes = 8U << 20;
        int64_t patience_ns =
            6'000'000'000;  ///< of the events' own time; as the reference's retention
    };
    /// A container of many processes sends its metadata with each: no more of these decide the same event.
    static constexpr unsigned kMaxTries = 64;
    /// True when the event is decided and can go.
    using Decide = std::function<bool(ParkedEvent& parked)>;

    explicit ParkedEvents(Limits limits) : limits_(limits) {}

    const Limits& limits() const { return limits_; }

    /// Parks it and hands out the oldest ones that no longer fit, to be decided with what is known.
    void park(ParkedEvent event, const Decide& overflow);

    /// Those that wait for the container, oldest first.
    void on_metadata(std::string_view container, const Decide& decide);
    /// Those that wait for that answer, which `decide` puts in.
    void on_answer(uint64_t question, const Decide& decide);
    /// Those of one process image that is about to be forgotten.
    void on_process_gone(uint64_t key, const Decide& decide);
    /// Those whose time is over.
    void on_time(int64_t now_ns, const Decide& decide);
    void all(const Decide& decide);

    bool empty() const { return events_.empty(); }
    size_t size() const { return events_.size(); }
    size_t bytes() const { return bytes_; }

   private:
    using Place = std::list<ParkedEvent>::iterator;
    template <typename Wanted>
    void decide_if(const Wanted& wanted, const Decide& decide);
    Place erase(Place place);

    Limits limits_;
    std::list<ParkedEvent> events_;  ///< oldest first
    size_t bytes_ = 0;
};

}  // namespace vedette::engine
