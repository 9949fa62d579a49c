// SPDX-License-Identifier: Apache-2.0
//
// Messages as the bytes that a call carries.
#pragma once

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/byte_buffer.h>

namespace vedette::probe {

/// False: the bytes are no such message.
template <typename Message>
bool from_buffer(grpc::ByteBuffer& buffer, Message& message) {
    return grpc::SerializationTraits<Message>::Deserialize(&buffer, &message).ok();
}

template <typename Message>
grpc::ByteBuffer to_buffer(const Message& message) {
    grpc::ByteBuffer buffer;
    bool own = false;
    // It goes into memory: nothing can fail.
    static_cast<void>(grpc::SerializationTraits<Message>::Serialize(message, &buffer, &own));
    return buffer;
}

}  // namespace vedette::probe
