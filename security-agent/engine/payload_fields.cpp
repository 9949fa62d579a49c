// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/payload_fields.h"

#include <algorithm>

namespace vedette::engine {
namespace {

using google::protobuf::FieldDescriptor;

PayloadFields fields_of(const FieldDescriptor& payload) {
    PayloadFields out;
    out.payload = &payload;
    const auto& message = *payload.message_type();
    out.retval = message.FindFieldByName("retval");
    for (int i = 0; i < message.field_count(); ++i) {
        const FieldDescriptor* field = message.field(i);
        if (!field->is_repeated() && field->message_type() == v1::File::descriptor())
            out.files.push_back(field);
    }
    return out;
}

/// By number of the payload's field; 0 is no payload.
std::vector<PayloadFields> all_fields() {
    std::vector<PayloadFields> out(1);
    const auto* payloads = v1::Event::descriptor()->FindOneofByName("payload");
    for (int i = 0; i < payloads->field_count(); ++i) {
        const auto number = static_cast<size_t>(payloads->field(i)->number());
        out.resize(std::max(out.size(), number + 1));
        out[number] = fields_of(*payloads->field(i));
    }
    return out;
}

}  // namespace

const PayloadFields& payload_fields(const v1::Event& event) {
    static const std::vector<PayloadFields> kFields = all_fields();
    return kFields[static_cast<size_t>(event.payload_case())];
}

}  // namespace vedette::engine
