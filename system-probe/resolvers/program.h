// SPDX-License-Identifier: Apache-2.0
//
// What an exec loaded: the file, the arguments, the environment. Never changes, so all processes forked from one image
// share one Program; its bytes are counted once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vedette/v1/process.pb.h"

namespace vedette::probe {

struct ProcessFacts;

struct Program {
    v1::File file;
    v1::File interpreter;  ///< no inode and no path: there is none
    std::string
        argv;  ///< strings, each ended by NUL, as they came: a vector would let 8 KiB become 300
    std::string envp;       ///< NAME=value of the allow-list, each ended by NUL
    std::string env_names;  ///< each ended by NUL
    uint64_t args_size = 0;
    bool args_truncated = false;
    bool envs_truncated = false;

    size_t bytes() const;
};
using ProgramPtr = std::shared_ptr<const Program>;

/// From what EXEC or SNAPSHOT say. `allowed`: names of the variables whose value is kept.
Program make_program(const ProcessFacts& facts, std::span<const std::string> allowed);

/// Calls `use(std::string_view)` for each string of a run ended by NULs; the last may lack its NUL.
template <typename Use>
void for_each_string(std::string_view strings, Use&& use) {
    while (!strings.empty()) {
        const size_t end = strings.find('\0');
        use(strings.substr(0, end));
        if (end == strings.npos)
            return;
        strings.remove_prefix(end + 1);
    }
}

}  // namespace vedette::probe
