// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "security-agent/policy/yaml_fields.h"
#include "security-agent/replay/event_file.h"
#include "security-agent/replay/event_values.h"

namespace vedette::replay {
namespace {

using policy::YamlNode;
using secl::ValueType;
using Kind = YamlNode::Kind;

constexpr size_t kMaxErrors = 20;
constexpr size_t kMaxVariables = 1000;

class Reader {
   public:
    Reader(const std::shared_ptr<const secl::SourceFile>& file, secl::Diagnostics& diagnostics)
        : file_(file), diagnostics_(diagnostics) {}

    std::vector<EventVariable> read(const YamlNode& node) {
        std::vector<EventVariable> out;
        if (node.kind != Kind::kMap)
            error(node, "variables are an object: names and their values");
        else if (node.entries.size() > kMaxVariables)
            error(node, fmt::format("more than {} variables", kMaxVariables));
        for (const policy::YamlEntry& entry : node.entries) {
            if (errors_ >= kMaxErrors || node.entries.size() > kMaxVariables)
                break;
            EventVariable variable;
            variable.name = entry.key->scalar;
            if (variable.name.starts_with("${") && variable.name.ends_with('}'))
                variable.name = variable.name.substr(2, variable.name.size() - 3);
            const bool twice = std::any_of(out.begin(), out.end(), [&](const EventVariable& v) {
                return v.name == variable.name;
            });
            if (twice)
                error(*entry.key, fmt::format("'{}' is here twice", printable_text(variable.name)));
            else if (read_one(*entry.value, variable))
                out.push_back(std::move(variable));
        }
        return out;
    }

   private:
    void error(const YamlNode& node, std::string message, std::string hint = {}) {
        ++errors_;
        diagnostics_.add(secl::Severity::kError, policy::place_in(file_, node.offset), {0, 0},
                         std::move(message), std::move(hint));
    }

    bool read_one(const YamlNode& node, EventVariable& variable) {
        variable.place = policy::place_in(file_, node.offset);
        variable.is_list = node.kind == Kind::kList;
        const size_t count = variable.is_list ? node.items.size() : 1;
        if (count > EventFile::kMaxListValues) {
            error(node, fmt::format("{} values, at most {} are possible", count,
                                    EventFile::kMaxListValues));
            return false;
        }
        for (size_t i = 0; i < count; ++i) {
            const YamlNode& value = variable.is_list ? *node.items[i] : node;
            const ValueType type = type_of(value);
            if (i == 0)
                variable.type = type;
            if (value.kind != Kind::kScalar || type != variable.type) {
                error(value, i == 0 ? "expected a string, a number, a boolean or a list of these"
                                    : "the values of a list have one type");
                return false;
            }
            const secl::FieldDef field{.name = variable.name, .type = type};
            if (auto wrong = append_value(value, field, 0, variable.value)) {
                error(value, std::move(wrong->message), std::move(wrong->hint));
                return false;
            }
        }
        return true;
    }

    static ValueType type_of(const YamlNode& node) {
        if (!node.plain)
            return ValueType::kString;
        if (node.scalar == "true" || node.scalar == "false")
            return ValueType::kBool;
        return parse_number(node.scalar) ? ValueType::kInt : ValueType::kString;
    }

    std::shared_ptr<const secl::SourceFile> file_;
    secl::Diagnostics& diagnostics_;
    size_t errors_ = 0;
};

}  // namespace

std::vector<EventVariable> read_variables(const std::shared_ptr<const secl::SourceFile>& file,
                                          const YamlNode& node, secl::Diagnostics& diagnostics) {
    return Reader(file, diagnostics).read(node);
}

}  // namespace vedette::replay
