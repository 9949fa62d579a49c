// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "security-agent/secl/binding.h"
#include "security-agent/secl/constants.h"

namespace vedette::secl {

Operand Binder::bind_macro(const Macro& macro, const Place& place) {
    if (std::find(expanding_.begin(), expanding_.end(), &macro) != expanding_.end()) {
        return error(place, fmt::format("macro '{}' uses itself", macro.source->id));
    }
    expanding_.push_back(&macro);
    Operand out = bind_macro_body(macro, place);
    for (size_t i = 0; i < macro.merged.size() && out.kind != Kind::kError; ++i) {
        append_list(out, bind_text(macro.merged[i].get(), macro.source->merged[i], place), macro);
    }
    expanding_.pop_back();
    if (out.kind == Kind::kError) {
        // The macro's own complaint is kept once; each rule that uses it needs one of its own.
        report_.error(place, fmt::format("macro '{}' has an error", macro.source->id));
    }
    out.place = place;
    return out;
}

Operand Binder::bind_macro_body(const Macro& macro, const Place& place) {
    const auto* values = std::get_if<std::vector<std::string>>(&macro.source->body);
    if (values == nullptr) {
        return bind_text(macro.body.get(), std::get<SourceText>(macro.source->body), place);
    }
    Operand out = make(Kind::kStrings, place);
    for (const std::string& value : *values) {
        Operand item = bind_string(ast::StringKind::kPlain, value, place);
        if (item.kind == Kind::kString) {
            out.strings.push_back(std::move(item.strings.front()));
        } else if (item.kind == Kind::kStringRead) {
            out.reads.push_back(item.read);
        } else {
            return item;
        }
    }
    return out;
}

Operand Binder::bind_text(const ast::Node* node, const SourceText& text, const Place& place) {
    if (node == nullptr) {
        return make(Kind::kError, place);
    }
    const SourceText* user = std::exchange(source_, &text);
    Operand out = bind(*node);
    source_ = user;
    return out;
}

void Binder::append_list(Operand& list, Operand more, const Macro& macro) {
    if (more.kind == Kind::kError) {
        list.kind = Kind::kError;
    } else if (!list.is_list() || more.kind != list.kind) {
        list =
            error(more.place,
                  fmt::format("cannot merge into macro '{}': {} and {} are not lists of one type",
                              macro.source->id, describe(list), describe(more)));
    } else {
        std::move(more.strings.begin(), more.strings.end(), std::back_inserter(list.strings));
        list.reads.insert(list.reads.end(), more.reads.begin(), more.reads.end());
        list.ints.insert(list.ints.end(), more.ints.begin(), more.ints.end());
        list.ranges.insert(list.ranges.end(), more.ranges.begin(), more.ranges.end());
    }
}

// ---- fields and variables

Operand Binder::bind_field(std::string_view name, const Place& place) {
    const auto read = field_read(name, place);
    return read ? read_operand(*read, place) : make(Kind::kError, place);
}

Operand Binder::bind_variable(std::string_view name, const Place& place) {
    const auto read = variable_read(name, place);
    return read ? read_operand(*read, place) : make(Kind::kError, place);
}

std::optional<FieldRead> Binder::field_read(std::string_view name, const Place& place) {
    std::string expanded;
    if (is_fim_name(name)) {
        if (use_.fim == nullptr || !expanding_.empty()) {
            error(place, expanding_.empty() ? "fim.write stands only in the expression of a rule"
                                            : "fim.write may not stand in a macro");
            return std::nullopt;
        }
        expanded = fim_field(*use_.fim, name);
        if (expanded.empty()) {
            error(place, fmt::format("'{}' is no field", name),
                  "there are fim.write.file.path and fim.write.file.name");
            return std::nullopt;
        }
        name = expanded;
    }
    NamedRead named = names_.fields.resolve(name);
    if (!named.error.empty()) {
        if (named.unknown) {
            unknown_name(name, place);
        } else {
            error(place, std::move(named.error), std::move(named.hint));
        }
        return std::nullopt;
    }
    if (!named.reg.empty() && !name_register(named, place)) {
        return std::nullopt;
    }
    note_event(named.read, place);
    return named.read;
}

bool Binder::name_register(NamedRead& named, const Place& place) {
    const Subject iterator = named.read.field->subject;
    const auto it = std::find_if(registers_.begin(), registers_.end(),
                                 [&](const Register& r) { return r.name == named.reg; });
    named.read.reg = static_cast<int32_t>(it - registers_.begin());
    if (it == registers_.end()) {
        if (registers_.size() == kMaxRegisters) {
            error(place, fmt::format("a rule has at most {} registers", kMaxRegisters));
            return false;
        }
        registers_.push_back({std::string(named.reg), iterator});
    } else if (it->iterator != iterator) {
        error(place, fmt::format("register '{}' is used on two different iterators", named.reg),
              "give each iterator registers of its own");
        return false;
    }
    return true;
}

std::optional<FieldRead> Binder::variable_read(std::string_view name, const Place& place) {
    constexpr std::string_view kLength = ".length";
    FieldRead read;
    auto number = names_.variables.find(name);
    if (!number && name.ends_with(kLength)) {
        number = names_.variables.find(name.substr(0, name.size() - kLength.size()));
        read.kind = FieldRead::Kind::kLength;
    }
    if (!number) {
        Suggestion suggestion(name);
        for (uint32_t i = 0; i < names_.variables.size(); ++i) {
            suggestion.consider(names_.variables.at(i).name);
        }
        const bool field = names_.fields.resolve(name).error.empty();
        error(place, fmt::format("'${{{}}}' is declared by no 'set' action", name),
              field ? fmt::format("the field of that name is %{{{}}}", name) : suggestion.hint());
        return std::nullopt;
    }
    read.field = &names_.variables.field(*number);
    if (read.kind == FieldRead::Kind::kLength && !read.field->is_list &&
        read.field->type != ValueType::kString) {
        error(place, fmt::format("'${{{}}}' has no length: it is neither a string nor a list",
                                 read.field->name));
        return std::nullopt;
    }
    return read;
}

Operand Binder::bind_string(ast::StringKind kind, const std::string& text, const Place& place) {
    const std::vector<TemplatePiece> pieces = split_template(text);
    if (pieces.front().kind == TemplatePiece::Kind::kText) {
        Operand out = make(Kind::kString, place);
        out.strings.push_back({kind, text, place});
        return out;
    }
    if (kind != ast::StringKind::kPlain) {
        return error(place, "a pattern is static: it holds no ${variable} and no %{field}",
                     "write a plain string and compare it with '=='");
    }
    std::vector<Template::Part> parts;
    for (const TemplatePiece& piece : pieces) {
        Template::Part& part = parts.emplace_back();
        part.literal = piece.literal;
        if (piece.kind == TemplatePiece::Kind::kText) {
            continue;
        }
        Place inside = place;
        if (place.span.end - place.span.begin == text.size() + 2) {  // the quotes, no parentheses
            inside.span.begin += static_cast<uint32_t>(piece.offset) + 1;
            inside.span.end = inside.span.begin + static_cast<uint32_t>(piece.name.size()) + 3;
        }
        const auto read = read_of(piece, inside);
        if (!read) {
            return make(Kind::kError, place);
        }
        part.read = *read;
    }
    Operand out = make(Kind::kStringRead, place);
    templates_.push_back(names_.templates.intern(text, std::move(parts)));
    out.read.field = templates_.back().get();
    return out;
}

std::optional<FieldRead> Binder::read_of(const TemplatePiece& piece, const Place& place) {
    const auto read = piece.kind == TemplatePiece::Kind::kVariable
                          ? variable_read(piece.name, place)
                          : field_read(piece.name, place);
    if (read && read->reg != kNoRegister) {
        error(place, "a field in a string takes no register",
              "without it all elements are joined with ','");
        return std::nullopt;
    }
    return read;
}

void Binder::unknown_name(std::string_view name, const Place& place) {
    Suggestion suggestion(name);
    names_.fields.suggest(suggestion);
    names_.macros.suggest(suggestion);
    for (const Constant& constant : constants()) {
        suggestion.consider(constant.name);
    }
    error(place, fmt::format("'{}' is no known field, constant or macro", name), suggestion.hint());
}

Operand Binder::read_operand(const FieldRead& read, const Place& place) {
    Operand out;
    out.place = place;
    switch (read.type()) {
        case ValueType::kInt:
            out.kind = Kind::kInt;
            out.number.op = IntExpr::Op::kRead;
            out.number.read = read;
            break;
        case ValueType::kBool:
            out.kind = Kind::kBool;
            out.condition = make_test(IntSet{read, {1}});
            break;
        case ValueType::kString:
            out.kind = Kind::kStringRead;
            out.read = read;
            break;
        case ValueType::kIp:
            out.kind = Kind::kIpRead;
            out.read = read;
            break;
    }
    return out;
}

Operand Binder::constant_element(const ast::Node& node) {
    const std::string& name = std::get<ast::Name>(node.value).text;
    const Place place{source_, node.span};
    if (find_constant(name) != nullptr) {
        return bind(node);
    }
    Suggestion suggestion(name);
    for (const Constant& constant : constants()) {
        suggestion.consider(constant.name);
    }
    return error(place, fmt::format("'{}' is no constant: lists hold literals and constants", name),
                 suggestion.hint());
}

void Binder::note_event(const FieldRead& read, const Place& place) {
    if (!read.field->events.empty()) {
        limited_.push_back({read.field, place});
        return;
    }
    const EventTypeId event = read.field->event;
    if (event == kAnyEvent || event == event_) {
        return;
    }
    if (event_ == kAnyEvent) {
        event_ = event;
        return;
    }
    const std::string_view own = names_.fields.event_name(event_);
    const std::string_view other = names_.fields.event_name(event);
    if (use_.event != kAnyEvent) {
        report_.error(place, fmt::format("'{}' is a field of '{}' events, this is for '{}' events",
                                         read.field->name, other, own));
    } else {
        report_.error(place,
                      fmt::format("the rule uses two event types, '{}' and '{}'", own, other),
                      "a rule is for one event type: write two rules");
    }
}

}  // namespace vedette::secl
