// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/stored_node.h"

#include <cstdlib>
#include <utility>

namespace vedette::engine {
namespace {

/// A message and the parts that most processes have.
constexpr size_t kMessages =
    sizeof(v1::ProcessNode) + sizeof(v1::File) + sizeof(v1::Credentials) + sizeof(v1::CGroup);
/// An element of a list: pointer, string, and the heap's own.
constexpr size_t kElement = sizeof(void*) + sizeof(std::string) + 16;

/// Protobuf's own count of space walks over descriptors: it takes longer than to copy the message.
size_t space_of(const v1::ProcessNode& node) {
    const auto elements =
        static_cast<size_t>(node.argv_size() + node.envp_size() + node.env_names_size());
    return kMessages + elements * kElement + node.ByteSizeLong();
}

}  // namespace

v1::ProcessNode& StoredNode::open() {
    if (open_)
        return *open_;
    open_ = std::make_unique<v1::ProcessNode>();
    if (!open_->ParseFromString(std::exchange(packed_, {})))
        std::abort();  // not what pack() wrote: the memory is damaged
    return *open_;
}

void StoredNode::pack() {
    if (!open_)
        return;
    open_->SerializeToString(&packed_);
    open_.reset();
}

size_t StoredNode::bytes() const {
    return sizeof *this + (open_ ? space_of(*open_) : packed_.capacity());
}

}  // namespace vedette::engine
