// SPDX-License-Identifier: Apache-2.0
//
// Fields of the language that the kernel programs can filter on: a new one is a line of the table here, one of
// security-agent/secl/filter_plan_fields.cpp, and the number or name in the type's program.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "bpf/abi/programs.h"

namespace vedette::probe {

enum class FilterUse : uint8_t {
    kFile,    ///< path or name of a file
    kText,    ///< a string that is no file's
    kNumber,  ///< vdt_type_filter.number
};

struct FilterField {
    FilterUse use = FilterUse::kFile;
    unsigned number = 0;  ///< kNumber: which
};

/// Nothing when the programs of `type` do not look at it.
std::optional<FilterField> find_filter_field(vdt_type type, std::string_view field);

/// Whether the programs of `type` look at paths of discarders: not of both files of an event that has two.
bool has_path_discarders(vdt_type type);
/// Whether those of `type` look at login uids.
bool has_auid_filters(vdt_type type);

}  // namespace vedette::probe
