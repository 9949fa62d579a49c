// SPDX-License-Identifier: Apache-2.0
//
// Context-triggered piecewise hashing as ssdeep prints it ("48:text:text"): Kornblum, "Identifying almost identical files
// using context triggered piecewise hashing", 2006. A rolling hash over 7 bytes cuts the content into pieces, each gives
// one letter. Which piece size suits is known only at the end, so several sizes are followed at once, each double the one
// before; those that have become too small for the length are let go.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace vedette::probe {

class FuzzyHash {
   public:
    void add(std::span<const unsigned char> bytes);
    std::string text() const;

   private:
    static constexpr size_t kWindow = 7;
    static constexpr size_t kLetters = 64;  ///< of the first text; the second has half of it
    static constexpr size_t kSizes = 31;

    struct Rolling {
        std::array<uint32_t, kWindow> window{};
        uint32_t sum = 0;       ///< of the window
        uint32_t weighted = 0;  ///< the newest byte counts 7 times
        uint32_t shifted = 0;
        size_t at = 0;

        uint32_t add(uint32_t byte);
        uint32_t value() const { return sum + weighted + shifted; }
    };
    struct Pieces {
        uint32_t hash = kStart;
        uint32_t half_hash = kStart;  ///< as if there were half as many letters
        size_t letters = 0;
        std::array<uint8_t, kLetters> text{};
        bool has_last = false;  ///< text[kLetters - 1] has been written
        uint8_t half_last = 0;
        bool has_half_last = false;
    };
    static constexpr uint32_t kStart = 0x28021967;

    static uint64_t piece_size(size_t index) { return uint64_t{3} << index; }
    void cut(size_t index);
    void let_go();
    std::string first_text(const Pieces& pieces) const;
    std::string half_text(const Pieces& pieces) const;

    Rolling rolling_;
    std::array<Pieces, kSizes> pieces_;
    size_t first_ = 0;  ///< sizes that are followed
    size_t end_ = 1;
    uint64_t length_ = 0;
};

}  // namespace vedette::probe
