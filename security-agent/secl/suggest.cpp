// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/suggest.h"

#include <algorithm>
#include <vector>

namespace vedette::secl {

constexpr size_t kMaxNameBytes = 128;  // hostile names are not worth a quadratic comparison

Suggestion::Suggestion(std::string_view wanted)
    : wanted_(wanted), best_distance_(std::clamp<size_t>(wanted.size() / 4, 1, 4) + 1) {}

void Suggestion::consider(std::string_view candidate) {
    if (wanted_.size() > kMaxNameBytes || candidate.size() > kMaxNameBytes) {
        return;
    }
    const size_t distance = edit_distance(wanted_, candidate, best_distance_ - 1);
    if (distance < best_distance_) {
        best_distance_ = distance;
        best_ = candidate;
    }
}

std::string Suggestion::hint() const {
    return best_.empty() ? std::string() : "did you mean '" + best_ + "'?";
}

size_t edit_distance(std::string_view a, std::string_view b, size_t limit) {
    const size_t difference = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
    if (difference > limit) {
        return limit + 1;
    }
    std::vector<size_t> before_last(b.size() + 1);
    std::vector<size_t> last(b.size() + 1);
    std::vector<size_t> current(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j) {
        last[j] = j;
    }
    for (size_t i = 1; i <= a.size(); ++i) {
        current[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const size_t substitute = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            current[j] = std::min({last[j] + 1, current[j - 1] + 1, substitute});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                current[j] = std::min(current[j], before_last[j - 2] + 1);
            }
        }
        if (*std::min_element(current.begin(), current.end()) > limit) {
            return limit + 1;
        }
        std::swap(before_last, last);
        std::swap(last, current);
    }
    return std::min(last[b.size()], limit + 1);
}

}  // namespace vedette::secl
