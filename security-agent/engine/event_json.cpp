// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/event_json.h"

#include <cerrno>

#include "security-agent/engine/event_json_parts.h"
#include "security-agent/engine/json_fields.h"
#include "security-agent/engine/payload_fields.h"

namespace vedette::engine {
namespace {

int64_t return_value(const v1::Event& event) {
    const PayloadFields& fields = payload_fields(event);
    if (!fields.retval)
        return 0;
    const auto& payload = event.GetReflection()->GetMessage(event, fields.payload);
    return payload.GetReflection()->GetInt64(payload, fields.retval);
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
