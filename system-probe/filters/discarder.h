// SPDX-License-Identifier: Apache-2.0
//
// A value of a field with which no rule on one event type can match: the agent has found out, the kernel programs drop
// such events. What the agent asks for is checked here again.
#pragma once

#include <cstdint>
#include <optional>

#include "bpf/abi/programs.h"

namespace vedette::v1 {
class Discarder;
}

namespace vedette::probe {

struct Discarder {
    vdt_type type = VDT_NONE;
    std::optional<uint32_t> auid;  ///< a login uid; else key and value say what
    vdt_discarder_key key = {};
    vdt_discarder value = {};  ///< but for revision and time
};

/// Nothing for what the kernel programs do not look at: types of the process tree, paths that are no paths or too long,
/// the root directory.
std::optional<Discarder> read_discarder(const v1::Discarder& message);

}  // namespace vedette::probe
