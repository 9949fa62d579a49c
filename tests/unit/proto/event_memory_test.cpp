// SPDX-License-Identifier: Apache-2.0
#include "proto/event_memory.h"

#include <google/protobuf/descriptor.h>

#include "tests/unit/catch.h"

namespace vedette {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr int kDepth = 4;  // a map or a flow has messages in messages, but no event has more

/// Every field of it and of what is in it.
void fill(Message& message, int depth);

void fill_field(Message& message, const FieldDescriptor* field, int depth) {
    const auto* reflection = message.GetReflection();
    const bool repeated = field->is_repeated();
    switch (field->cpp_type()) {
        case FieldDescriptor::CPPTYPE_MESSAGE:
            if (depth > 0)
                fill(repeated ? *reflection->AddMessage(&message, field)
                              : *reflection->MutableMessage(&message, field),
                     depth - 1);
            return;
        case FieldDescriptor::CPPTYPE_STRING: {
            const std::string text = "a text that is too long to stand in its string";
            return repeated ? reflection->AddString(&message, field, text)
                            : reflection->SetString(&message, field, text);
        }
        case FieldDescriptor::CPPTYPE_BOOL:
            return reflection->SetBool(&message, field, true);
        case FieldDescriptor::CPPTYPE_ENUM:
            return repeated ? reflection->AddEnumValue(&message, field, 1)
                            : reflection->SetEnumValue(&message, field, 1);
        case FieldDescriptor::CPPTYPE_UINT32:
            return repeated ? reflection->AddUInt32(&message, field, 7)
                            : reflection->SetUInt32(&message, field, 7);
        case FieldDescriptor::CPPTYPE_INT32:
            return reflection->SetInt32(&message, field, 7);
        case FieldDescriptor::CPPTYPE_UINT64:
            return repeated ? reflection->AddUInt64(&message, field, 7)
                            : reflection->SetUInt64(&message, field, 7);
        case FieldDescriptor::CPPTYPE_INT64:
            return repeated ? reflection->AddInt64(&message, field, 7)
                            : reflection->SetInt64(&message, field, 7);
        default:
            FAIL("no event has such a field: " << field->full_name());
    }
}

void fill(Message& message, int depth) {
    const auto* type = message.GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i)
        if (type->field(i)->real_containing_oneof() == nullptr)
            fill_field(message, type->field(i), depth);
}

v1::Event filled(const FieldDescriptor* payload) {
    v1::Event event;
    fill(event, kDepth);
    if (payload != nullptr)
        fill_field(event, payload, kDepth);
    return event;
}

/// But for an empty payload.
bool is_empty(const v1::Event& event, uint32_t payload) {
    if (event.payload_case() != v1::Event::PAYLOAD_NOT_SET &&
        static_cast<uint32_t>(event.payload_case()) != payload)
        return false;
    std::vector<const FieldDescriptor*> set;
    v1::Event::GetReflection()->ListFields(event, &set);
    for (const auto* field : set) {
        if (field->real_containing_oneof() == nullptr ||
            v1::Event::GetReflection()->GetMessage(event, field).ByteSizeLong() != 0)
            return false;
    }
    return true;
}

TEST_CASE("whatever an event was, nothing of it is in the next one") {
    const auto* payloads = v1::Event::descriptor()->FindOneofByName("payload");
    REQUIRE(payloads->field_count() > 40);
    for (int i = 0; i <= payloads->field_count(); ++i) {
        const FieldDescriptor* before = i == 0 ? nullptr : payloads->field(i - 1);
        for (const int j : {0, i, i == 1 ? 2 : 1}) {
            const FieldDescriptor* next = j == 0 ? nullptr : payloads->field(j - 1);
            const auto number = next == nullptr ? 0 : static_cast<uint32_t>(next->number());
            EventMemory memory;
            v1::Event event = filled(before);
            CAPTURE(before == nullptr ? "none" : before->name(), number);
            memory.renew(event, number);
            CHECK(is_empty(event, number));
            event.MergeFrom(filled(next));
            CHECK(event.SerializeAsString() == filled(next).SerializeAsString());
            // What the first one left behind is good for its type again.
            memory.renew(event, before == nullptr ? 0 : static_cast<uint32_t>(before->number()));
            event.MergeFrom(filled(before));
            CHECK(event.SerializeAsString() == filled(before).SerializeAsString());
        }
    }
}

TEST_CASE("the texts of an event are written over those of the one before") {
    EventMemory memory;
    v1::Event event;
    memory.renew(event, v1::Event::kOpenFieldNumber);
    event.mutable_open()->mutable_file()->set_path("/usr/share/a/path/that/needs/memory");
    const char* const text = event.open().file().path().data();
    memory.renew(event, v1::Event::kConnectFieldNumber);
    event.mutable_connect();
    memory.renew(event, v1::Event::kOpenFieldNumber);
    CHECK_FALSE(event.open().has_file());
    event.mutable_open()->mutable_file()->mutable_path()->assign("/usr/share/a/path/that/fits");
    CHECK(event.open().file().path().data() == text);
}

}  // namespace
}  // namespace vedette
