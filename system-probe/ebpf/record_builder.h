// SPDX-License-Identifier: Apache-2.0
//
// Builds a record in user space, as the BPF programs build theirs: for the /proc snapshot and for tests.
#pragma once

#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "bpf/abi/records.h"

namespace vedette::probe {

template <typename Fixed>
class RecordBuilder {
   public:
    explicit RecordBuilder(vdt_type type) { header.type = type; }

    vdt_header header{};
    Fixed fixed{};

    /// Text beyond 64 KiB is cut at the front, as a path is.
    void item(vdt_item_kind kind, std::string_view text) {
        if (text.size() > UINT16_MAX)
            text.remove_prefix(text.size() - UINT16_MAX);
        const vdt_item head{static_cast<uint16_t>(kind), static_cast<uint16_t>(text.size())};
        append(&head, sizeof(head));
        append(text.data(), text.size());
    }

    /// Valid until the next call.
    std::span<const std::byte> finish() {
        header.size = static_cast<uint32_t>(sizeof(header) + sizeof(fixed) + items_.size());
        record_.resize(sizeof(header) + sizeof(fixed));
        std::memcpy(record_.data(), &header, sizeof(header));
        std::memcpy(record_.data() + sizeof(header), &fixed, sizeof(fixed));
        record_.insert(record_.end(), items_.begin(), items_.end());
        return record_;
    }

   private:
    void append(const void* data, size_t size) {
        const auto* bytes = static_cast<const std::byte*>(data);
        items_.insert(items_.end(), bytes, bytes + size);
    }

    std::vector<std::byte> items_;
    std::vector<std::byte> record_;
};

}  // namespace vedette::probe
