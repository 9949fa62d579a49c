// SPDX-License-Identifier: Apache-2.0
//
// Strings with ${variable} or %{field} in them.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "security-agent/secl/bound.h"

namespace vedette::secl {

/// A piece of a string: literal text, then perhaps what stands in braces.
struct TemplatePiece {
    enum class Kind : uint8_t { kText, kVariable, kField };
    Kind kind = Kind::kText;
    std::string_view literal;
    std::string_view name;  ///< between the braces
    size_t offset = 0;      ///< of its '$' or '%'
};

/// One piece without a name when there is nothing to fill in; a brace that is never closed is text.
std::vector<TemplatePiece> split_template(std::string_view text);
bool has_interpolation(std::string_view text);

/// The templates of one rule set, each kept once so that equal ones are the same field.
class TemplateTable {
   public:
    std::shared_ptr<const Template> intern(std::string_view text,
                                           std::vector<Template::Part> parts);

   private:
    boost::unordered_flat_map<std::string, std::shared_ptr<const Template>> by_key_;
};

}  // namespace vedette::secl
