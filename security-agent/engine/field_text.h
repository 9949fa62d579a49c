// SPDX-License-Identifier: Apache-2.0
//
// A field's value as text: what tells apart the buckets of a rule's limiter_token.
#pragma once

#include <string>
#include <string_view>

#include "security-agent/secl/eval_context.h"
#include "security-agent/secl/field.h"

namespace vedette::engine {

/// By name or alias; null when there is none.
const secl::FieldDef* find_field(const secl::FieldTable& table, std::string_view name);

/// List elements are joined by commas. A field of ancestors gives that of the nearest one.
std::string field_text(const secl::FieldDef& field, const secl::EvalContext& context);

}  // namespace vedette::engine
