// SPDX-License-Identifier: Apache-2.0
//
// Logging: spdlog behind one factory. A logger is handed to whoever decides; library code returns errors
// and does not log.
#pragma once

#include <spdlog/logger.h>

#include <memory>
#include <string>

#include "common/result.h"

namespace vedette {

using Logger = spdlog::logger;

struct LogOptions {
    std::string name;            ///< "system-probe" or "security-agent"
    std::string level = "info";  ///< trace debug info warn error critical off
    std::string file;            ///< empty: stderr only
    bool console = true;  ///< stderr; with journald (JOURNAL_STREAM set) lines carry <N> priorities
    bool json = false;    ///< one JSON object a line
};

/// Errors: an unknown level, a file that cannot be opened (names it). The logger may be used from any thread.
Result<std::shared_ptr<Logger>> make_logger(const LogOptions& options);

/// Changes the level of a live logger. Errors: an unknown level (lists the known ones).
Result<> set_log_level(Logger& logger, std::string_view level);

/// Opens the log file again, after logrotate moved it. No effect without a file.
Result<> reopen_log(Logger& logger);

/// `text` with control characters, ESC and invalid UTF-8 as \xNN: safe on a terminal and in a log line.
std::string printable(std::string_view text);

}  // namespace vedette
