// SPDX-License-Identifier: Apache-2.0
//
// The families that event_json.cpp puts together: each adds something for its event types, nothing for others.
#pragma once

#include <string_view>

#include "security-agent/engine/event_json.h"

namespace vedette::engine {

void put_file_event(JsonObject& alert, const v1::Event& event);
void put_process_event(JsonObject& alert, const v1::Event& event, const v1::ProcessNode& process,
                       const ProcessLineage& target, ProcessTexts& texts);
void put_kernel_event(JsonObject& alert, const v1::Event& event);
void put_network_event(JsonObject& alert, const v1::Event& event);

/// alert["syscall"][event]: the arguments as they were passed; nothing when nothing is known of them.
void put_syscall(JsonObject& alert, std::string_view event, const JsonObject& arguments);

}  // namespace vedette::engine
