// SPDX-License-Identifier: Apache-2.0
//
// fim.write.file.path and fim.write.file.name: one rule that stands for eight, of every event type that changes a
// file (reference section 1.8).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "security-agent/secl/ast.h"
#include "security-agent/secl/bound.h"
#include "security-agent/secl/field_names.h"

namespace vedette::secl {

struct FimVariant {
    std::string_view event;
    std::string_view
        file;  ///< "file", or "file.destination": the object whose path and name are meant
    bool writes_only = false;  ///< only when open.flags allow to write
};

inline constexpr std::array kFimVariants = {
    FimVariant{"open", "file", true}, FimVariant{"chmod", "file"},
    FimVariant{"chown", "file"},      FimVariant{"link", "file"},
    FimVariant{"rename", "file"},     FimVariant{"rename", "file.destination"},
    FimVariant{"unlink", "file"},     FimVariant{"utimes", "file"},
};

bool is_fim_name(std::string_view name);
/// "open.file.path" for "fim.write.file.path"; also with a suffix (.length). Empty: no such name.
std::string fim_field(const FimVariant& variant, std::string_view name);
/// The expression itself, not its macros, names fim.write.
bool uses_fim(const ast::Node& root);
/// What the variant demands besides the rule; nothing: the table has no field for it.
std::optional<Condition> fim_condition(const FimVariant& variant, const FieldNames& fields);

}  // namespace vedette::secl
