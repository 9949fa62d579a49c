// SPDX-License-Identifier: Apache-2.0
//
// Status: components register sections, whoever asks gets one JSON document, and the text page is rendered
// from that same document. Sections that the text page knows (others are printed generically, indented):
//
//   runtimeSecurityStatus  {connected, eventReceived, alerts, limited, processes, lost{type: n}, endpoints[],
//                          environment{warnings[], kernelLockdown, ringBuffer, ...},
//                          selfTests{LastTimestamp, Success[], Fails[]},
//                          policiesStatus[{name, source, state, error, status[{id, status, error, hits, alerts,
//                          limited, costNs}]}],
//                          policyLoad{last{in_force, kept_previous, trigger, message, time, ...}, ...},
//                          evaluation{type: {timed, costNs}},
//                          variables{values, scopes, bytes, dropped{}},
//                          parked{waiting, bytes, parked, late, incomplete},
//                          seclGlobalVariables{}, seclScopedVariables{}}
//   probe                  vedette.v1.ProbeStatus as protobuf prints it (camelCase, 64-bit numbers as strings);
//                          {"error": "..."} when the probe does not answer
//   health                 {Healthy[], Unhealthy[]}
#pragma once

#include <boost/json/fwd.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::status {

struct Facts {
    std::string hostname;
    std::string run_dir;
    std::string state_dir;
    std::string policies_dir;
    std::vector<std::string> config_files;
    std::string log_file;
};

/// Thread-safe. Each section is called on a thread of its own and may block: a section that does not answer in
/// time is {"error": "..."} in the document, and is not called again before it has answered.
class StatusProvider {
   public:
    using Section = std::function<boost::json::object()>;

    explicit StatusProvider(Facts facts);
    /// Waits for sections that are still running.
    ~StatusProvider();
    StatusProvider(const StatusProvider&) = delete;
    StatusProvider& operator=(const StatusProvider&) = delete;

    /// Whatever `section` refers to must outlive the provider. A section may throw: its error is in the document.
    void add_section(std::string name, Section section);

    /// The document: {"agent": {version, commit, hostname, pid, uptime, ...}, <section>: {...}, ...}; with `only`,
    /// no other section is asked.
    boost::json::object collect(std::chrono::milliseconds timeout = std::chrono::seconds(1),
                                std::string_view only = {}) const;

   private:
    struct Slot;
    boost::json::object agent_facts() const;

    Facts facts_;
    int64_t started_ns_;
    mutable std::mutex mutex_;
    std::vector<std::shared_ptr<Slot>> slots_;
};

/// The page people read. `verbose` lists every rule, hook and constant instead of counts and problems.
std::string render_text(const boost::json::object& document, bool verbose);

}  // namespace vedette::status
