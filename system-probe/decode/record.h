// SPDX-License-Identifier: Apache-2.0
//
// A record whose framing has been checked. Whoever could write into the ring (or into a recording) could put any
// length anywhere: nothing here is used before it is compared with what is really there.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

#include "bpf/abi/records.h"
#include "common/result.h"

namespace vedette::probe {

/// A view: the bytes must outlive it.
class Record {
   public:
    /// Errors: kInvalid says which length does not fit, or which item stands twice.
    static Result<Record> parse(std::span<const std::byte> bytes);

    const vdt_header& header() const { return header_; }
    /// The fixed part; T must be the struct of this type.
    template <typename T>
    T fixed() const {
        T value;
        std::memcpy(&value, fixed_.data(), sizeof value);
        return value;
    }
    bool has(vdt_item_kind kind) const { return items_[kind].data() != nullptr; }
    /// Empty when the item is absent.
    std::string_view item(vdt_item_kind kind) const { return items_[kind]; }
    /// Items of a kind from a newer kernel program; they are skipped by their length.
    unsigned unknown_items() const { return unknown_items_; }

   private:
    Result<> parse_items(std::span<const std::byte> bytes);

    vdt_header header_ = {};
    std::span<const std::byte> fixed_;
    std::array<std::string_view, VDT_ITEM_MAX> items_ = {};
    unsigned unknown_items_ = 0;
};

}  // namespace vedette::probe
