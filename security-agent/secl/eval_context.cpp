// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/eval_context.h"

#include <algorithm>
#include <array>

namespace vedette::secl {
namespace {

constexpr size_t kMaxElements = 1024;  // of a ValueSource; the process mirror has the same bound
constexpr std::array<const void*, kMaxElements> kNothing{};

}  // namespace

std::span<const void* const> elements_of(const EvalContext& context, Subject iterator) {
    if (context.source != nullptr) {
        return {kNothing.data(), std::min(context.source->elements(iterator), kMaxElements)};
    }
    return context.elements != nullptr ? context.elements(context, iterator)
                                       : std::span<const void* const>();
}

}  // namespace vedette::secl
