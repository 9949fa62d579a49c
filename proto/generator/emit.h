// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "proto/generator/model.h"

namespace vedette::generator {

std::string emit_header();                       ///< fields.gen.h
std::string emit_source(const Model& model);     ///< fields.gen.cpp
std::string emit_reference(const Model& model);  ///< docs/reference/fields.md
/// One field a line: event (or *), name, type, note (constant family, "iterator", "alias of NAME").
std::string emit_list(const Model& model);

}  // namespace vedette::generator
