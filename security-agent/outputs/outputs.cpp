// SPDX-License-Identifier: Apache-2.0
#include "security-agent/outputs/outputs.h"

#include <unistd.h>

#include <utility>

#include "security-agent/outputs/fd_sink.h"
#include "security-agent/outputs/file_sink.h"

namespace vedette::outputs {

void Outputs::add(std::unique_ptr<QueuedOutput> output) {
    outputs_.push_back(std::move(output));
}

void Outputs::write(std::string_view line) {
    for (const auto& output : outputs_)
        output->write(line);
}

void Outputs::reopen() {
    for (const auto& output : outputs_)
        output->reopen();
}

void Outputs::stop(std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (const auto& output : outputs_)
        output->stop(deadline);
}

std::vector<std::string> Outputs::names() const {
    std::vector<std::string> names;
    for (const auto& output : outputs_)
        names.push_back(output->name());
    return names;
}

Result<std::unique_ptr<Outputs>> make_outputs(const Settings& settings, Metrics& metrics,
                                              Logger& logger) {
    auto outputs = std::make_unique<Outputs>();
    if (settings.boolean("outputs.stdout"))
        outputs->add(std::make_unique<QueuedOutput>("stdout",
                                                    make_fd_sink(STDOUT_FILENO, "standard output"),
                                                    QueueLimits{}, metrics, logger));
    const std::string path = settings.string("outputs.file.path");
    if (!path.empty()) {
        Result<std::unique_ptr<Sink>> sink =
            make_file_sink(path, static_cast<uint64_t>(settings.integer("outputs.file.max_size")));
        if (!sink)
            return forward_error(sink, "outputs.file.path");
        outputs->add(std::make_unique<QueuedOutput>("file", std::move(*sink), QueueLimits{},
                                                    metrics, logger));
    }
    return outputs;
}

}  // namespace vedette::outputs
