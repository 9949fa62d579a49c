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

std::string signature(const Field& field) {
    const bool text = field.value == Value::kString || field.value == Value::kIp;
    const std::string name = field.accessor + "(const void* object";
    const std::string scratch = ", [[maybe_unused]] Scratch& scratch";
    if (field.is_list)
        return "void " + name + scratch + (text ? ", StringList& out)" : ", IntList& out)");
    if (text)
        return "std::string_view " + name + scratch + ")";
    return (field.value == Value::kBool ? "bool " : "int64_t ") + name + ")";
}

std::string getter(const Field& field) {
    const bool text = field.value == Value::kString || field.value == Value::kIp;
    const std::string kind = text ? "String" : field.value == Value::kBool ? "Bool" : "Int";
    return kind + (field.is_list ? "ListGetter" : "Getter") + "{&" + field.accessor + "}";
}

void write_accessor(std::ostream& out, const Field& field) {
    out << signature(field) << " {\n";
    if (field.root.empty())
        out << "    const void* base = object;\n";
    else
        out << "    const auto& base = *static_cast<const v1::" << field.root << "*>(object);\n";
    out << "    " << field.body << "\n}\n";
}

void write_field(std::ostream& out, const Field& field) {
    static constexpr const char* kTypes[] = {"kInt", "kBool", "kString", "kIp"};
    static constexpr const char* kMatching[] = {"kPlain", "kPath", "kCaseInsensitive"};
    out << "    {" << quoted(field.name) << ", " << quoted(field.doc)
        << ", ValueType::" << kTypes[static_cast<int>(field.value)] << ", "
        << (field.is_list ? "true" : "false") << ", " << (field.is_time ? "true" : "false")
        << ", Matching::" << kMatching[field.matching] << ", Subject::k" << field.subject << ", "
        << field.event << ", " << quoted(field.constants) << ", " << getter(field) << "},\n";
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
           "#include \"security-agent/engine/handlers.h\"\n#include \"vedette/v1/event.pb.h\"\n\n"
           "namespace vedette::engine {\nnamespace {\n\nusing namespace secl;\n\n"
           "template <typename Values>\n"
           "[[maybe_unused]] void append(const Values& values, StringList& out) {\n"
           "    for (const auto& value : values) out.push_back(value);\n}\n"
           "template <typename Values>\n"
           "[[maybe_unused]] void append(const Values& values, IntList& out) {\n"
           "    for (const auto value : values) out.push_back(static_cast<int64_t>(value));\n}\n\n";
    std::set<std::string> written;
    for (const Field& field : model.fields)
        if (written.insert(field.accessor).second)
            write_accessor(out, field);
    out << "\nconst FieldDef kFields[] = {\n";
    for (const Field& field : model.fields)
        write_field(out, field);
    out << "};\n\nconst EventTypeDef kEvents[] = {\n";
    for (const EventType& event : model.events)
        out << "    {" << event.number << ", " << quoted(event.name) << ", "
            << quoted(event.category) << ", " << quoted(event.doc) << "},\n";
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
