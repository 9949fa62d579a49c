// SPDX-License-Identifier: Apache-2.0
#include "common/config/environment.h"

#include <fmt/format.h>

#include "common/config/reference_keys.h"
#include "common/config/settings.h"

namespace vedette {
namespace {

constexpr std::string_view kOurs = "VEDETTE_";
constexpr std::string_view kTheirs = "DD_";

/// The log file of the reference's other daemons, which ours may not write to.
constexpr std::string_view kNotForUs = "DD_LOG_FILE";

std::string variable(std::string_view prefix, std::string_view key) {
    std::string name(prefix);
    for (const char c : key) {
        if (c == '.')
            name += '_';
        else
            name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return name;
}

/// Names of the reference for settings, the weakest first.
std::map<std::string, std::string_view> reference_names() {
    std::map<std::string, std::string_view> names;
    for (const ReferenceKey& entry : reference_keys())
        if (!entry.ours.empty())
            names[variable(kTheirs, entry.key)] = entry.ours;
    names["DD_SYSPROBE_SOCKET"] = "runtime_security_config.cmd_socket";
    constexpr std::string_view kMonitoring = "event_monitoring_config.";
    for (const SettingDef& def : settings_table()) {
        if (def.key.starts_with(kMonitoring))
            names[variable("DD_RUNTIME_SECURITY_CONFIG_", def.key.substr(kMonitoring.size()))] =
                def.key;
        names[variable(kTheirs, def.key)] = def.key;
    }
    names.erase(std::string(kNotForUs));
    return names;
}

}  // namespace

std::string environment_name(std::string_view key) {
    return variable(kOurs, key);
}

EnvironmentSettings settings_in_environment(const std::map<std::string, std::string>& environment) {
    std::map<std::string, std::string_view> ours;
    for (const SettingDef& def : settings_table())
        ours[environment_name(def.key)] = def.key;
    const auto theirs = reference_names();
    EnvironmentSettings out;
    std::map<std::string_view, EnvironmentSettings::Value> values;
    const auto take = [&](std::string_view key, const std::string& name, const std::string& text) {
        const auto [it, is_new] = values.try_emplace(key, key, name, text);
        if (!is_new && it->second.text != text)
            out.warnings.push_back(
                fmt::format("{} and {} differ: the first counts ({})", it->second.name, name, key));
    };
    for (const auto& [name, text] : environment) {
        if (const auto found = ours.find(name); found != ours.end())
            take(found->second, name, text);
        else if (name.starts_with(kOurs) || (name.starts_with(kTheirs) && !theirs.contains(name)))
            out.ignored.push_back(name);
    }
    // The full name of the reference before its older ones.
    for (const bool full_name : {true, false})
        for (const auto& [name, key] : theirs)
            if (const auto set = environment.find(name);
                set != environment.end() && full_name == (name == variable(kTheirs, key)))
                take(key, name, set->second);
    for (auto& [key, value] : values)
        out.values.push_back(std::move(value));
    return out;
}

}  // namespace vedette
