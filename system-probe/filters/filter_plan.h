// SPDX-License-Identifier: Apache-2.0
//
// Which event types are needed, and what of them the kernel may drop: the agent's FilterPlan as the probe understands
// it. What it does not understand lets everything pass.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bpf/abi/programs.h"

namespace vedette::v1 {
class FilterPlan;
}

namespace vedette::probe {

struct NameApprover {
    vdt_name_kind kind = VDT_NAME_IS;
    std::string text;  ///< not empty
};

/// Approves numbers; see vdt_number_filter.
struct NumberFilter {
    uint64_t any = 0;
    uint64_t none = 0;
    bool has_none = false;                              ///< for a mask of 0 lets everything pass
    std::vector<std::pair<uint64_t, uint64_t>> ranges;  ///< first and last

    bool empty() const { return any == 0 && !has_none && ranges.empty(); }
};

struct TypeFilter {
    /// Of the process tree: no rule asks for the event itself, so nobody has to be woken for it.
    bool can_wait = false;
    bool deny = false;  ///< an event that passes none of the following is dropped
    std::vector<NameApprover> names;
    std::array<NumberFilter, VDT_NUMBERS> numbers;
    /// PACKET: the filters of rules, each once. Without any there are no events.
    std::vector<std::string> packet_filters;
    /// DNS: bit n: answers whose header has response code n are dropped.
    uint32_t discarded_rcodes = 0;
};

/// By type; a type that is not in it is not needed.
using FilterPlan = std::map<vdt_type, TypeFilter>;

/// Before an agent has said what it needs: what is rare, and what it most likely asks for.
FilterPlan plan_before_agent();

/// Adds what keeps credentials, namespaces and names of processes true between their forks and execs.
void keep_identities(FilterPlan& plan);

/// `filter_in_kernel` false: only types are told apart. Types of the process tree are in every plan.
FilterPlan read_filter_plan(const v1::FilterPlan& message, bool filter_in_kernel);

}  // namespace vedette::probe
