// SPDX-License-Identifier: Apache-2.0
//
// Counts the instructions of a piece of work, event by event, under callgrind; outside of it the marks cost next to nothing
// and mean nothing. tests/bench/gate.py reads what callgrind writes at done().
#pragma once

#include <valgrind/callgrind.h>

#include <cstdio>
#include <string>

namespace vedette::bench {

/// One figure: instructions of what runs between begin() and end(), by event.
class Step {
   public:
    /// Callgrind must have been started with --instr-atstart=no --collect-atstart=no.
    explicit Step(std::string name) : name_(std::move(name)) {
        CALLGRIND_START_INSTRUMENTATION;
        CALLGRIND_ZERO_STATS;
    }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    ~Step() { CALLGRIND_STOP_INSTRUMENTATION; }

    void begin() { CALLGRIND_TOGGLE_COLLECT; }
    void end() { CALLGRIND_TOGGLE_COLLECT; }
    /// Writes the figure.
    void done(long events) {
        CALLGRIND_DUMP_STATS_AT(name_.c_str());
        std::printf("%s %ld\n", name_.c_str(), events);
    }

   private:
    std::string name_;
};

}  // namespace vedette::bench
