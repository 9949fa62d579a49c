// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/templates.h"

#include <algorithm>
#include <utility>

namespace vedette::secl {
namespace {

// Equal keys mean equal templates: the same text can mean different fields (fim.write).
std::string key_of(std::string_view text, const std::vector<Template::Part>& parts) {
    std::string key(text);
    for (const Template::Part& part : parts) {
        const auto address = reinterpret_cast<uintptr_t>(part.read.field);
        key.append(reinterpret_cast<const char*>(&address), sizeof(address));
    }
    return key;
}

}  // namespace

std::vector<TemplatePiece> split_template(std::string_view text) {
    std::vector<TemplatePiece> pieces;
    size_t begin = 0;  // of the literal
    size_t at = 0;
    while (at + 1 < text.size()) {
        const bool opens = (text[at] == '$' || text[at] == '%') && text[at + 1] == '{';
        const size_t close = opens ? text.find('}', at) : std::string_view::npos;
        if (!opens) {
            ++at;
            continue;
        }
        if (close == std::string_view::npos) {
            break;
        }
        pieces.push_back(
            {text[at] == '$' ? TemplatePiece::Kind::kVariable : TemplatePiece::Kind::kField,
             text.substr(begin, at - begin), text.substr(at + 2, close - at - 2), at});
        at = begin = close + 1;
    }
    if (begin < text.size() || pieces.empty()) {
        pieces.push_back({TemplatePiece::Kind::kText, text.substr(begin), {}, begin});
    }
    return pieces;
}

bool has_interpolation(std::string_view text) {
    return split_template(text).front().kind != TemplatePiece::Kind::kText;
}

std::shared_ptr<const Template> TemplateTable::intern(std::string_view text,
                                                      std::vector<Template::Part> parts) {
    auto& found = by_key_[key_of(text, parts)];
    if (!found) {
        auto fresh = std::make_shared<Template>();
        fresh->text = text;
        fresh->name = fresh->text;
        fresh->type = ValueType::kString;
        fresh->subject = Subject::kTemplate;
        fresh->parts = std::move(parts);
        found = std::move(fresh);
    }
    return found;
}

}  // namespace vedette::secl
