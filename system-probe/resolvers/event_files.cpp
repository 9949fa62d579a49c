// SPDX-License-Identifier: Apache-2.0
#include "system-probe/resolvers/event_files.h"

#include "vedette/v1/event.pb.h"

namespace vedette::probe {
namespace {

template <typename Payload>
std::array<v1::File*, 2> one(Payload* payload) {
    return {payload->has_file() ? payload->mutable_file() : nullptr, nullptr};
}

template <typename Payload>
std::array<v1::File*, 2> two(Payload* payload) {
    return {payload->has_file() ? payload->mutable_file() : nullptr,
            payload->has_destination() ? payload->mutable_destination() : nullptr};
}

}  // namespace

std::array<v1::File*, 2> files_of(v1::Event& event) {
    switch (event.payload_case()) {
        case v1::Event::kOpen:
            return one(event.mutable_open());
        case v1::Event::kChmod:
            return one(event.mutable_chmod());
        case v1::Event::kChown:
            return one(event.mutable_chown());
        case v1::Event::kMkdir:
            return one(event.mutable_mkdir());
        case v1::Event::kRmdir:
            return one(event.mutable_rmdir());
        case v1::Event::kUnlink:
            return one(event.mutable_unlink());
        case v1::Event::kRename:
            return two(event.mutable_rename());
        case v1::Event::kLink:
            return two(event.mutable_link());
        case v1::Event::kUtimes:
            return one(event.mutable_utimes());
        case v1::Event::kSetxattr:
            return one(event.mutable_setxattr());
        case v1::Event::kRemovexattr:
            return one(event.mutable_removexattr());
        case v1::Event::kChdir:
            return one(event.mutable_chdir());
        case v1::Event::kSplice:
            return one(event.mutable_splice());
        default:
            return {};
    }
}

}  // namespace vedette::probe
