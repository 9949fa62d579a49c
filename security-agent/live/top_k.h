// SPDX-License-Identifier: Apache-2.0
//
// Who does most, in bounded memory: the space-saving algorithm (Metwally, Agrawal, El Abbadi, 2005). A key that is not
// among those counted takes the place and the count of the least: what does more than events / capacity is never
// missing, and no count is too small.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace vedette::live {

/// Not thread-safe.
class TopK {
   public:
    using Row = std::pair<std::string, uint64_t>;

    explicit TopK(size_t capacity) : capacity_(capacity) {}

    void count(std::string_view key);
    void clear() { counts_.clear(); }
    /// Most first.
    std::vector<Row> rows() const;

   private:
    struct Hash {
        using is_transparent = void;
        size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
    };
    size_t capacity_;
    std::unordered_map<std::string, uint64_t, Hash, std::equal_to<>> counts_;
};

}  // namespace vedette::live
