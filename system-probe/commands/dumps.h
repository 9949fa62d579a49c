// SPDX-License-Identifier: Apache-2.0
//
// What DumpProcessCache, DumpDiscarders and DumpNetworkNamespace do, without gRPC.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "common/result.h"
#include "system-probe/commands/discarder_dump.h"
#include "system-probe/resolvers/network_namespaces.h"
#include "vedette/v1/command.pb.h"
#include "vedette/v1/process.pb.h"

namespace vedette::probe {

struct NetworkFilenames {
    std::string dump;
    std::string graph;
};

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
    /// The namespaces of all processes. Errors: as above.
    Result<NetworkNamespaces> find_networks(const Nodes& nodes, Clock::time_point now);
    /// Their two files; `left_out` as in network_json().
    Result<NetworkFilenames> networks(std::span<const NetworkNamespace> namespaces,
                                      uint64_t left_out);

    Result<std::string> discarders(const DiscarderDump& dump, Clock::time_point now);

   private:
    Result<> begin(Clock::time_point now);

    std::string directory_;
    std::optional<Clock::time_point> last_;
};

}  // namespace vedette::probe
