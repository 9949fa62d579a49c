// SPDX-License-Identifier: Apache-2.0
//
// Walks Event once, and ProcessNode once: the walk of a message gives members with names relative to it, which
// are then placed under every prefix they have in the language.
#include "proto/generator/model.h"

#include <algorithm>
#include <map>
#include <set>

#include "proto/generator/legacy_aliases.h"

namespace vedette::generator {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr int kMaxDepth = 8;  // messages inside messages; a recursive one is a mistake

std::string joined(const std::string& prefix, const std::string& name) {
    return prefix.empty() ? name : prefix + "." + name;
}

std::string identifier(std::string name) {
    std::replace(name.begin(), name.end(), '.', '_');
    return name;
}

bool set_type(const FieldDescriptor* proto, v1::SeclType type, Field& field, std::string& error) {
    if (proto && type == v1::SECL_TYPE_UNSPECIFIED) {
        switch (proto->cpp_type()) {
            case FieldDescriptor::CPPTYPE_STRING:
                type = v1::SECL_TYPE_STRING;
                break;
            case FieldDescriptor::CPPTYPE_BOOL:
                type = v1::SECL_TYPE_BOOL;
                break;
            case FieldDescriptor::CPPTYPE_DOUBLE:
            case FieldDescriptor::CPPTYPE_FLOAT:
            case FieldDescriptor::CPPTYPE_MESSAGE:
                error = "has no type in the language";
                return false;
            default:
                type = v1::SECL_TYPE_INT;
        }
    }
    field.is_list = (proto && proto->is_repeated()) || type == v1::SECL_TYPE_STRING_LIST ||
                    type == v1::SECL_TYPE_IP_LIST;
    field.is_time = type == v1::SECL_TYPE_TIME;
    switch (type) {
        case v1::SECL_TYPE_INT:
        case v1::SECL_TYPE_TIME:
            field.value = Value::kInt;
            return true;
        case v1::SECL_TYPE_BOOL:
            field.value = Value::kBool;
            return true;
        case v1::SECL_TYPE_STRING:
        case v1::SECL_TYPE_STRING_LIST:
            field.value = Value::kString;
            return true;
        case v1::SECL_TYPE_IP:
        case v1::SECL_TYPE_IP_LIST:
            field.value = Value::kIp;
            return true;
        default:
            error = "needs a type";
            return false;
    }
}

/// Collects the members of one root message. `name`s are relative to the root; `alias` names are absolute.
class Walk {
   public:
    explicit Walk(const Descriptor& root) : root_(root.name()), prefix_(identifier(root.name())) {}

    bool message(const Descriptor& message, const std::string& prefix, const std::string& access,
                 int depth) {
        if (depth > kMaxDepth)
            return problem(message.full_name(), "is nested too deep");
        for (int i = 0; i < message.options().ExtensionSize(v1::computed); ++i)
            if (!computed(message, message.options().GetExtension(v1::computed, i), prefix, access))
                return false;
        for (int i = 0; i < message.field_count(); ++i)
            if (message.field(i)->options().HasExtension(v1::secl) &&
                !member(*message.field(i), prefix, access, depth))
                return false;
        return true;
    }

    bool member(const FieldDescriptor& proto, const std::string& prefix, const std::string& access,
                int depth) {
        const v1::SeclField& options = proto.options().GetExtension(v1::secl);
        const std::string name =
            joined(prefix, options.name().empty() ? proto.name() : options.name());
        const std::string path = access + "." + proto.lowercase_name() + "()";
        if (proto.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && options.handler().empty()) {
            if (proto.is_repeated())
                return problem(proto.full_name(), "is a list of messages: give it a handler");
            return message(*proto.message_type(), options.flatten() ? prefix : name, path,
                           depth + 1);
        }
        Field field = described(options, name);
        std::string type_error;
        if (!set_type(&proto, options.type(), field, type_error))
            return problem(proto.full_name(), type_error);
        const bool text = field.value == Value::kString || field.value == Value::kIp;
        if (!options.handler().empty())
            field.body = call(options.handler(), "handlers::", path, field);
        else if (field.is_list)
            field.body = "append(" + path + ", out);";
        else if (text || field.value == Value::kBool)
            field.body = "return " + path + ";";
        else
            field.body = "return static_cast<int64_t>(" + path + ");";
        add(std::move(field), options);
        return !options.length() || add_length(name, options, path + ".size()");
    }

    std::vector<Field> fields;
    std::vector<Alias> aliases;
    std::string error;

   private:
    bool computed(const Descriptor& message, const v1::SeclField& options,
                  const std::string& prefix, const std::string& access) {
        if (options.name().empty() || options.handler().empty())
            return problem(message.full_name(), "a computed field needs a name and a handler");
        const std::string name = joined(prefix, options.name());
        Field field = described(options, name);
        std::string type_error;
        if (!set_type(nullptr, options.type(), field, type_error))
            return problem(message.full_name() + "." + options.name(), type_error);
        field.body = call(options.handler(), "handlers::", access, field);
        add(std::move(field), options);
        // A handler whose result has a length must not allocate: there is no scratch memory for it.
        return !options.length() || add_length(name, options,
                                               "handlers::" + options.handler() + "(" + access +
                                                   ", *std::pmr::null_memory_resource()).size()");
    }

    static std::string call(const std::string& handler, const std::string& space,
                            const std::string& object, const Field& field) {
        const std::string name = space + handler + "(" + object;
        if (field.is_list)
            return name + ", scratch, out);";
        const bool text = field.value == Value::kString || field.value == Value::kIp;
        return "return " + name + (text ? ", scratch);" : ");");
    }

    static Field described(const v1::SeclField& options, const std::string& name) {
        Field field;
        field.name = name;
        field.doc = options.doc();
        field.since = options.since();
        field.constants = options.constants();
        field.matching = options.matching();
        return field;
    }

    void add(Field field, const v1::SeclField& options) {
        for (const std::string& alias : options.alias())
            aliases.push_back({alias, field.name});
        field.root = root_;
        field.accessor = "get_" + prefix_ + "_" + identifier(field.name);
        fields.push_back(std::move(field));
    }

    bool add_length(const std::string& name, const v1::SeclField& options,
                    const std::string& size) {
        Field field;
        field.name = name + ".length";
        field.doc = "Length in bytes of " + name.substr(name.rfind('.') + 1) + ".";
        field.since = options.since();
        field.body = "return static_cast<int64_t>(" + size + ");";
        add(std::move(field), {});
        return true;
    }

    bool problem(const std::string& where, const std::string& what) {
        error = where + ": " + what;
        return false;
    }

    std::string root_;
    std::string prefix_;
};

/// Puts fields into the model; the first definition of a name wins.
class Table {
   public:
    explicit Table(Model& model) : model_(model) {}

    void place(const std::vector<Field>& fields, const std::string& prefix,
               const std::string& subject, int event, const std::string& since = "") {
        for (const Field& field : fields) {
            Field copy = field;
            copy.name = joined(prefix, field.name);
            copy.subject = subject;
            copy.event = event;
            if (copy.since.empty())
                copy.since = since;
            if (names_.insert(copy.name).second)
                model_.fields.push_back(std::move(copy));
        }
    }

   private:
    Model& model_;
    std::set<std::string> names_;
};

bool read_event_type(const FieldDescriptor& member, const Walk& process, Table& table, Model& model,
                     std::string& error) {
    const v1::SeclEvent& options = member.options().GetExtension(v1::event);
    model.events.push_back(
        {member.number(), options.name(), options.category(), options.doc(), options.since()});
    if (options.name().empty())
        return true;
    Walk walk(*member.containing_type());
    if (!walk.message(*member.message_type(), options.name(),
                      "base." + member.lowercase_name() + "()", 1)) {
        error = walk.error;
        return false;
    }
    table.place(walk.fields, "", "Event", member.number(), options.since());
    if (options.process_fields())
        table.place(process.fields, options.name(), "Process", member.number(), options.since());
    model.aliases.insert(model.aliases.end(), walk.aliases.begin(), walk.aliases.end());
    return true;
}

/// What no message holds: how many ancestors there are. Only the engine knows, so it reads the context.
Field ancestors_length() {
    Field field;
    field.name = "process.ancestors.length";
    field.doc = "Number of ancestors, earlier images of the same process included.";
    field.accessor = "get_ancestors_length";
    field.body = "return handlers::ancestors_length(base);";
    return field;
}

bool check(const Model& model, std::string& error) {
    std::map<std::string, std::string> bodies;
    std::set<std::string> names;
    for (const Field& field : model.fields) {
        names.insert(field.name);
        if (field.doc.empty())
            error = field.name + ": needs a doc";
        const auto [entry, fresh] = bodies.emplace(field.accessor, field.body);
        if (!fresh && entry->second != field.body)
            error = field.name + ": two accessors would be called " + field.accessor;
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

bool read_model(const google::protobuf::FileDescriptor& file, Model& model, std::string& error) {
    const Descriptor* event = file.FindMessageTypeByName("Event");
    const auto* process = file.pool()->FindMessageTypeByName(file.package() + ".ProcessNode");
    if (!event || !process) {
        error = file.name() + ": needs the messages Event and ProcessNode";
        return false;
    }
    Table table(model);
    Walk root(*event);
    Walk node(*process);
    if (!node.message(*process, "", "base", 0))
        error = node.error;
    for (int i = 0; error.empty() && i < event->field_count(); ++i) {
        const FieldDescriptor& field = *event->field(i);
        if (!field.real_containing_oneof() && field.options().HasExtension(v1::secl) &&
            !root.member(field, "", "base", 0))
            error = root.error;
    }
    if (!error.empty())
        return false;
    table.place(root.fields, "", "Event", 0);
    model.aliases = root.aliases;
    table.place({ancestors_length()}, "", "Context", 0);
    table.place(node.fields, "process", "Process", 0);
    table.place(node.fields, "process.parent", "Parent", 0);
    table.place(node.fields, "process.ancestors", "Ancestor", 0);
    for (int i = 0; i < event->field_count(); ++i)
        if (event->field(i)->options().HasExtension(v1::event) &&
            !read_event_type(*event->field(i), node, table, model, error))
            return false;
    const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
    std::sort(model.fields.begin(), model.fields.end(), by_name);
    add_legacy_aliases(model);
    std::sort(model.aliases.begin(), model.aliases.end(), by_name);
    return check(model, error);
}

}  // namespace vedette::generator
