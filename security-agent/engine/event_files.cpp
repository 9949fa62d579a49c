// SPDX-License-Identifier: Apache-2.0
//
// By reflection, so that no event type can be forgotten.
#include "security-agent/engine/event_files.h"

#include <google/protobuf/descriptor.h>

namespace vedette::engine {
namespace {

using google::protobuf::FieldDescriptor;

/// Fields of a payload that are a File.
std::vector<const FieldDescriptor*> file_fields(const google::protobuf::Descriptor& payload) {
    std::vector<const FieldDescriptor*> out;
    for (int i = 0; i < payload.field_count(); ++i) {
        const FieldDescriptor* field = payload.field(i);
        if (!field->is_repeated() && field->message_type() == v1::File::descriptor())
            out.push_back(field);
    }
    return out;
}

const FieldDescriptor* payload_field(const v1::Event& event) {
    return event.GetReflection()->GetOneofFieldDescriptor(
        event, v1::Event::descriptor()->FindOneofByName("payload"));
}

}  // namespace

std::vector<v1::File*> files_of(v1::Event& event) {
    std::vector<v1::File*> out;
    const FieldDescriptor* which = payload_field(event);
    if (!which)
        return out;
    auto& payload = *event.GetReflection()->MutableMessage(&event, which);
    for (const FieldDescriptor* field : file_fields(*which->message_type()))
        if (payload.GetReflection()->HasField(payload, field))
            out.push_back(
                static_cast<v1::File*>(payload.GetReflection()->MutableMessage(&payload, field)));
    return out;
}

std::vector<const v1::File*> files_of(const v1::Event& event) {
    std::vector<const v1::File*> out;
    const FieldDescriptor* which = payload_field(event);
    if (!which)
        return out;
    const auto& payload = event.GetReflection()->GetMessage(event, which);
    for (const FieldDescriptor* field : file_fields(*which->message_type()))
        if (payload.GetReflection()->HasField(payload, field))
            out.push_back(
                static_cast<const v1::File*>(&payload.GetReflection()->GetMessage(payload, field)));
    return out;
}

}  // namespace vedette::engine
