// SPDX-License-Identifier: Apache-2.0
#include "proto/generator/walk.h"

#include <algorithm>

namespace vedette::generator {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr int kMaxDepth = 8;  // messages inside messages; a recursive one is a mistake

std::string identifier(std::string name) {
    std::replace(name.begin(), name.end(), '.', '_');
    return name;
}

bool is_text(const Field& field) {
    return field.value == Value::kString || field.value == Value::kIp;
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

std::string call(const std::string& handler, const std::string& object, const Field& field) {
    const std::string name = "handlers::" + handler + "(" + object;
    if (field.is_list)
        return name + ", scratch, out);";
    return "return " + name + (is_text(field) ? ", scratch);" : ");");
}

}  // namespace

std::string joined(const std::string& prefix, const std::string& name) {
    return prefix.empty() ? name : prefix + "." + name;
}

Walk::Walk(const Descriptor& root) : root_(root.name()) {}

bool Walk::message(const Descriptor& message, const Place& at) {
    if (at.depth > kMaxDepth)
        return problem(message.full_name(), "is nested too deep");
    if (!computed(message, at))
        return false;
    for (int i = 0; i < message.field_count(); ++i)
        if (message.field(i)->options().HasExtension(v1::secl) && !member(*message.field(i), at))
            return false;
    return true;
}

bool Walk::computed(const Descriptor& message, const Place& at) {
    for (int i = 0; i < message.options().ExtensionSize(v1::computed); ++i)
        if (!computed_field(message, message.options().GetExtension(v1::computed, i), at))
            return false;
    return true;
}

bool Walk::member(const FieldDescriptor& proto, const Place& at) {
    const v1::SeclField& options = proto.options().GetExtension(v1::secl);
    if (options.process_key()) {
        processes.push_back(
            joined(at.prefix, options.name().empty() ? proto.name() : options.name()));
        return true;
    }
    if (proto.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && options.handler().empty())
        return nested(proto, options, at);
    return plain_field(proto, options, at);
}

bool Walk::nested(const FieldDescriptor& proto, const v1::SeclField& options, const Place& at) {
    const std::string name =
        joined(at.prefix, options.name().empty() ? proto.name() : options.name());
    if (proto.is_repeated()) {
        iterators.push_back({name, proto.message_type()});
        return true;
    }
    Place inside;
    inside.prefix = options.flatten() ? at.prefix : name;
    inside.access = at.access + "." + proto.lowercase_name() + "()";
    inside.not_filled = at.not_filled.empty() ? options.not_filled() : at.not_filled;
    inside.depth = at.depth + 1;
    inside.holder = &options;
    return message(*proto.message_type(), inside);
}

bool Walk::plain_field(const FieldDescriptor& proto, const v1::SeclField& options,
                       const Place& at) {
    const std::string member = options.name().empty() ? proto.name() : options.name();
    Field field = described(*proto.containing_type(), options, member, at);
    std::string type_error;
    if (!set_type(&proto, options.type(), field, type_error))
        return problem(proto.full_name(), type_error);
    const std::string path = at.access + "." + proto.lowercase_name() + "()";
    if (!options.handler().empty())
        field.get.body = call(options.handler(), path, field);
    else if (field.is_list)
        field.get.body = "append(" + path + ", out);";
    else if (is_text(field) || field.value == Value::kBool)
        field.get.body = "return " + path + ";";
    else
        field.get.body = "return static_cast<int64_t>(" + path + ");";
    set_alternatives(options, member, at, field);
    if (!set_pending(*proto.containing_type(), options, at, field))
        return false;
    add(field, options);
    if (options.length())
        add_length(std::move(field), path + ".size()");
    return true;
}

bool Walk::computed_field(const Descriptor& message, const v1::SeclField& options,
                          const Place& at) {
    if (options.name().empty() || options.handler().empty())
        return problem(message.full_name(), "a computed field needs a name and a handler");
    Field field = described(message, options, options.name(), at);
    std::string type_error;
    if (!set_type(nullptr, options.type(), field, type_error))
        return problem(message.full_name() + "." + options.name(), type_error);
    const std::string object = options.context() ? "base" : at.access;
    if (options.context())
        field.root = kContextRoot;
    field.get.body = call(options.handler(), object, field);
    set_alternatives(options, options.name(), at, field);
    if (!set_pending(message, options, at, field))
        return false;
    add(field, options);
    // A handler whose result has a length must not allocate: there is no scratch memory for it.
    if (options.length())
        add_length(std::move(field), "handlers::" + options.handler() + "(" + object +
                                         ", *std::pmr::null_memory_resource()).size()");
    return true;
}

void Walk::set_alternatives(const v1::SeclField& options, const std::string& member,
                            const Place& at, Field& field) {
    std::string handler;
    for (const v1::SeclAlternatives& own : options.alternatives())
        if (own.of().empty())
            handler = own.handler();
    if (at.holder)
        for (const v1::SeclAlternatives& outer : at.holder->alternatives())
            if (outer.of() == member)
                handler = outer.handler();
    if (!handler.empty())
        field.alternatives = {"more_" + root_ + "_" + identifier(field.name),
                              "handlers::" + handler + "(" + at.access + ", scratch, out);"};
}

bool Walk::set_pending(const Descriptor& message, const v1::SeclField& options, const Place& at,
                       Field& field) {
    if (options.pending().empty())
        return true;
    const FieldDescriptor* flag = message.FindFieldByName(options.pending());
    if (!flag || flag->is_repeated() || flag->cpp_type() != FieldDescriptor::CPPTYPE_BOOL)
        return problem(message.full_name() + "." + options.pending(), "is no bool");
    field.pending = {"pending_" + root_ + "_" + identifier(field.name),
                     "return " + at.access + "." + flag->lowercase_name() + "();"};
    return true;
}

Field Walk::described(const Descriptor& message, const v1::SeclField& options,
                      const std::string& name, const Place& at) const {
    Field field;
    field.name = joined(at.prefix, name);
    field.doc = options.doc();
    field.since = options.since();
    field.constants = options.constants();
    field.matching = options.matching();
    field.not_filled = at.not_filled.empty() ? options.not_filled() : at.not_filled;
    field.root = root_;
    if (message.name() == "File" && at.holder) {
        field.file = at.prefix;
        field.file_doc = at.holder->doc();
    } else if (message.name() == "Package") {
        field.file = at.prefix.substr(0, at.prefix.rfind('.'));
    }
    return field;
}

void Walk::add(Field field, const v1::SeclField& options) {
    for (const std::string& alias : options.alias())
        aliases.push_back({alias, field.name});
    field.get.name = "get_" + root_ + "_" + identifier(field.name);
    fields.push_back(std::move(field));
}

void Walk::add_length(Field of, const std::string& size) {
    Field field;
    field.name = of.name + ".length";
    field.doc = "Length in bytes of " + of.name.substr(of.name.rfind('.') + 1) + ".";
    field.since = of.since;
    field.not_filled = of.not_filled;
    field.root = of.root;
    field.file = of.file;
    field.get.body = "return static_cast<int64_t>(" + size + ");";
    add(std::move(field), {});
}

bool Walk::problem(const std::string& where, const std::string& what) {
    error = where + ": " + what;
    return false;
}

}  // namespace vedette::generator
