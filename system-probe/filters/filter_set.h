// SPDX-License-Identifier: Apache-2.0
//
// A filter plan as the kernel programs read it.
#pragma once

#include <span>

#include "system-probe/filters/filter_plan.h"
#include "system-probe/filters/ondemand_point.h"

namespace vedette::probe {

/// Fills `out` whole. `planned`: types that something is attached for and how (vdt_type_filter.wanted), by type; `calls`:
/// the system calls that each type comes from. Names that find no room make their type pass everything.
struct AttachedType {
    uint8_t wanted = 0;
    std::span<const vdt_call> calls;
};
void fill_filter_set(const FilterPlan& plan, const std::map<vdt_type, AttachedType>& attached,
                     vdt_filters& out);

/// After fill_filter_set(): the system calls among `points`, by number. Those that do not exist here, and names that do not
/// fit, are left out; OnDemandFunctions::attach() says so.
void fill_points(std::span<const OnDemandPoint> points, vdt_filters& out);

/// FNV-1a of the bytes.
uint64_t name_hash(std::string_view text);

}  // namespace vedette::probe
