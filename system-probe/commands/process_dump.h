// SPDX-License-Identifier: Apache-2.0
//
// The process cache as text, for people and tools: a graph for graphviz, or JSON. Names and arguments were chosen by
// processes and may be made to break out of a string, a line or an encoding.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "vedette/v1/command.pb.h"
#include "vedette/v1/process.pb.h"

namespace vedette::probe {

class ProcessDump {
   public:
    using Write = std::function<void(std::string_view text)>;

    virtual ~ProcessDump() = default;
    /// Parents before their children.
    virtual void add(const v1::ProcessNode& node) = 0;
    /// Once, at the end.
    virtual void end() = 0;
};

/// Calls `write` from the start on.
std::unique_ptr<ProcessDump> make_process_dump(const v1::DumpProcessCacheRequest& request,
                                               ProcessDump::Write write);

}  // namespace vedette::probe
