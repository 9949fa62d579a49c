// SPDX-License-Identifier: Apache-2.0
//
// Flare: one zip with what a helper needs to see (status, health, settings, policies, logs, metrics, kernel
// facts), every entry scrubbed of secrets, with a manifest of hashes. Works with the daemon and without.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "common/result.h"

namespace vedette {
class Settings;
}  // namespace vedette
namespace vedette::telemetry {
struct Dependencies;
}

namespace vedette::flare {

/// One entry's content is made when its turn comes.
struct Item {
    std::string name;  ///< path in the zip: "status.json"
    std::function<Result<std::string>()> content;
};

struct FlareOptions {
    std::string directory;                  ///< where the zip goes; empty: TMPDIR, else /tmp
    uint64_t max_bytes = 64ull << 20;       ///< all entries together, before compression
    uint64_t max_entry_bytes = 8ull << 20;  ///< longer entries keep their end (logs) and say so
    std::vector<std::string> log_files;
    std::string proc_root = "/proc";
    std::string sys_root = "/sys";
    /// Called before each entry; null: not at all.
    std::function<void(size_t number, size_t of, const std::string& name)> progress;
};

/// Thread-safe; one flare at a time.
class FlareMaker {
   public:
    /// `settings` must outlive it.
    FlareMaker(const Settings& settings, FlareOptions options);

    /// Content that only a running daemon has: status, health, metrics. Without any, the entry "local" says that the
    /// daemon was not asked.
    void add(Item item);

    /// Returns the path of the zip (mode 0600). Errors: kUnavailable while another one is being made; kIo (disk
    /// full...) leaves no file behind. A part that cannot be read is listed with its error instead.
    Result<std::string> make();

   private:
    const Settings& settings_;
    FlareOptions options_;
    std::vector<Item> items_;
    std::mutex mutex_;
};

/// What the running agent adds: status, health, metrics, expvar. All it refers to must outlive the maker.
void add_daemon_items(FlareMaker& maker, const telemetry::Dependencies& dependencies);

}  // namespace vedette::flare
