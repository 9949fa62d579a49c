// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/fim.h"

#include <fmt/format.h>

#include <algorithm>

#include "security-agent/secl/constants.h"
#include "security-agent/secl/templates.h"

namespace vedette::secl {
namespace {

constexpr std::string_view kPrefix = "fim.write.";
constexpr std::string_view kFile = "file.";

bool names_fim(const ast::NodePtr& node) {
    return node && uses_fim(*node);
}

bool in_string(std::string_view text) {
    const std::vector<TemplatePiece> pieces = split_template(text);
    return std::any_of(pieces.begin(), pieces.end(), [](const TemplatePiece& piece) {
        return piece.kind == TemplatePiece::Kind::kField && is_fim_name(piece.name);
    });
}

}  // namespace

bool is_fim_name(std::string_view name) {
    return name.starts_with(kPrefix);
}

std::string fim_field(const FimVariant& variant, std::string_view name) {
    name.remove_prefix(kPrefix.size());
    if (!name.starts_with(kFile)) {
        return {};
    }
    name.remove_prefix(kFile.size());
    const std::string_view member = name.substr(0, name.find('.'));
    return member == "path" || member == "name"
               ? fmt::format("{}.{}.{}", variant.event, variant.file, name)
               : std::string();
}

bool uses_fim(const ast::Node& root) {
    if (const auto* name = std::get_if<ast::Name>(&root.value)) {
        return is_fim_name(name->text);
    }
    if (const auto* reference = std::get_if<ast::FieldReference>(&root.value)) {
        return is_fim_name(reference->name);
    }
    if (const auto* text = std::get_if<ast::String>(&root.value)) {
        return in_string(text->text);
    }
    if (const auto* unary = std::get_if<ast::Unary>(&root.value)) {
        return names_fim(unary->operand);
    }
    if (const auto* compare = std::get_if<ast::Comparison>(&root.value)) {
        return names_fim(compare->left) || names_fim(compare->right);
    }
    if (const auto* chain = std::get_if<ast::Chain>(&root.value)) {
        return std::any_of(chain->operands.begin(), chain->operands.end(), names_fim);
    }
    const auto* list = std::get_if<ast::List>(&root.value);
    return list != nullptr && std::any_of(list->elements.begin(), list->elements.end(), names_fim);
}

std::optional<Condition> fim_condition(const FimVariant& variant, const FieldNames& fields) {
    if (!variant.writes_only) {
        return constant(true);
    }
    const NamedRead flags = fields.resolve("open.flags");
    if (!flags.error.empty()) {
        return std::nullopt;
    }
    IntExpr mask;
    for (const char* name : {"O_CREAT", "O_TRUNC", "O_APPEND", "O_RDWR", "O_WRONLY"}) {
        const Constant* flag = find_constant(name);
        mask.value |= flag != nullptr ? flag->value : 0;
    }
    IntExpr read;
    read.op = IntExpr::Op::kRead;
    read.read = flags.read;
    IntExpr both;
    both.op = IntExpr::Op::kBitAnd;
    both.args = {std::move(read), std::move(mask)};
    return make_test(IntCompare{Relation::kGreater, std::move(both), IntExpr{}});
}

}  // namespace vedette::secl
