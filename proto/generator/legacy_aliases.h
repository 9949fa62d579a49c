// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "proto/generator/model.h"

namespace vedette::generator {

/// Names that older policies use for fields that exist by now (reference section 1.9); those whose field does
/// not exist yet appear by themselves with their event type.
void add_legacy_aliases(Model& model);

}  // namespace vedette::generator
