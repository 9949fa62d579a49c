// SPDX-License-Identifier: Apache-2.0
//
// Writes the table for people: the field reference in Markdown, and the plain list that tests and shell
// completion read. The fields of a process and those of a file are printed once, with the names they exist under.
#include <set>
#include <sstream>

#include "proto/generator/emit.h"

namespace vedette::generator {
namespace {

const EventType* find_event(const Model& model, int number) {
    for (const EventType& event : model.events)
        if (event.number == number)
            return &event;
    return nullptr;
}

std::string event_names(const Model& model, const Field& field) {
    std::string names;
    for (const int number : field.events)
        names += (names.empty() ? "" : ",") + find_event(model, number)->name;
    if (!names.empty())
        return names;
    return field.event ? find_event(model, field.event)->name : "*";
}

std::string cell(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '|')
            out += '\\';
        out += c;
    }
    return out;
}

std::string type_cell(const Field& field) {
    std::string text = field.is_time ? "int (time)" : type_name(field);
    if (field.matching == v1::MATCHING_PATH)
        text += " (path)";
    if (field.matching == v1::MATCHING_CASE_INSENSITIVE)
        text += " (any case)";
    return text;
}

std::string constants_cell(const Field& field) {
    return field.constants.empty()
               ? ""
               : "[" + field.constants + "](constants.md#" + field.constants + ")";
}

/// One table; it has a head once it has a row.
class Section {
   public:
    /// `known`: why nothing here is filled, said above the table.
    explicit Section(std::ostream& out, std::string known = {})
        : out_(out), known_(std::move(known)) {}

    void field(const Field& field, const std::string& name) {
        row("`" + name + "`", type_cell(field), constants_cell(field), field.doc, field.not_filled);
    }
    /// All fields of a file in one row.
    void file(const Field& field, const std::string& name) {
        if (files_.insert(name).second && !field.file_doc.empty())
            row("`" + name + ".*`", "[file](#file)", "", field.file_doc, "");
    }
    void finish() {
        if (!any_)
            out_ << "It has no fields of its own.\n";
    }

   private:
    void row(const std::string& name, const std::string& type, const std::string& constants,
             const std::string& doc, const std::string& not_filled) {
        if (!any_)
            out_ << "| Field | Type | Constants | What it is |\n|---|---|---|---|\n";
        any_ = true;
        out_ << "| " << name << " | " << type << " | " << constants << " | " << cell(doc);
        if (!not_filled.empty() && not_filled != known_)
            out_ << " *Empty so far: " << cell(not_filled) << ".*";
        out_ << " |\n";
    }

    std::ostream& out_;
    std::string known_;
    bool any_ = false;
    std::set<std::string> files_;
};

template <typename Wanted>
void section(std::ostream& out, const Model& model, const std::string& known, Wanted wanted) {
    Section table(out, known);
    for (const Field& field : model.fields) {
        if (!wanted(field))
            continue;
        if (field.file.empty())
            table.field(field, field.name);
        else
            table.file(field, field.file);
    }
    table.finish();
}

bool of_another_process(const Field& field) {
    return field.subject == "Process" || field.subject.starts_with("Target");
}

std::string process_prefixes(const Model& model) {
    std::string text = "`process.parent.` and `process.ancestors.` (any ancestor)";
    for (const EventType& event : model.events) {
        for (const std::string& name : event.processes)
            text += ", `" + name + ".` with its `parent.` and `ancestors.` (in " + event.name +
                    " rules)";
        for (const Field& field : model.fields)
            if (field.event == event.number && field.subject == "Process") {
                text += ", `" + event.name + ".` (in " + event.name + " rules)";
                break;
            }
    }
    return text;
}

void event_list(std::ostream& out, const Model& model) {
    out << "| Event | Category | Arrives | What happened |\n|---|---|---|---|\n";
    for (const EventType& event : model.events)
        if (!event.name.empty())
            out << "| [`" << event.name << "`](#" << event.name << ") | " << event.category << " | "
                << (event.not_filled.empty() ? "since " + event.since : "not yet") << " | "
                << cell(event.doc) << " |\n";
}

/// network.*: what some event types share.
void several_events_section(std::ostream& out, const Model& model) {
    std::string events, not_filled;
    for (const Field& field : model.fields)
        if (!field.events.empty()) {
            events = event_names(model, field);
            not_filled = field.not_filled;
        }
    out << "\n## network\n\nThe packet; in rules for " << events << " alone.\n\n";
    if (!not_filled.empty())
        out << "Empty so far: " << not_filled << ".\n\n";
    section(out, model, not_filled, [](const Field& field) { return !field.events.empty(); });
}

void file_section(std::ostream& out, const Model& model) {
    out << "\n## file\n\nThe fields of a file; here those of `open.file`.\n\n";
    Section table(out);
    for (const Field& field : model.fields)
        if (field.file == "open.file")
            table.field(field, "*" + field.name.substr(field.file.size()));
    table.finish();
}

void event_section(std::ostream& out, const Model& model, const EventType& event) {
    out << "\n## " << event.name << "\n\n" << event.doc << "\n\n";
    if (!event.not_filled.empty())
        out << "No such event arrives in this version: " << event.not_filled << ".\n\n";
    for (const std::string& name : event.processes)
        out << "`" << name << ".*`, `" << name << ".parent.*` and `" << name
            << ".ancestors.*` are [a process](#process), its parent and its ancestors.\n\n";
    section(out, model, event.not_filled, [&event](const Field& field) {
        return field.event == event.number && !of_another_process(field);
    });
}

}  // namespace

std::string emit_reference(const Model& model) {
    std::ostringstream out;
    out << "<!-- Generated from proto/vedette/v1/event.proto by `./dev doc`; change that, not "
           "this. -->\n"
           "# Event types and fields\n\n"
           "Every name that a rule can use: "
        << model.fields.size()
        << " fields. *path*: a `~\"pattern\"` matches path element by path\n"
           "element; *any case*: ASCII case is ignored; *time*: compared with a duration such as "
           "`5s`,\n"
           "it is the age that is compared. What this version leaves empty says so: a rule may "
           "use it, and\n"
           "finds the zero value (`security-agent runtime policy check` warns).\n\n"
           "`security-agent runtime policy fields PATTERN` looks up the same.\n\n## Event "
           "types\n\n";
    event_list(out, model);
    out << "\n## Every event\n\n";
    section(out, model, "", [](const Field& field) {
        return field.event == 0 && field.events.empty() &&
               (field.subject == "Event" || field.subject == "Context");
    });
    several_events_section(out, model);
    out << "\n## process\n\nThe process that acted. The same fields exist under "
        << process_prefixes(model) << ".\n\n";
    section(out, model, "",
            [](const Field& field) { return field.event == 0 && field.subject == "Process"; });
    file_section(out, model);
    for (const EventType& event : model.events)
        if (!event.name.empty())
            event_section(out, model, event);
    out << "\n## Older names\n\n| Name | Stands for |\n|---|---|\n";
    for (const Alias& alias : model.aliases)
        out << "| `" << alias.name << "` | `" << alias.field << "` |\n";
    return out.str();
}

std::string emit_list(const Model& model) {
    std::ostringstream out;
    for (const Field& field : model.fields)
        out << event_names(model, field) << '\t' << field.name << '\t' << type_name(field) << '\t'
            << (is_iterated(field) ? "iterator" : field.constants) << '\n';
    for (const Alias& alias : model.aliases)
        for (const Field& field : model.fields)
            if (field.name == alias.field)
                out << event_names(model, field) << '\t' << alias.name << '\t' << type_name(field)
                    << "\talias of " << alias.field << '\n';
    return out.str();
}

}  // namespace vedette::generator
