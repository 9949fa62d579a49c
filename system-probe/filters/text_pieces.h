// SPDX-License-Identifier: Apache-2.0
//
// Whether one of many pieces stands anywhere in a text, in one pass over it however many they are: the first three bytes
// of a piece say whether it can begin at a place.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vedette::probe {

class TextPieces {
   public:
    static constexpr size_t kMinSize = 3;

    /// False: it is too short, and was not taken.
    bool add(std::string piece);
    bool any_in(std::string_view text) const;
    bool empty() const { return pieces_.empty(); }

   private:
    static constexpr size_t kSlots = 4096;

    std::bitset<kSlots> beginnings_;
    std::vector<std::pair<uint32_t, std::string>> pieces_;  ///< with their beginning, sorted by it
};

}  // namespace vedette::probe
