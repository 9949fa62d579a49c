// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/event_json.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "security-agent/engine/event_json_parts.h"
#include "security-agent/engine/json_fields.h"

namespace vedette::engine {
namespace {

using google::protobuf::FieldDescriptor;

struct ReturnValue {
    const FieldDescriptor* payload = nullptr;
    const FieldDescriptor* retval = nullptr;  ///< null: it returns nothing
};

/// By number of the payload. Every message of a system call has `retval`; by reflection, so that no event type can be
/// forgotten here.
std::vector<ReturnValue> find_return_values() {
    std::vector<ReturnValue> found;
    const auto* payload = v1::Event::descriptor()->FindOneofByName("payload");
    for (int i = 0; i < payload->field_count(); ++i) {
        const FieldDescriptor* field = payload->field(i);
        const auto number = static_cast<size_t>(field->number());
        found.resize(std::max(found.size(), number + 1));
        found[number] = {field, field->message_type()->FindFieldByName("retval")};
    }
    return found;
}

int64_t return_value(const v1::Event& event) {
    static const std::vector<ReturnValue> known = find_return_values();
    const auto& [field, retval] = known[static_cast<size_t>(event.payload_case())];
    if (!retval)
        return 0;
    const auto& payload = event.GetReflection()->GetMessage(event, field);
    return payload.GetReflection()->GetInt64(payload, retval);
}

}  // namespace

void put_syscall(JsonObject& alert, std::string_view event, const JsonObject& arguments) {
    if (arguments.empty())
        return;
    JsonObject calls;
    calls[event] = arguments;
    alert["syscall"] = calls;
}

void put_event(JsonObject& alert, const v1::Event& event, const v1::ProcessNode& process,
               const ProcessLineage& target, ProcessTexts& texts) {
    put_file_event(alert, event);
    put_process_event(alert, event, process, target, texts);
    put_kernel_event(alert, event);
    put_network_event(alert, event);
}

std::string_view outcome(const v1::Event& event) {
    const int64_t value = return_value(event);
    if (value >= 0 || (value == -EINPROGRESS && event.has_connect()))
        return "Success";
    return value == -EACCES || value == -EPERM ? "Refused" : "Error";
}

}  // namespace vedette::engine
