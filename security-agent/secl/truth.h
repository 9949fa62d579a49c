// SPDX-License-Identifier: Apache-2.0
//
// Kleene's three values: a test of something that is not known yet is unknown, and so is what depends on it.
// docs/adr/0008-unknown-values.md says what the engine does with a rule that is neither true nor false.
#pragma once

#include <cstdint>

namespace vedette::secl {

enum class Truth : uint8_t {
    kFalse,
    kUnknown,
    kTrue
};  // in this order: "and" is the minimum, "or" the maximum

constexpr Truth truth(bool value) {
    return value ? Truth::kTrue : Truth::kFalse;
}
constexpr Truth negated(Truth value) {
    return static_cast<Truth>(2 - static_cast<uint8_t>(value));
}

}  // namespace vedette::secl
