// SPDX-License-Identifier: Apache-2.0
//
// The value of a list variable: a set in the order in which its elements were last set. Each lives for its time, and
// when the set is full the one that was set longest ago goes.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <list>
#include <string>
#include <string_view>

namespace vedette::engine {

inline constexpr int64_t kForEver = std::numeric_limits<int64_t>::max();

/// When something set now with this time to live (0: for ever) ends.
int64_t expiry(int64_t now_ns, int64_t ttl_ns);

class TtlSet {
   public:
    struct Element {
        std::string value;
        int64_t expires_ns = kForEver;
    };

    TtlSet() = default;
    TtlSet(TtlSet&&) noexcept = default;
    TtlSet& operator=(TtlSet&&) noexcept = default;

    /// Adds the value or makes it new again.
    void set(std::string_view value, int64_t expires_ns);
    /// Takes away what has expired; returns how many.
    size_t expire(int64_t now_ns);
    /// The element that was set longest ago; there must be one.
    void drop_oldest();

    size_t size() const { return elements_.size(); }
    bool empty() const { return elements_.empty(); }
    /// Memory it takes, about.
    size_t bytes() const { return bytes_; }
    /// Oldest first.
    const std::list<Element>& elements() const { return elements_; }

   private:
    using Place = std::list<Element>::iterator;
    Place erase(Place place);

    std::list<Element> elements_;
    boost::unordered_flat_map<std::string_view, Place> index_;  ///< keys are in elements_
    int64_t first_expiry_ns_ = kForEver;                        ///< nothing expires before
    size_t bytes_ = 0;
};

}  // namespace vedette::engine
