// SPDX-License-Identifier: Apache-2.0
//
// Writes the table for people: the field reference in Markdown, and the plain list that tests and shell
// completion read. The process fields are printed once, with the prefixes they exist under.
#include <sstream>

#include "proto/generator/emit.h"

namespace vedette::generator {
namespace {

const char* event_name(const Model& model, int number) {
    for (const EventType& event : model.events)
        if (event.number == number)
            return event.name.c_str();
    return "*";
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

void table_head(std::ostream& out) {
    out << "| Field | Type | Constants | What it is |\n|---|---|---|---|\n";
}

void row(std::ostream& out, const Field& field) {
    out << "| `" << field.name << "` | " << type_cell(field) << " | " << field.constants << " | "
        << cell(field.doc) << " |\n";
}

template <typename Wanted>
void section(std::ostream& out, const Model& model, Wanted wanted) {
    bool any = false;
    for (const Field& field : model.fields) {
        if (!wanted(field))
            continue;
        if (!any)
            table_head(out);
        any = true;
        row(out, field);
    }
    if (!any)
        out << "It has no fields of its own.\n";
}

std::string process_prefixes(const Model& model) {
    std::string text = "`process.parent.` and `process.ancestors.` (any ancestor)";
    for (const EventType& event : model.events)
        for (const Field& field : model.fields)
            if (field.event == event.number && field.subject == "Process") {
                text += ", `" + event.name + ".` (in " + event.name + " rules)";
                break;
            }
    return text;
}

}  // namespace

std::string emit_reference(const Model& model) {
    std::ostringstream out;
    out << "<!-- Generated from proto/vedette/v1/event.proto by `./dev doc`; change that, not "
           "this. -->\n"
           "# Event types and fields\n\n"
           "Every name that a rule can use. *path*: a `~\"pattern\"` matches path element by path\n"
           "element; *any case*: ASCII case is ignored; *time*: compared with a duration such as "
           "`5s`,\n"
           "it is the age that is compared.\n\n## Event types\n\n"
           "| Event | Category | Since | What happened |\n|---|---|---|---|\n";
    for (const EventType& event : model.events)
        if (!event.name.empty())
            out << "| [`" << event.name << "`](#" << event.name << ") | " << event.category << " | "
                << event.since << " | " << cell(event.doc) << " |\n";
    out << "\n## Every event\n\n";
    section(out, model, [](const Field& field) {
        return field.event == 0 && (field.subject == "Event" || field.subject == "Context");
    });
    out << "\n## process\n\nThe process that acted. The same fields exist under "
        << process_prefixes(model) << ".\n\n";
    section(out, model,
            [](const Field& field) { return field.event == 0 && field.subject == "Process"; });
    for (const EventType& event : model.events) {
        if (event.name.empty())
            continue;
        out << "\n## " << event.name << "\n\n" << event.doc << "\n\n";
        section(out, model, [&event](const Field& field) {
            return field.event == event.number && field.subject != "Process";
        });
    }
    out << "\n## Older names\n\n| Name | Stands for |\n|---|---|\n";
    for (const Alias& alias : model.aliases)
        out << "| `" << alias.name << "` | `" << alias.field << "` |\n";
    return out.str();
}

std::string emit_list(const Model& model) {
    std::ostringstream out;
    for (const Field& field : model.fields)
        out << event_name(model, field.event) << '\t' << field.name << '\t' << type_name(field)
            << '\t' << (is_iterated(field) ? "iterator" : field.constants) << '\n';
    for (const Alias& alias : model.aliases)
        for (const Field& field : model.fields)
            if (field.name == alias.field)
                out << event_name(model, field.event) << '\t' << alias.name << '\t'
                    << type_name(field) << "\talias of " << alias.field << '\n';
    return out.str();
}

}  // namespace vedette::generator
