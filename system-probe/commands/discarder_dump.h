// SPDX-License-Identifier: Apache-2.0
//
// Discarders as DumpDiscarders writes them: the reference's YAML, with what is ours besides (kind, names of events).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bpf/abi/programs.h"

namespace vedette::probe {

struct DiscarderDump {
    int64_t wall_ns = 0;
    std::vector<std::pair<vdt_discarder_key, vdt_discarder>> discarders;
    struct Stat {
        std::string event;
        uint64_t added = 0;
        uint64_t discarded = 0;
    };
    std::vector<Stat> stats;  ///< of types that have any
};

std::string to_yaml(const DiscarderDump& dump);

}  // namespace vedette::probe
