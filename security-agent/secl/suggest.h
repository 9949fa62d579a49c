// SPDX-License-Identifier: Apache-2.0
//
// "did you mean": the known name that a misspelt one is nearest to.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace vedette::secl {

/// Collects candidates one by one and keeps the best.
class Suggestion {
   public:
    explicit Suggestion(std::string_view wanted);

    void consider(std::string_view candidate);
    /// Empty when nothing is near enough to be meant.
    const std::string& best() const { return best_; }
    /// "did you mean 'x'?", or empty.
    std::string hint() const;

   private:
    std::string_view wanted_;
    size_t best_distance_;
    std::string best_;
};

/// Insertions, deletions, substitutions and swaps of neighbours that turn one into the other; more than `limit`
/// is reported as limit + 1.
size_t edit_distance(std::string_view a, std::string_view b, size_t limit);

}  // namespace vedette::secl
