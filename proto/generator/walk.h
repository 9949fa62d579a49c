// SPDX-License-Identifier: Apache-2.0
//
// The members of one root message and of the messages in it, as fields with names relative to the root.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "proto/generator/model.h"

namespace vedette::generator {

std::string joined(const std::string& prefix, const std::string& name);

/// Where a walk stands.
struct Place {
    std::string prefix;      // of names
    std::string access;      // expression for the message
    std::string not_filled;  // of a message above
    int depth = 0;
    /// Of the member that holds the message: its alternatives count for the message's members. Null: none.
    const v1::SeclField* holder = nullptr;
};

/// A list of messages: the fields of each element are those of a walk of their own.
struct Iterator {
    std::string name;
    const google::protobuf::Descriptor* element = nullptr;
};

/// A walk collects; it stops at the first problem.
class Walk {
   public:
    explicit Walk(const google::protobuf::Descriptor& root);

    /// All members and computed fields of `message`. Returns false and sets `error` when something is wrong.
    bool message(const google::protobuf::Descriptor& message, const Place& at);
    /// One member of the message at `at`.
    bool member(const google::protobuf::FieldDescriptor& proto, const Place& at);
    /// The computed fields of a message.
    bool computed(const google::protobuf::Descriptor& message, const Place& at);

    std::vector<Field> fields;
    std::vector<Alias> aliases;
    std::vector<Iterator> iterators;
    std::vector<std::string> processes;  // names of members that hold the key of a process
    std::string error;

   private:
    bool computed_field(const google::protobuf::Descriptor& message, const v1::SeclField& options,
                        const Place& at);
    bool plain_field(const google::protobuf::FieldDescriptor& proto, const v1::SeclField& options,
                     const Place& at);
    bool nested(const google::protobuf::FieldDescriptor& proto, const v1::SeclField& options,
                const Place& at);
    bool set_pending(const google::protobuf::Descriptor& message, const v1::SeclField& options,
                     const Place& at, Field& field);
    void set_alternatives(const v1::SeclField& options, const std::string& member, const Place& at,
                          Field& field);
    Field described(const google::protobuf::Descriptor& message, const v1::SeclField& options,
                    const std::string& name, const Place& at) const;
    void add(Field field, const v1::SeclField& options);
    void add_length(Field of, const std::string& size);
    bool problem(const std::string& where, const std::string& what);

    std::string root_;
};

}  // namespace vedette::generator
