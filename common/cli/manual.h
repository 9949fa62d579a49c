// SPDX-License-Identifier: Apache-2.0
//
// A manual page of section 8 (man(7)) for a program.
#pragma once

#include <string>

#include "common/cli/command_model.h"

namespace vedette::cli {

struct ManualText {
    std::string summary;      ///< of NAME: "matches events against rules"
    std::string description;  ///< some sentences
    std::string exit_codes;   ///< "0<TAB>done\n1<TAB>..."
    std::string files;        ///< the same: path, meaning
    std::string see_also;     ///< "system-probe (8), vedette.yaml (5)"
    std::string version;
    std::string date;  ///< 2026-01-31
};

std::string manual_page(const CommandModel& program, const ManualText& text);

}  // namespace vedette::cli
