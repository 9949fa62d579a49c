// SPDX-License-Identifier: Apache-2.0
#include "system-probe/filters/text_pieces.h"

#include <algorithm>

namespace vedette::probe {
namespace {

uint32_t beginning(const char* text) {
    const auto byte = [text](size_t at) { return uint32_t{static_cast<unsigned char>(text[at])}; };
    return byte(0) << 16 | byte(1) << 8 | byte(2);
}

/// The upper bits of a product depend on all of its factor's.
template <size_t Slots>
constexpr size_t slot(uint32_t beginning) {
    return (beginning * 0x9e3779b1U >> 16) % Slots;
}

}  // namespace

bool TextPieces::add(std::string piece) {
    if (piece.size() < kMinSize)
        return false;
    const uint32_t first = beginning(piece.data());
    beginnings_.set(slot<kSlots>(first));
    std::pair entry(first, std::move(piece));
    pieces_.insert(std::ranges::upper_bound(pieces_, entry), std::move(entry));
    return true;
}

bool TextPieces::any_in(std::string_view text) const {
    if (pieces_.empty() || text.size() < kMinSize)
        return false;
    for (size_t at = 0; at + kMinSize <= text.size(); ++at) {
        const uint32_t first = beginning(text.data() + at);
        if (!beginnings_.test(slot<kSlots>(first)))
            continue;
        const auto same =
            std::ranges::equal_range(pieces_, first, {}, [](const auto& one) { return one.first; });
        if (std::ranges::any_of(same, [rest = text.substr(at)](const auto& one) {
                return rest.starts_with(one.second);
            }))
            return true;
    }
    return false;
}

}  // namespace vedette::probe
