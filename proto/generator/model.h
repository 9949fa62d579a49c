// SPDX-License-Identifier: Apache-2.0
//
// The field table as the generator sees it: read once from the descriptors of event.proto, then written out as
// C++, as documentation and as a plain list. It knows no output format.
#pragma once

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "vedette/v1/options.pb.h"

namespace vedette::generator {

enum class Value { kInt, kBool, kString, kIp };

/// A function of the generated source: its name, and its statement about the object `base`.
struct Accessor {
    std::string name;
    std::string body;
};

struct Field {
    std::string name;  // as a rule writes it
    std::string doc;
    std::string since;
    std::string constants;
    Value value = Value::kInt;
    bool is_list = false;
    bool is_time = false;
    v1::Matching matching = v1::MATCHING_PLAIN;
    std::string subject;      // enumerator of secl::Subject, without the k
    int event = 0;            // number of the only event it exists for, 0: any or several
    std::vector<int> events;  // numbers of those it exists for when they are several
    Accessor get;
    Accessor alternatives;  // without a name: none
    Accessor pending;       // without a name: none
    std::string not_filled;
    /// What `base` points to: message of vedette::v1, or kContextRoot.
    std::string root;
    /// A field of a File: the file's name ("open.file") and doc; else empty.
    std::string file;
    std::string file_doc;
};

inline constexpr char kContextRoot[] = "EvalContext";

struct EventType {
    int number = 0;
    std::string name;  // empty: internal
    std::string category;
    std::string doc;
    std::string since;
    std::string not_filled;
    std::vector<std::string> processes;  // "signal.target": fields of another process stand there
};

struct Alias {
    std::string name;
    std::string field;
};

struct Model {
    std::vector<EventType> events;
    std::vector<Field> fields;   // sorted by name, each name once
    std::vector<Alias> aliases;  // sorted by name
};

/// "string[]", "int", "ip" ...
std::string type_name(const Field& field);

/// Read from several objects in turn.
bool is_iterated(const Field& field);

/// Reads message Event of `file`. Returns false and says what is wrong in `error` (proto file's element and why).
bool read_model(const google::protobuf::FileDescriptor& file, Model& model, std::string& error);

}  // namespace vedette::generator
