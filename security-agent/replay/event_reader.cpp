// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "security-agent/replay/event_file.h"
#include "security-agent/replay/event_values.h"
#include "security-agent/replay/json_tree.h"
#include "security-agent/secl/suggest.h"

namespace vedette::replay {
namespace {

using policy::YamlEntry;
using policy::YamlNode;
using secl::FieldDef;
using Kind = YamlNode::Kind;

constexpr size_t kMaxErrors = 20;
constexpr std::string_view kLengthSuffix = ".length";

}  // namespace

class EventReader {
   public:
    EventReader(const std::shared_ptr<const secl::SourceFile>& file, const secl::FieldNames& names,
                secl::Diagnostics& diagnostics, const EventOptions& options)
        : file_(file),
          names_(names),
          diagnostics_(diagnostics),
          options_(options),
          event_(new EventFile) {
        event_->time_ns_ = options.time_ns;
    }

    std::shared_ptr<const EventFile> read(const YamlNode& node) {
        if (node.kind != Kind::kMap) {
            error(node, "an event is an object with 'type' and 'values'");
            return nullptr;
        }
        const YamlNode* values = nullptr;
        const YamlNode* variables = nullptr;
        const YamlNode* type = nullptr;
        const YamlNode* time = nullptr;
        for (const YamlEntry& entry : node.entries) {
            const YamlNode** place = entry.key->scalar == "type"        ? &type
                                     : entry.key->scalar == "values"    ? &values
                                     : entry.key->scalar == "variables" ? &variables
                                     : entry.key->scalar == "time"      ? &time
                                                                        : nullptr;
            if (!place && is_other(entry.key->scalar))
                continue;
            if (!place)
                unknown_key(*entry.key);
            else if (*place)
                error(*entry.key, fmt::format("'{}' is here twice", entry.key->scalar));
            else
                *place = entry.value.get();
        }
        if (read_type(node, type)) {
            read_time(time);
            if (values)
                read_values(*values);
            if (variables) {
                const size_t before = diagnostics_.errors();
                event_->variables_ = read_variables(file_, *variables, diagnostics_);
                errors_ += diagnostics_.errors() - before;
            }
        }
        if (errors_ > 0)
            return nullptr;
        complete();
        return std::shared_ptr<const EventFile>(std::move(event_));
    }

   private:
    using Elements = std::vector<EventValue>;

    void error(const YamlNode& node, std::string message, std::string hint = {}) {
        ++errors_;
        secl::SourceText place;
        place.file = file_;
        const uint32_t quotes = node.plain ? 0 : 2;
        const uint32_t width =
            node.kind == Kind::kScalar ? static_cast<uint32_t>(node.scalar.size()) + quotes : 1;
        diagnostics_.add(secl::Severity::kError, place, {node.offset, node.offset + width},
                         std::move(message), std::move(hint));
    }

    bool is_other(std::string_view key) const {
        const auto& others = options_.other_keys;
        return std::find(others.begin(), others.end(), key) != others.end();
    }

    bool enough() const { return errors_ >= kMaxErrors; }

    void unknown_key(const YamlNode& key) {
        secl::Suggestion suggestion(key.scalar);
        for (const char* known : {"type", "values", "variables", "time"})
            suggestion.consider(known);
        std::string hint = suggestion.hint();
        error(key, fmt::format("unknown key '{}'", printable_text(key.scalar)),
              hint.empty() ? "an event has type, values, variables and time" : std::move(hint));
    }

    bool read_type(const YamlNode& node, const YamlNode* type) {
        if (!type) {
            error(node, "the event has no 'type'", "such as \"type\": \"exec\"");
            return false;
        }
        secl::Suggestion suggestion(type->scalar);
        for (const secl::EventTypeDef& event : names_.table().events()) {
            if (event.name.empty())
                continue;
            if (type->kind == Kind::kScalar && event.name == type->scalar)
                event_->type_ = &event;
            suggestion.consider(event.name);
        }
        if (!event_->type_)
            error(*type, fmt::format("'{}' is no event type", printable_text(type->scalar)),
                  suggestion.hint());
        return event_->type_ != nullptr;
    }

    void read_time(const YamlNode* node) {
        if (!node)
            return;
        static constexpr FieldDef kTime{.name = "time", .is_time = true};
        EventValue value;
        if (auto wrong = append_value(*node, kTime, options_.time_ns, value))
            error(*node, std::move(wrong->message), std::move(wrong->hint));
        else
            event_->time_ns_ = value.ints.front();
    }

    void read_values(const YamlNode& node) {
        if (node.kind != Kind::kMap)
            return error(node, "'values' is an object: field names and their values");
        for (const YamlEntry& entry : node.entries) {
            if (enough())
                return;
            if (const FieldDef* field = resolve(*entry.key))
                read_field(*field, *entry.key, *entry.value);
        }
    }

    const FieldDef* resolve(const YamlNode& key) {
        const secl::NamedRead named = names_.resolve(key.scalar);
        const std::string shown = printable_text(key.scalar);
        if (!named.error.empty()) {
            std::string hint = named.hint;
            if (named.unknown) {
                secl::Suggestion suggestion(key.scalar);
                names_.suggest(suggestion);
                hint = suggestion.hint();
            }
            error(key, named.unknown ? fmt::format("'{}' is no field", shown) : named.error,
                  std::move(hint));
            return nullptr;
        }
        const FieldDef& field = *named.read.field;
        if (!named.reg.empty() || named.read.index >= 0) {
            error(key, "a field is given as a whole, without [...]",
                  "a list gives one value to each element");
        } else if (named.read.kind == secl::FieldRead::Kind::kLength) {
            error(key, fmt::format("'{}' follows from '{}'", shown, field.name),
                  fmt::format("give '{}' a value", field.name));
        } else if (field.event != secl::kAnyEvent && field.event != event_->type_->id) {
            error(key, fmt::format("'{}' belongs to {} events, this one is {}", shown,
                                   names_.event_name(field.event), event_->type_->name));
        } else if (event_->values_.contains(&field)) {
            error(key, fmt::format("'{}' has a value already", field.name),
                  key.scalar == field.name ? "" : "it is another name of the same field");
        } else {
            return &field;
        }
        return nullptr;
    }

    void read_field(const FieldDef& field, const YamlNode& key, const YamlNode& node) {
        Elements elements;
        const size_t errors = errors_;
        if (!secl::is_iterated(field.subject)) {
            read_element(field, node, elements.emplace_back());
        } else if (node.kind != Kind::kList && !field.is_list) {
            read_element(field, node, elements.emplace_back());
        } else if (node.kind != Kind::kList) {
            error(node, "expected a list of lists: one for each element");
        } else if (node.items.size() > EventFile::kMaxElements) {
            error(key, fmt::format("{} elements, at most {} are possible", node.items.size(),
                                   EventFile::kMaxElements));
        } else {
            for (const auto& item : node.items)
                if (!enough())
                    read_element(field, *item, elements.emplace_back());
        }
        if (errors_ == errors)
            event_->values_.emplace(&field, std::move(elements));
    }

    void read_element(const FieldDef& field, const YamlNode& node, EventValue& out) {
        if (!field.is_list)
            return read_scalar(field, node, out);
        if (node.kind != Kind::kList) {
            error(node, fmt::format("expected a list, '{}' has several values", field.name),
                  secl::is_iterated(field.subject) ? "a list of lists: one for each element" : "");
            return;
        }
        if (node.items.size() > EventFile::kMaxListValues) {
            error(node, fmt::format("{} values, at most {} are possible", node.items.size(),
                                    EventFile::kMaxListValues));
            return;
        }
        for (const auto& item : node.items)
            if (!enough())
                read_scalar(field, *item, out);
    }

    void read_scalar(const FieldDef& field, const YamlNode& node, EventValue& out) {
        if (auto wrong = append_value(node, field, event_->time_ns_, out))
            error(node, std::move(wrong->message), std::move(wrong->hint));
    }

    /// What follows from what was said.
    void complete() {
        same_process();
        derive_fields();
        derive_fields();  // length of what the first turn found
        if (const FieldDef* field = names_.resolve("event.timestamp").read.field)
            event_->values_.try_emplace(field, Elements{{{}, {event_->time_ns_}}});
        for (const auto& [field, elements] : event_->values_) {
            if (secl::is_iterated(field->subject)) {
                size_t& count = event_->elements_[field->subject];
                count = std::max(count, elements.size());
            }
        }
        describe_host();
        lengths();
        for (const auto& [field, elements] : event_->values_)
            event_->fields_.push_back(field);
        std::sort(event_->fields_.begin(), event_->fields_.end(),
                  [](const FieldDef* a, const FieldDef* b) { return a->name < b->name; });
    }

    void set(std::string_view name, Elements elements) {
        const secl::NamedRead named = names_.resolve(name);
        if (named.error.empty() && named.read.kind == secl::FieldRead::Kind::kValue &&
            (named.read.field->event == secl::kAnyEvent ||
             named.read.field->event == event_->type_->id))
            event_->values_.try_emplace(named.read.field, std::move(elements));
    }

    std::vector<std::pair<const FieldDef*, Elements>> snapshot() const {
        return {event_->values_.begin(), event_->values_.end()};
    }

    /// In an exec event exec.* and process.* are the same process; so it is with exit.
    void same_process() {
        const std::string own = std::string(event_->type_->name) + ".";
        for (auto& [field, elements] : snapshot()) {
            if (field->subject != secl::Subject::kProcess)
                continue;
            for (const auto& [from, to] : {std::pair<std::string, std::string>(own, "process."),
                                           std::pair<std::string, std::string>("process.", own)})
                if (field->name.starts_with(from))
                    set(to + std::string(field->name.substr(from.size())), elements);
        }
    }

    void derive_fields() {
        // By name, so that what a name says comes before what a path says.
        auto given = snapshot();
        std::sort(given.begin(), given.end(),
                  [](const auto& a, const auto& b) { return a.first->name < b.first->name; });
        for (const auto& [field, elements] : given) {
            std::vector<std::vector<Derived>> derived;
            for (const EventValue& element : elements)
                derived.push_back(derive(field->name, element));
            const size_t count = derived.empty() ? 0 : derived.front().size();
            for (size_t i = 0; i < count; ++i) {
                Elements values;
                for (std::vector<Derived>& of_element : derived)
                    values.push_back(i < of_element.size() ? std::move(of_element[i].value)
                                                           : EventValue());
                set(derived.front()[i].name, std::move(values));
            }
        }
    }

    const EventValue* value_of(std::string_view name) const {
        const secl::NamedRead named = names_.resolve(name);
        return named.error.empty() ? event_->find(*named.read.field) : nullptr;
    }

    void describe_host() {
        const std::pair<const char*, std::string_view*> members[] = {
            {"event.os", &event_->host_.os},           {"event.origin", &event_->host_.origin},
            {"event.source", &event_->host_.source},   {"event.hostname", &event_->host_.hostname},
            {"event.service", &event_->host_.service},
        };
        for (const auto& [name, member] : members) {
            if (const EventValue* value = value_of(name); value && !value->strings.empty())
                *member = value->strings.front();
            else
                set(name, Elements{{{std::string(*member)}, {}}});
        }
    }

    /// process.ancestors.length and its like: as many as there are, or more when the file says so.
    void lengths() {
        for (const auto& [field, value] :
             {std::pair("process.ancestors", secl::Subject::kAncestor),
              std::pair("signal.target.ancestors", secl::Subject::kTargetAncestor),
              std::pair("ptrace.tracee.ancestors", secl::Subject::kTargetAncestor),
              std::pair("setrlimit.target.ancestors", secl::Subject::kTargetAncestor),
              std::pair("network_flow_monitor.flows", secl::Subject::kFlow)}) {
            const std::string name = std::string(field) + std::string(kLengthSuffix);
            size_t& count = event_->elements_[value];
            if (const EventValue* given = value_of(name); given && !given->ints.empty())
                count = std::max(count, static_cast<size_t>(std::clamp<int64_t>(
                                            given->ints.front(), 0, EventFile::kMaxElements)));
            else if (count > 0)
                set(name, Elements{{{}, {static_cast<int64_t>(count)}}});
        }
    }

    std::shared_ptr<const secl::SourceFile> file_;
    const secl::FieldNames& names_;
    secl::Diagnostics& diagnostics_;
    EventOptions options_;
    std::unique_ptr<EventFile> event_;
    size_t errors_ = 0;
};

std::shared_ptr<const EventFile> read_event(const std::shared_ptr<const secl::SourceFile>& file,
                                            const YamlNode& node, const secl::FieldNames& names,
                                            secl::Diagnostics& diagnostics,
                                            const EventOptions& options) {
    return EventReader(file, names, diagnostics, options).read(node);
}

std::shared_ptr<const EventFile> parse_event(const std::shared_ptr<const secl::SourceFile>& file,
                                             const secl::FieldNames& names,
                                             secl::Diagnostics& diagnostics) {
    const policy::YamlNodePtr root = read_json(file, diagnostics);
    return root ? read_event(file, *root, names, diagnostics) : nullptr;
}

}  // namespace vedette::replay
