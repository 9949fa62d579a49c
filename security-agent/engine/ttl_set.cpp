// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/ttl_set.h"

#include <algorithm>

namespace vedette::engine {
namespace {

// List node, index entry, and the text where it is too long to be inside the string.
size_t cost(const TtlSet::Element& element) {
    return sizeof(TtlSet::Element) + 64 +
           (element.value.size() > 15 ? element.value.size() + 1 : 0);
}

}  // namespace

int64_t expiry(int64_t now_ns, int64_t ttl_ns) {
    if (ttl_ns <= 0 || now_ns > kForEver - ttl_ns)
        return kForEver;
    return now_ns + ttl_ns;
}

void TtlSet::set(std::string_view value, int64_t expires_ns) {
    const auto known = index_.find(value);
    if (known != index_.end()) {
        known->second->expires_ns = expires_ns;
        elements_.splice(elements_.end(), elements_, known->second);
    } else {
        const Element& added = elements_.emplace_back(std::string(value), expires_ns);
        index_.emplace(added.value, std::prev(elements_.end()));
        bytes_ += cost(added);
    }
    first_expiry_ns_ = std::min(first_expiry_ns_, expires_ns);
}

size_t TtlSet::expire(int64_t now_ns) {
    if (now_ns < first_expiry_ns_)
        return 0;
    const size_t before = elements_.size();
    first_expiry_ns_ = kForEver;
    for (Place at = elements_.begin(); at != elements_.end();) {
        if (at->expires_ns <= now_ns) {
            at = erase(at);
        } else {
            first_expiry_ns_ = std::min(first_expiry_ns_, at->expires_ns);
            ++at;
        }
    }
    return before - elements_.size();
}

void TtlSet::drop_oldest() {
    erase(elements_.begin());
}

TtlSet::Place TtlSet::erase(Place place) {
    bytes_ -= cost(*place);
    index_.erase(place->value);
    return elements_.erase(place);
}

}  // namespace vedette::engine
