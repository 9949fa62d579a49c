// SPDX-License-Identifier: Apache-2.0
//
// What the payloads of events have in common, by reflection, so that no event type can be forgotten; found once.
#pragma once

#include <google/protobuf/descriptor.h>

#include <vector>

#include "vedette/v1/event.pb.h"

namespace vedette::engine {

struct PayloadFields {
    const google::protobuf::FieldDescriptor* payload =
        nullptr;                                                ///< of the event; null: it has none
    const google::protobuf::FieldDescriptor* retval = nullptr;  ///< null: it is no system call
    std::vector<const google::protobuf::FieldDescriptor*> files;
};

/// Of the payload that the event has. Any thread.
const PayloadFields& payload_fields(const v1::Event& event);

}  // namespace vedette::engine
