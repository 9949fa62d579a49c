// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/event_files.h"

#include "security-agent/engine/payload_fields.h"

namespace vedette::engine {

std::vector<v1::File*> files_of(v1::Event& event) {
    std::vector<v1::File*> out;
    const PayloadFields& fields = payload_fields(event);
    if (fields.files.empty())
        return out;
    auto& payload = *event.GetReflection()->MutableMessage(&event, fields.payload);
    const auto& reflection = *payload.GetReflection();
    for (const auto* field : fields.files)
        if (reflection.HasField(payload, field))
            out.push_back(static_cast<v1::File*>(reflection.MutableMessage(&payload, field)));
    return out;
}

std::vector<const v1::File*> files_of(const v1::Event& event) {
    std::vector<const v1::File*> out;
    const PayloadFields& fields = payload_fields(event);
    if (fields.files.empty())
        return out;
    const auto& payload = event.GetReflection()->GetMessage(event, fields.payload);
    const auto& reflection = *payload.GetReflection();
    for (const auto* field : fields.files)
        if (reflection.HasField(payload, field))
            out.push_back(static_cast<const v1::File*>(&reflection.GetMessage(payload, field)));
    return out;
}

}  // namespace vedette::engine
