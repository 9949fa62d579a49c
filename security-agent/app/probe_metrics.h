// SPDX-License-Identifier: Apache-2.0
//
// The probe has no port of its own: what it counts is in its status, and becomes metrics here.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "common/metrics.h"
#include "vedette/v1/command.pb.h"

namespace vedette::app {

/// `status`: null when the probe did not answer; then vedette_probe_up is 0 and nothing else is said.
void fill_probe_metrics(Metrics& out, const v1::ProbeStatus* status);

/// Asks the probe, at most once a second however often it is asked itself: the port needs no token. Thread-safe.
class ProbeFigures {
   public:
    explicit ProbeFigures(std::string command_socket) : socket_(std::move(command_socket)) {}
    void fill(Metrics& out);

   private:
    std::string socket_;
    std::mutex mutex_;
    std::chrono::steady_clock::time_point asked_{};
    std::optional<v1::ProbeStatus> status_;
};

}  // namespace vedette::app
