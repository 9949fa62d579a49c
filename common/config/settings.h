// SPDX-License-Identifier: Apache-2.0
//
// Settings: one table says every key of both daemons (settings_table.cpp); this loads it from defaults, YAML
// files, the environment and the command line, in that order, and remembers where each value came from.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace vedette {

enum class SettingType : uint8_t { kString, kInt, kBool, kDuration, kStringList, kBytes };
enum class SettingSource : uint8_t { kDefault, kFile, kEnvironment, kCommandLine, kRuntime };

struct SettingDef {
    std::string_view key;  ///< dotted: "security_agent.cmd_port"
    SettingType type;
    std::string_view default_value;  ///< as it would stand in YAML
    std::string_view help;
    bool runtime = false;     ///< may change while running
    bool secret = false;      ///< never printed
    int64_t min = INT64_MIN;  ///< kInt, kBytes; kDuration in ns
    int64_t max = INT64_MAX;
    std::string_view choices = {};  ///< kString: "a|b|c", empty: anything
};

/// "default", "file", "environment-variable", "cli", "runtime".
std::string_view to_string(SettingSource source);

/// The table, sorted by key.
std::span<const SettingDef> settings_table();

/// The table's entry, or nullptr.
const SettingDef* find_setting(std::string_view key);
/// ", did you mean 'log_level'?" for the known key nearest to `key`; empty when none is near.
std::string nearest_setting(std::string_view key);

struct SettingValue {
    std::string text;               ///< canonical text
    std::vector<std::string> list;  ///< kStringList
    int64_t number = 0;             ///< kInt, kBool, kDuration (ns), kBytes
    SettingSource source = SettingSource::kDefault;
    std::string origin;  ///< "file:line" or the variable's name
};

/// Reads are thread-safe; set_runtime is too.
class Settings {
   public:
    struct Sources {
        std::vector<std::string> files;                   ///< later files win; each must exist
        std::vector<std::string> optional_files;          ///< read before `files`; may be missing
        std::map<std::string, std::string> environment;   ///< see environment.h
        std::map<std::string, std::string> command_line;  ///< key -> value
    };
    /// Errors name file:line (or the variable), what was expected and the nearest known key; all at once,
    /// one a line in the message.
    static Result<Settings> load(const Sources& sources);

    Settings(Settings&& other) noexcept;

    /// The key must be in the table with that type: anything else aborts (a bug of ours).
    std::string string(std::string_view key) const;
    int64_t integer(std::string_view key) const;  ///< kInt, kBytes
    bool boolean(std::string_view key) const;
    std::chrono::nanoseconds duration(std::string_view key) const;
    std::vector<std::string> list(std::string_view key) const;

    /// Errors: kNotFound unknown key, kDenied not changeable at run time, kInvalid wrong value.
    Result<> set_runtime(std::string_view key, std::string_view value);
    Result<SettingValue> value(std::string_view key) const;
    /// Every source that sets the key, weakest first; the last one counts. Secrets as ********.
    Result<std::vector<SettingValue>> layers(std::string_view key) const;
    /// Whole configuration as YAML, secrets as ********.
    std::string to_yaml() const;
    /// The files that were read, in order.
    const std::vector<std::string>& files() const { return files_; }
    /// What whoever starts a daemon should know: settings of the reference that are not ours, variables that differ.
    const std::vector<std::string>& warnings() const { return warnings_; }
    /// Environment variables that look like settings and are none.
    const std::vector<std::string>& ignored_variables() const { return ignored_variables_; }

   private:
    Settings() = default;
    const SettingValue& get(std::string_view key, SettingType type) const;  ///< under mutex_
    mutable std::mutex mutex_;
    std::map<std::string, std::vector<SettingValue>, std::less<>> values_;  ///< layers, by source
    std::vector<std::string> files_;
    std::vector<std::string> warnings_;
    std::vector<std::string> ignored_variables_;
};

}  // namespace vedette
