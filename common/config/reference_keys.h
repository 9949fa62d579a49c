// SPDX-License-Identifier: Apache-2.0
//
// Settings of the reference that are not ours, by name, so that its files load: what has another name here is taken,
// what Vedette does not have is ignored with a warning. A key that neither knows stays an error.
#pragma once

#include <span>
#include <string_view>

namespace vedette {

struct ReferenceKey {
    std::string_view
        key;  ///< with all that is below it; one that ends in '*': every key that begins so
    std::string_view ours;  ///< the setting that takes its value; empty: none
    std::string_view
        instead;  ///< what serves its purpose; empty: nothing is needed, or it is not there
};

/// Sorted by key.
std::span<const ReferenceKey> reference_keys();

/// The entry that covers `key`, or nullptr.
const ReferenceKey* find_reference_key(std::string_view key);

}  // namespace vedette
