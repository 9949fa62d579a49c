// SPDX-License-Identifier: Apache-2.0
//
// What DumpProcessCache and DumpDiscarders do, without gRPC.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "common/result.h"
#include "system-probe/commands/discarder_dump.h"
#include "vedette/v1/command.pb.h"
#include "vedette/v1/process.pb.h"

namespace vedette::probe {

/// Pipeline thread. A dump keeps it from reading the kernel's ring meanwhile (some 5 us a process), hence one a second.
class Dumps {
   public:
    using NodeVisitor = std::function<void(v1::ProcessNode)>;
    using Nodes = std::function<void(const NodeVisitor&)>;  ///< visits all, parents first
    using Clock = std::chrono::steady_clock;

    static constexpr auto kGap = std::chrono::seconds(1);

    explicit Dumps(std::string directory) : directory_(std::move(directory)) {}

    /// The path of the new file. Errors: kLimit when the last was less than kGap ago.
    Result<std::string> processes(const v1::DumpProcessCacheRequest& request, const Nodes& nodes,
                                  Clock::time_point now);

    Result<std::string> discarders(const DiscarderDump& dump, Clock::time_point now);

   private:
    Result<> begin(Clock::time_point now);

    std::string directory_;
    std::optional<Clock::time_point> last_;
};

}  // namespace vedette::probe
