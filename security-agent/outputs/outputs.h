// SPDX-License-Identifier: Apache-2.0
//
// All outputs that the settings ask for, as one.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/settings.h"
#include "common/log.h"
#include "common/metrics.h"
#include "security-agent/outputs/queued_output.h"

namespace vedette::outputs {

class Outputs {
   public:
    void add(std::unique_ptr<QueuedOutput> output);
    /// One line without its newline. Never waits; any thread.
    void write(std::string_view line);
    void reopen();
    /// All of them share the time.
    void stop(std::chrono::milliseconds patience);
    std::vector<std::string> names() const;

   private:
    std::vector<std::unique_ptr<QueuedOutput>> outputs_;
};

/// outputs.stdout, outputs.file.path, outputs.file.max_size. Errors: the file cannot be opened.
Result<std::unique_ptr<Outputs>> make_outputs(const Settings& settings, Metrics& metrics,
                                              Logger& logger);

}  // namespace vedette::outputs
