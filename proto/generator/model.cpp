// SPDX-License-Identifier: Apache-2.0
//
// Walks Event once, and ProcessNode once: the walk of a message gives members with names relative to it, which
// are then placed under every prefix they have in the language.
#include "proto/generator/model.h"

#include <algorithm>
#include <map>
#include <set>

#include "proto/generator/legacy_aliases.h"
#include "proto/generator/walk.h"

namespace vedette::generator {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

/// Puts fields into the model; the first definition of a name wins.
class Table {
   public:
    explicit Table(Model& model) : model_(model) {}

    void place(const std::vector<Field>& fields, const std::string& prefix,
               const std::string& subject, const EventType& event) {
        for (const Field& field : fields) {
            Field copy = field;
            copy.name = joined(prefix, field.name);
            if (!field.file.empty())
                copy.file = joined(prefix, field.file);
            copy.subject = field.root == kContextRoot ? "Context" : subject;
            copy.event = event.number;
            if (copy.since.empty())
                copy.since = event.since;
            if (!event.not_filled.empty())
                copy.not_filled = event.not_filled;
            if (is_iterated(copy))
                copy.alternatives = {};
            if (names_.insert(copy.name).second)
                model_.fields.push_back(std::move(copy));
        }
    }

   private:
    Model& model_;
    std::set<std::string> names_;
};

/// Reads Event with all it holds.
class Reader {
   public:
    Reader(const Descriptor& event, const Descriptor& process, Model& model)
        : event_(event), root_(event), process_(process), model_(model), table_(model) {
        for (int i = 0; i < event.field_count(); ++i)
            if (event.field(i)->options().HasExtension(v1::event))
                numbers_[event.field(i)->options().GetExtension(v1::event).name()] =
                    event.field(i)->number();
    }

    bool run(const Descriptor& process, std::string& error) {
        if (!process_.message(process, {"", "base", "", 0, nullptr})) {
            error = process_.error;
            return false;
        }
        if (!root_.computed(event_, {"", "base", "", 0, nullptr})) {
            error = root_.error;
            return false;
        }
        place_root_ = std::move(root_.fields);
        for (int i = 0; i < event_.field_count(); ++i)
            if (!root_member(*event_.field(i), error))
                return false;
        table_.place(place_root_, "", "Event", {});
        model_.aliases = root_.aliases;
        place_process("process", {"Process", "Parent", "Ancestor"}, {});
        for (int i = 0; i < event_.field_count(); ++i)
            if (event_.field(i)->options().HasExtension(v1::event) &&
                !event_type(*event_.field(i), error))
                return false;
        return true;
    }

   private:
    struct Subjects {
        std::string self, parent, ancestor;
    };

    void place_process(const std::string& prefix, const Subjects& subjects,
                       const EventType& event) {
        table_.place(process_.fields, prefix, subjects.self, event);
        table_.place(process_.fields, prefix + ".parent", subjects.parent, event);
        table_.place(process_.fields, prefix + ".ancestors", subjects.ancestor, event);
    }

    bool root_member(const FieldDescriptor& member, std::string& error) {
        if (member.real_containing_oneof() || !member.options().HasExtension(v1::secl))
            return true;
        const v1::SeclField& options = member.options().GetExtension(v1::secl);
        root_.fields.clear();
        if (!root_.member(member, {"", "base", "", 0, nullptr})) {
            error = root_.error;
            return false;
        }
        for (const std::string& name : options.events()) {
            const auto number = numbers_.find(name);
            if (number == numbers_.end()) {
                error = member.full_name() + ": no event type is called " + name;
                return false;
            }
            for (Field& field : root_.fields)
                field.events.push_back(number->second);
        }
        std::move(root_.fields.begin(), root_.fields.end(), std::back_inserter(place_root_));
        if (!options.also().empty())
            also_[options.also()] = &member;
        return true;
    }

    bool event_type(const FieldDescriptor& member, std::string& error) {
        const v1::SeclEvent& options = member.options().GetExtension(v1::event);
        Walk walk(event_);
        bool ok = true;
        if (!options.name().empty()) {
            ok = walk.message(
                *member.message_type(),
                {options.name(), "base." + member.lowercase_name() + "()", "", 1, nullptr});
            if (const auto also = also_.find(options.name()); ok && also != also_.end())
                ok = walk.message(*also->second->message_type(),
                                  {options.name(), "base." + also->second->lowercase_name() + "()",
                                   "", 1, nullptr});
        }
        model_.events.push_back({member.number(), options.name(), options.category(), options.doc(),
                                 options.since(), options.not_filled(), walk.processes});
        if (!ok) {
            error = walk.error;
            return false;
        }
        const EventType event = model_.events.back();
        table_.place(walk.fields, "", "Event", event);
        if (options.process_fields())
            table_.place(process_.fields, options.name(), "Process", event);
        for (const std::string& name : walk.processes) {
            place_process(name, {"Target", "TargetParent", "TargetAncestor"}, event);
            table_.place({target_ancestors_length(name)}, "", "Context", event);
        }
        for (const Iterator& iterator : walk.iterators) {
            Walk element(*iterator.element);
            if (!element.message(*iterator.element, {"", "base", "", 0, nullptr})) {
                error = element.error;
                return false;
            }
            table_.place(element.fields, iterator.name, iterator.element->name(), event);
        }
        model_.aliases.insert(model_.aliases.end(), walk.aliases.begin(), walk.aliases.end());
        return true;
    }

    // No message holds it: only the engine knows.
    static Field target_ancestors_length(const std::string& process) {
        Field field;
        field.name = process + ".ancestors.length";
        field.doc = "Number of ancestors, earlier images of the same process included.";
        field.root = kContextRoot;
        field.get = {"get_target_ancestors_length",
                     "return handlers::target_ancestors_length(base);"};
        return field;
    }

    const Descriptor& event_;
    Walk root_;
    Walk process_;
    Model& model_;
    Table table_;
    std::vector<Field> place_root_;
    std::map<std::string, int> numbers_;                  // of event types, by name
    std::map<std::string, const FieldDescriptor*> also_;  // members, by the event type's name
};

bool check(const Model& model, std::string& error) {
    std::map<std::string, std::string> bodies;
    std::set<std::string> names;
    const auto distinct = [&](const Field& field, const Accessor& accessor) {
        const auto [entry, fresh] = bodies.emplace(accessor.name, accessor.body);
        if (!fresh && entry->second != accessor.body)
            error = field.name + ": two accessors would be called " + accessor.name;
    };
    for (const Field& field : model.fields) {
        names.insert(field.name);
        if (field.doc.empty())
            error = field.name + ": needs a doc";
        distinct(field, field.get);
        distinct(field, field.alternatives);
        distinct(field, field.pending);
    }
    for (const Alias& alias : model.aliases) {
        if (!names.contains(alias.field))
            error = alias.name + ": alias of a missing field";
        if (!names.insert(alias.name).second)
            error = alias.name + ": is defined twice";
    }
    return error.empty();
}

}  // namespace

std::string type_name(const Field& field) {
    const char* name = field.value == Value::kInt    ? "int"
                       : field.value == Value::kBool ? "bool"
                       : field.value == Value::kIp   ? "ip"
                                                     : "string";
    return std::string(name) + (field.is_list ? "[]" : "");
}

bool is_iterated(const Field& field) {
    return field.subject == "Ancestor" || field.subject == "TargetAncestor" ||
           field.subject == "Flow";
}

bool read_model(const google::protobuf::FileDescriptor& file, Model& model, std::string& error) {
    const Descriptor* event = file.FindMessageTypeByName("Event");
    const auto* process = file.pool()->FindMessageTypeByName(file.package() + ".ProcessNode");
    if (!event || !process) {
        error = file.name() + ": needs the messages Event and ProcessNode";
        return false;
    }
    if (!Reader(*event, *process, model).run(*process, error))
        return false;
    const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
    std::sort(model.fields.begin(), model.fields.end(), by_name);
    add_legacy_aliases(model);
    std::sort(model.aliases.begin(), model.aliases.end(), by_name);
    return check(model, error);
}

}  // namespace vedette::generator
