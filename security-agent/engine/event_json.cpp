// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/event_json.h"

#include <google/protobuf/descriptor.h>

#include <cerrno>

#include "security-agent/engine/event_json_parts.h"
#include "security-agent/engine/json_fields.h"

namespace vedette::engine {
namespace {

/// Every message of a system call has `retval`; by reflection, so that no event type can be forgotten here.
int64_t return_value(const v1::Event& event) {
    const auto* which = event.GetReflection()->GetOneofFieldDescriptor(
        event, v1::Event::descriptor()->FindOneofByName("payload"));
    const auto* retval = which ? which->message_type()->FindFieldByName("retval") : nullptr;
    if (!retval)
        return 0;
    const auto& payload = event.GetReflection()->GetMessage(event, which);
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
