// SPDX-License-Identifier: Apache-2.0
#include "common/config/settings.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "common/config/environment.h"
#include "common/config/reference_keys.h"
#include "common/config/setting_value.h"
#include "common/config/yaml_documents.h"
#include "common/log.h"
#include "common/os/fd.h"

namespace vedette {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;
constexpr std::string_view kHidden = "********";

using Layers = std::map<std::string, std::vector<SettingValue>, std::less<>>;

[[noreturn]] void bug(std::string_view message, std::string_view key) {
    std::fprintf(stderr, "bug: %.*s: setting '%.*s'\n", static_cast<int>(message.size()),
                 message.data(), static_cast<int>(key.size()), key.data());
    std::abort();
}

/// Layers stay in the order of their sources; a later value of the same source replaces the earlier one.
void store(std::vector<SettingValue>& layers, SettingValue value) {
    const auto at = std::lower_bound(
        layers.begin(), layers.end(), value.source,
        [](const SettingValue& layer, SettingSource source) { return layer.source < source; });
    if (at != layers.end() && at->source == value.source)
        *at = std::move(value);
    else
        layers.insert(at, std::move(value));
}

std::string unknown_key(std::string_view key) {
    return fmt::format("unknown key '{}'{}", printable(key.substr(0, 200)), nearest_setting(key));
}

/// True for "telemetry", a part of the path of "telemetry.enabled".
bool is_section(std::string_view name) {
    const std::string prefix = fmt::format("{}.", name);
    return std::any_of(settings_table().begin(), settings_table().end(),
                       [&](const SettingDef& def) { return def.key.starts_with(prefix); });
}

/// Reads one file into the layers; collects every error it finds. Descends only into sections of the table,
/// so that aliases and deep nesting cannot make it work more than the table is large.
class FileLoader {
   public:
    FileLoader(std::string path, Layers& layers, std::vector<std::string>& errors,
               std::vector<std::string>& warnings)
        : path_(std::move(path)), layers_(layers), errors_(errors), warnings_(warnings) {}

    /// False when the file does not exist.
    bool load() {
        const auto text = read();
        if (!text) {
            if (text.error().code == ErrorCode::kNotFound)
                return false;
            errors_.push_back(text.error().message);
            return true;
        }
        try {
            if (holds_two_documents(*text))
                errors_.push_back(
                    fmt::format("{}: holds more than one YAML document, or something that is no "
                                "part of one",
                                path_));
            root(YAML::Load(*text));
        } catch (const YAML::Exception& error) {
            add(error.mark, error.msg);
        }
        return true;
    }

   private:
    Result<std::string> read() const {
        auto fd = open_file(path_, O_RDONLY);
        if (!fd)
            return forward_error(fd);
        struct stat st{};
        if (fstat(fd->get(), &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IWOTH) != 0)
            return fail(ErrorCode::kDenied, "'{}' can be changed by everybody: chmod o-w '{}'",
                        path_, path_);
        return read_all(fd->get(), kMaxFileBytes, path_);
    }

    void add(const YAML::Mark& mark, std::string_view message) {
        errors_.push_back(mark.is_null() ? fmt::format("{}: {}", path_, message)
                                         : fmt::format("{}:{}: {}", path_, mark.line + 1, message));
    }

    void root(const YAML::Node& node) {
        if (node.IsNull())
            return;
        if (!node.IsMap())
            return add(node.Mark(), "expected settings as 'key: value'");
        section(node, "");
    }

    void section(const YAML::Node& map, const std::string& prefix) {
        for (const auto& entry : map) {
            const auto mark = entry.first.Mark();
            if (!entry.first.IsScalar()) {
                add(mark, "expected a setting's name");
                continue;
            }
            const std::string key = prefix + entry.first.Scalar();
            if (const auto* def = find_setting(key))
                setting(*def, entry.second, mark);
            else if (const auto* theirs = find_reference_key(key))
                reference_key(key, *theirs, entry.second, mark);
            else if (!is_section(key))
                add(mark, unknown_key(key));
            else if (entry.second.IsMap())
                section(entry.second, key + ".");
            else if (!entry.second.IsNull())
                add(mark, fmt::format("'{}' is a section: expected settings inside it", key));
        }
    }

    void reference_key(const std::string& key, const ReferenceKey& theirs, const YAML::Node& node,
                       const YAML::Mark& mark) {
        if (!theirs.ours.empty())
            return setting(*find_setting(theirs.ours), node, mark);
        warnings_.push_back(
            fmt::format("{}:{}: '{}' is no setting of Vedette, ignored{}{}", path_, mark.line + 1,
                        printable(key.substr(0, 200)),
                        theirs.instead.empty() ? "" : "; instead: ", theirs.instead));
    }

    void setting(const SettingDef& def, const YAML::Node& node, const YAML::Mark& mark) {
        const auto [first, is_new] = lines_.emplace(def.key, mark.line + 1);
        if (!is_new)
            return add(mark,
                       fmt::format("'{}' is set twice, first on line {}", def.key, first->second));
        auto value = parse(def, node);
        if (!value)
            return add(mark, value.error().message);
        value->source = SettingSource::kFile;
        value->origin = fmt::format("{}:{}", path_, mark.line + 1);
        store(layers_.find(def.key)->second, std::move(*value));
    }

    static Result<SettingValue> parse(const SettingDef& def, const YAML::Node& node) {
        const bool list = def.type == SettingType::kStringList;
        if (node.IsNull())
            return list ? parse_setting_list(def, {}) : parse_setting(def, "");
        if (node.IsScalar())
            return parse_setting(def, node.Scalar());
        if (!list || !node.IsSequence())
            return fail(ErrorCode::kInvalid, "{}: expected {}, got a {}", def.key,
                        expected_value(def), node.IsMap() ? "section" : "list");
        std::vector<std::string> items;
        for (const auto& item : node) {
            if (!item.IsScalar())
                return fail(ErrorCode::kInvalid, "{}: expected a list of plain values", def.key);
            items.push_back(item.Scalar());
        }
        return parse_setting_list(def, std::move(items));
    }

    std::string path_;
    Layers& layers_;
    std::vector<std::string>& errors_;
    std::vector<std::string>& warnings_;
    std::map<std::string_view, int> lines_;
};

Layers default_layers() {
    Layers layers;
    for (const auto& def : settings_table()) {
        auto value = parse_setting(def, def.default_value);
        if (!value)
            bug(value.error().message, def.key);
        value->origin = "default";
        layers[std::string(def.key)].push_back(std::move(*value));
    }
    return layers;
}

void load_environment(const EnvironmentSettings& environment, Layers& layers,
                      std::vector<std::string>& errors) {
    for (const auto& [key, name, text] : environment.values) {
        auto value = parse_setting(*find_setting(key), text);
        if (!value) {
            errors.push_back(fmt::format("{}: {}", name, value.error().message));
            continue;
        }
        value->source = SettingSource::kEnvironment;
        value->origin = name;
        store(layers.find(key)->second, std::move(*value));
    }
}

void load_command_line(const std::map<std::string, std::string>& assignments, Layers& layers,
                       std::vector<std::string>& errors) {
    for (const auto& [key, text] : assignments) {
        const auto* def = find_setting(key);
        if (!def) {
            errors.push_back(fmt::format("--set: {}", unknown_key(key)));
            continue;
        }
        auto value = parse_setting(*def, text);
        if (!value) {
            errors.push_back(fmt::format("--set: {}", value.error().message));
            continue;
        }
        value->source = SettingSource::kCommandLine;
        value->origin = "--set";
        store(layers.find(key)->second, std::move(*value));
    }
}

/// "a.b.c" of `root`, made on the way.
void put(YAML::Node root, std::string_view key, const YAML::Node& value) {
    const size_t dot = key.find('.');
    if (dot == std::string_view::npos) {
        root[std::string(key)] = value;
        return;
    }
    put(root[std::string(key.substr(0, dot))], key.substr(dot + 1), value);
}

}  // namespace

std::string_view to_string(SettingSource source) {
    switch (source) {
        case SettingSource::kDefault:
            return "default";
        case SettingSource::kFile:
            return "file";
        case SettingSource::kEnvironment:
            return "environment-variable";
        case SettingSource::kCommandLine:
            return "cli";
        case SettingSource::kRuntime:
            return "runtime";
    }
    return "unknown";
}

Result<Settings> Settings::load(const Sources& sources) {
    Settings settings;
    settings.values_ = default_layers();
    std::vector<std::string> errors;
    const auto read_file_layer = [&](const std::string& path, bool required) {
        if (FileLoader(path, settings.values_, errors, settings.warnings_).load())
            settings.files_.push_back(path);
        else if (required)
            errors.push_back(fmt::format("{}: there is no such file", path));
    };
    for (const auto& path : sources.optional_files)
        read_file_layer(path, false);
    for (const auto& path : sources.files)
        read_file_layer(path, true);
    const auto environment = settings_in_environment(sources.environment);
    load_environment(environment, settings.values_, errors);
    settings.warnings_.insert(settings.warnings_.end(), environment.warnings.begin(),
                              environment.warnings.end());
    settings.ignored_variables_ = environment.ignored;
    load_command_line(sources.command_line, settings.values_, errors);
    if (!errors.empty())
        return fail(ErrorCode::kInvalid, "{}", fmt::join(errors, "\n"));
    return settings;
}

Settings::Settings(Settings&& other) noexcept
    : values_(std::move(other.values_)),
      files_(std::move(other.files_)),
      warnings_(std::move(other.warnings_)),
      ignored_variables_(std::move(other.ignored_variables_)) {}

const SettingValue& Settings::get(std::string_view key, SettingType type) const {
    const auto* def = find_setting(key);
    if (!def)
        bug("read of an unknown", key);
    const bool number = type == SettingType::kInt && def->type == SettingType::kBytes;
    if (def->type != type && !number)
        bug("read with the wrong type", key);
    return values_.find(key)->second.back();
}

std::string Settings::string(std::string_view key) const {
    const std::lock_guard lock(mutex_);
    return get(key, SettingType::kString).text;
}

int64_t Settings::integer(std::string_view key) const {
    const std::lock_guard lock(mutex_);
    return get(key, SettingType::kInt).number;
}

bool Settings::boolean(std::string_view key) const {
    const std::lock_guard lock(mutex_);
    return get(key, SettingType::kBool).number != 0;
}

std::chrono::nanoseconds Settings::duration(std::string_view key) const {
    const std::lock_guard lock(mutex_);
    return std::chrono::nanoseconds(get(key, SettingType::kDuration).number);
}

std::vector<std::string> Settings::list(std::string_view key) const {
    const std::lock_guard lock(mutex_);
    return get(key, SettingType::kStringList).list;
}

Result<> Settings::set_runtime(std::string_view key, std::string_view text) {
    const auto* def = find_setting(key);
    if (!def)
        return fail(ErrorCode::kNotFound, "{}", unknown_key(key));
    if (!def->runtime)
        return fail(ErrorCode::kDenied, "setting '{}' cannot be changed at run time", key);
    auto value = parse_setting(*def, text);
    if (!value)
        return forward_error(value);
    value->source = SettingSource::kRuntime;
    value->origin = "API";
    const std::lock_guard lock(mutex_);
    store(values_.find(key)->second, std::move(*value));
    return {};
}

Result<SettingValue> Settings::value(std::string_view key) const {
    auto all = layers(key);
    if (!all)
        return forward_error(all);
    return all->back();
}

Result<std::vector<SettingValue>> Settings::layers(std::string_view key) const {
    const auto* def = find_setting(key);
    if (!def)
        return fail(ErrorCode::kNotFound, "{}", unknown_key(key));
    const std::lock_guard lock(mutex_);
    auto all = values_.find(key)->second;
    if (def->secret)
        for (auto& layer : all) {
            layer.text = kHidden;
            layer.list.clear();
            layer.number = 0;
        }
    return all;
}

std::string Settings::to_yaml() const {
    YAML::Node root(YAML::NodeType::Map);
    for (const auto& def : settings_table()) {
        const auto value = this->value(def.key);
        YAML::Node node(value->text);
        if (def.type == SettingType::kStringList && !def.secret)
            node = YAML::Node(value->list);
        put(root, def.key, node);
    }
    YAML::Emitter out;
    out << root;
    return std::string(out.c_str()) + "\n";
}

}  // namespace vedette
