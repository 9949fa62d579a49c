// SPDX-License-Identifier: Apache-2.0
//
// Writes the table as C++: one small accessor for each distinct (message, member), then the sorted rows.
#include <set>
#include <sstream>

#include "proto/generator/emit.h"

namespace vedette::generator {
namespace {

constexpr char kNotice[] =
    "// Generated from proto/vedette/v1/event.proto; change that, not this.\n";

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    return out + '"';
}

bool is_text(const Field& field) {
    return field.value == Value::kString || field.value == Value::kIp;
}

constexpr char kScratch[] = ", [[maybe_unused]] Scratch& scratch";

std::string getter_signature(const Field& field) {
    const std::string name = field.get.name + "(const void* object";
    if (field.is_list)
        return "void " + name + kScratch +
               (is_text(field) ? ", StringList& out)" : ", IntList& out)");
    if (is_text(field))
        return "std::string_view " + name + kScratch + ")";
    return (field.value == Value::kBool ? "bool " : "int64_t ") + name + ")";
}

std::string getter(const Field& field) {
    const std::string kind = is_text(field)                ? "String"
                             : field.value == Value::kBool ? "Bool"
                                                           : "Int";
    return kind + (field.is_list ? "ListGetter" : "Getter") + "{&" + field.get.name + "}";
}

std::string pointer(const Accessor& accessor) {
    return accessor.name.empty() ? "nullptr" : "&" + accessor.name;
}

/// Writes the accessors of all fields, each once.
class AccessorWriter {
   public:
    explicit AccessorWriter(std::ostream& out) : out_(out) {}

    void write(const Field& field) {
        write(field, field.get, getter_signature(field));
        write(field, field.alternatives,
              "void " + field.alternatives.name + "(const void* object" + kScratch +
                  ", StringList& out)");
        write(field, field.pending, "bool " + field.pending.name + "(const void* object)");
    }

   private:
    void write(const Field& field, const Accessor& accessor, const std::string& signature) {
        if (accessor.name.empty() || !written_.insert(accessor.name).second)
            return;
        const std::string space = field.root == kContextRoot ? "secl::" : "v1::";
        out_ << signature << " {\n    const auto& base = *static_cast<const " << space << field.root
             << "*>(object);\n    " << accessor.body << "\n}\n";
    }

    std::ostream& out_;
    std::set<std::string> written_;
};

std::string events_name(const std::vector<int>& events) {
    std::string name = "kEvents";
    for (const int event : events)
        name += "_" + std::to_string(event);
    return name;
}

void write_event_lists(std::ostream& out, const Model& model) {
    std::set<std::vector<int>> written;
    for (const Field& field : model.fields) {
        if (field.events.empty() || !written.insert(field.events).second)
            continue;
        out << "const EventTypeId " << events_name(field.events) << "[] = {";
        for (const int event : field.events)
            out << event << ", ";
        out << "};\n";
    }
}

void write_field(std::ostream& out, const Field& field) {
    static constexpr const char* kTypes[] = {"kInt", "kBool", "kString", "kIp"};
    static constexpr const char* kMatching[] = {"kPlain", "kPath", "kCaseInsensitive"};
    out << "    {" << quoted(field.name) << ", " << quoted(field.doc)
        << ", ValueType::" << kTypes[static_cast<int>(field.value)] << ", "
        << (field.is_list ? "true" : "false") << ", " << (field.is_time ? "true" : "false")
        << ", Matching::" << kMatching[field.matching] << ", Subject::k" << field.subject << ", "
        << field.event << ", " << quoted(field.constants) << ", " << getter(field) << ", "
        << pointer(field.alternatives) << ", " << pointer(field.pending) << ", "
        << quoted(field.not_filled) << ", 0, "
        << (field.events.empty() ? "{}" : events_name(field.events)) << "},\n";
}

}  // namespace

std::string emit_header() {
    return std::string("// SPDX-License-Identifier: Apache-2.0\n") + kNotice +
           "#pragma once\n\n#include \"security-agent/secl/field.h\"\n\n"
           "namespace vedette::engine {\n\n"
           "/// Every field, event type and alias of the event model. Usable from any thread.\n"
           "const secl::FieldTable& field_table();\n\n"
           "}  // namespace vedette::engine\n";
}

std::string emit_source(const Model& model) {
    std::ostringstream out;
    out << "// SPDX-License-Identifier: Apache-2.0\n"
        << kNotice
        << "#include \"fields.gen.h\"\n\n#include <iterator>\n#include <memory_resource>\n\n"
           "#include \"security-agent/engine/handlers.h\"\n"
           "#include \"security-agent/secl/eval_context.h\"\n#include \"vedette/v1/event.pb.h\"\n\n"
           "namespace vedette::engine {\nnamespace {\n\nusing namespace secl;\n\n"
           "template <typename Values>\n"
           "[[maybe_unused]] void append(const Values& values, StringList& out) {\n"
           "    for (const auto& value : values) out.push_back(value);\n}\n"
           "template <typename Values>\n"
           "[[maybe_unused]] void append(const Values& values, IntList& out) {\n"
           "    for (const auto value : values) out.push_back(static_cast<int64_t>(value));\n}\n\n";
    AccessorWriter accessors(out);
    for (const Field& field : model.fields)
        accessors.write(field);
    write_event_lists(out, model);
    // constexpr: as code that fills it at start the table takes the optimiser a quarter of an hour.
    out << "\nconstexpr FieldDef kFields[] = {\n";
    for (const Field& field : model.fields)
        write_field(out, field);
    out << "};\n\nconstexpr EventTypeDef kEvents[] = {\n";
    for (const EventType& event : model.events)
        out << "    {" << event.number << ", " << quoted(event.name) << ", "
            << quoted(event.category) << ", " << quoted(event.doc) << ", "
            << quoted(event.not_filled) << "},\n";
    out << "};\n\nconst AliasDef kAliases[] = {\n";
    for (const Alias& alias : model.aliases)
        out << "    {" << quoted(alias.name) << ", " << quoted(alias.field) << "},\n";
    out << "};\n\nclass Table final : public FieldTable {\n   public:\n"
           "    std::span<const FieldDef> fields() const override { return kFields; }\n"
           "    std::span<const EventTypeDef> events() const override { return kEvents; }\n"
           "    std::span<const AliasDef> aliases() const override { return kAliases; }\n};\n\n"
           "const Table kTable;\n\n}  // namespace\n\n"
           "const secl::FieldTable& field_table() { return kTable; }\n\n"
           "}  // namespace vedette::engine\n";
    return out.str();
}

}  // namespace vedette::generator
