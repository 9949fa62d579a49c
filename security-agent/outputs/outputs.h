// SPDX-License-Identifier: Apache-2.0
//
// All outputs that the settings ask for, as the one sink that the engine knows.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "common/config/settings.h"
#include "common/log.h"
#include "common/metrics.h"
#include "security-agent/engine/alert_sink.h"
#include "security-agent/outputs/queued_output.h"

namespace vedette::outputs {

class Outputs final : public engine::AlertSink {
   public:
    void add(std::unique_ptr<QueuedOutput> output);
    void write(const std::string& line) override;
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
