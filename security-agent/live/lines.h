// SPDX-License-Identifier: Apache-2.0
//
// The newest lines of one kind, numbered from 1, within a bound of memory. Readers remember the number they come to
// next, so that one that is slow costs nothing and can be told how many it missed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

namespace vedette::live {

/// What a filter asks of a line.
struct LineFacts {
    std::string rule;
    std::string original_rule;  ///< of a group
    uint32_t pid = 0;
    std::string container;
};

struct Line {
    uint64_t order = 0;  ///< among the lines of all kinds
    std::string text;    ///< one JSON object
    /// Of `text`; null: nobody has asked yet. The reading thread's.
    std::unique_ptr<const LineFacts> facts;
};
using LinePtr = std::shared_ptr<Line>;

/// Not thread-safe.
class Lines {
   public:
    struct Limits {
        size_t lines;
        size_t bytes;
    };
    explicit Lines(Limits limits) : limits_(limits) {}

    void add(LinePtr line);
    void clear();

    /// Number of the oldest that is held; one more than the newest when none is.
    uint64_t first() const { return first_; }
    /// Number that the next one will have.
    uint64_t next() const { return first_ + held_.size(); }
    /// `number` is in [first(), next()).
    const LinePtr& at(uint64_t number) const { return held_[number - first_]; }

   private:
    void drop_oldest();

    Limits limits_;
    std::deque<LinePtr> held_;
    uint64_t first_ = 1;
    size_t bytes_ = 0;
};

}  // namespace vedette::live
