// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/language_commands.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <iostream>
#include <map>
#include <memory>
#include <vector>

#include "fields.gen.h"
#include "security-agent/cli/json_text.h"
#include "security-agent/secl/constants.h"

namespace vedette::cli {
namespace {

constexpr int kNothingFound = 1;

bool matches(const std::string& pattern, std::string_view name) {
    if (pattern.empty())
        return true;
    std::string wanted;
    for (const char c : pattern) {
        if (c == '?' || c == '[' || c == '\\')
            wanted += '\\';  // '*' alone means something
        wanted += c;
    }
    if (pattern.find('*') == std::string::npos)
        wanted = "*" + wanted + "*";
    return fnmatch(wanted.c_str(), std::string(name).c_str(), FNM_CASEFOLD) == 0;
}

std::string type_name(const secl::FieldDef& field) {
    static constexpr const char* kNames[] = {"int", "bool", "string", "ip"};
    return std::string(kNames[static_cast<int>(field.type)]) + (field.is_list ? "[]" : "");
}

const char* matching_name(secl::Matching matching) {
    return matching == secl::Matching::kPath              ? "path"
           : matching == secl::Matching::kCaseInsensitive ? "any case"
                                                          : "plain";
}

class EventNames {
   public:
    explicit EventNames(const secl::FieldTable& fields) {
        for (const secl::EventTypeDef& event : fields.events())
            names_[event.id] = event.name;
    }
    /// Event types that the field exists for; empty: all.
    std::vector<std::string_view> of(const secl::FieldDef& field) const {
        std::vector<std::string_view> out;
        if (field.event != secl::kAnyEvent)
            out.push_back(names_.at(field.event));
        for (const secl::EventTypeId event : field.events)
            out.push_back(names_.at(event));
        return out;
    }

   private:
    std::map<secl::EventTypeId, std::string_view> names_;
};

using Aliases = std::multimap<std::string_view, std::string_view>;  // by the field's name

Aliases aliases_of(const secl::FieldTable& fields) {
    Aliases out;
    for (const secl::AliasDef& alias : fields.aliases())
        out.emplace(alias.field, alias.name);
    return out;
}

bool is_wanted(const LanguageQuery& query, const secl::FieldDef& field, const Aliases& aliases) {
    const auto [begin, end] = aliases.equal_range(field.name);
    return matches(query.pattern, field.name) || std::any_of(begin, end, [&](const auto& alias) {
               return matches(query.pattern, alias.second);
           });
}

boost::json::array strings(const std::vector<std::string_view>& names) {
    boost::json::array out;
    for (const std::string_view name : names)
        out.emplace_back(name);
    return out;
}

boost::json::object to_json(const secl::FieldDef& field, const EventNames& events,
                            const Aliases& aliases) {
    boost::json::array older;
    const auto [begin, end] = aliases.equal_range(field.name);
    for (auto alias = begin; alias != end; ++alias)
        older.emplace_back(alias->second);
    return {{"name", field.name},
            {"type", type_name(field)},
            {"doc", field.doc},
            {"events", strings(events.of(field))},
            {"constants", field.constants},
            {"matching", matching_name(field.matching)},
            {"time", field.is_time},
            {"iterated", secl::is_iterated(field.subject)},
            {"older_names", std::move(older)},
            {"not_filled", field.not_filled}};
}

std::string text_of(const secl::FieldDef& field) {
    std::string out = fmt::format("{}  {}  {}", field.name,
                                  field.is_time ? "int (time)" : type_name(field), field.doc);
    if (!field.constants.empty())
        out += fmt::format(" Constants: {}.", field.constants);
    if (!field.not_filled.empty())
        out += fmt::format(" Empty so far: {}.", field.not_filled);
    return out;
}

int print(const boost::json::array& found, std::ostream& out) {
    out << pretty_json(found) << '\n';
    return found.empty() ? kNothingFound : 0;
}

void add_query(CLI::App& command, LanguageQuery& query, const std::string& pattern_help) {
    command.add_option("pattern", query.pattern, pattern_help);
    command.add_flag("--json", query.json, "As a JSON array");
}

}  // namespace

int run_fields(const LanguageQuery& query, const secl::FieldTable& fields, std::ostream& out) {
    const EventNames events(fields);
    const Aliases aliases = aliases_of(fields);
    boost::json::array found;
    size_t count = 0;
    for (const secl::FieldDef& field : fields.fields()) {
        if (!is_wanted(query, field, aliases))
            continue;
        ++count;
        if (query.json)
            found.push_back(to_json(field, events, aliases));
        else
            out << text_of(field) << '\n';
    }
    if (query.json)
        return print(found, out);
    return count ? 0 : kNothingFound;
}

int run_constants(const LanguageQuery& query, std::ostream& out) {
    boost::json::array found;
    size_t count = 0;
    for (const secl::ConstantFamily& family : secl::constant_families()) {
        const bool whole = family.name == query.pattern;
        bool headed = false;
        for (const secl::Constant& constant : family.constants) {
            if (!whole && !matches(query.pattern, constant.name))
                continue;
            ++count;
            if (query.json) {
                found.push_back(
                    {{"name", constant.name}, {"value", constant.value}, {"family", family.name}});
                continue;
            }
            if (!std::exchange(headed, true))
                out << fmt::format("{}: {}\n", family.name, family.doc);
            out << fmt::format("  {} = {}\n", constant.name, constant.value);
        }
    }
    if (query.json)
        return print(found, out);
    return count ? 0 : kNothingFound;
}

int run_events(const LanguageQuery& query, const secl::FieldTable& fields, std::ostream& out) {
    boost::json::array found;
    size_t count = 0;
    for (const secl::EventTypeDef& event : fields.events()) {
        if (event.name.empty() || !matches(query.pattern, event.name))
            continue;
        ++count;
        if (query.json) {
            found.push_back({{"name", event.name},
                             {"category", event.category},
                             {"doc", event.doc},
                             {"not_filled", event.not_filled}});
            continue;
        }
        out << fmt::format("{}  {}  {}", event.name, event.category, event.doc);
        if (!event.not_filled.empty())
            out << fmt::format(" None so far: {}.", event.not_filled);
        out << '\n';
    }
    if (query.json)
        return print(found, out);
    return count ? 0 : kNothingFound;
}

void add_language_commands(CLI::App& policy, int& exit_code) {
    const auto query = std::make_shared<LanguageQuery>();
    CLI::App* fields = policy.add_subcommand("fields", "Fields that rules can name");
    add_query(*fields, *query, "Part of a name, or a pattern with '*'");
    fields->callback(
        [query, &exit_code] { exit_code = run_fields(*query, engine::field_table(), std::cout); });
    CLI::App* constants = policy.add_subcommand("constants", "Names that stand for numbers");
    add_query(*constants, *query, "Part of a name, a pattern with '*', or a family");
    constants->callback([query, &exit_code] { exit_code = run_constants(*query, std::cout); });
    CLI::App* events = policy.add_subcommand("events", "Event types that rules are for");
    add_query(*events, *query, "Part of a name, or a pattern with '*'");
    events->callback(
        [query, &exit_code] { exit_code = run_events(*query, engine::field_table(), std::cout); });
}

}  // namespace vedette::cli
