// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/read_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include "security-agent/secl/ip.h"

namespace vedette::secl {
namespace {

// What one object has under a name.
void read_object(const FieldDef& field, const void* base, Scratch& scratch, StringList& strings,
                 IntList& ints) {
    if (const auto* get_int = std::get_if<IntGetter>(&field.get)) {
        ints.push_back((*get_int)(base));
    } else if (const auto* get_bool = std::get_if<BoolGetter>(&field.get)) {
        ints.push_back((*get_bool)(base) ? 1 : 0);
    } else if (const auto* get_string = std::get_if<StringGetter>(&field.get)) {
        strings.push_back((*get_string)(base, scratch));
    } else if (const auto* get_strings = std::get_if<StringListGetter>(&field.get)) {
        (*get_strings)(base, scratch, strings);
    } else if (const auto* get_ints = std::get_if<IntListGetter>(&field.get)) {
        (*get_ints)(base, scratch, ints);
    }
}

class Reader {
   public:
    Reader(const FieldRead& read, const EvalContext& context, SlotValues& out)
        : read_(read), field_(*read.field), context_(context), out_(out) {}

    void one(const void* base, size_t element) {
        const bool getters = context_.source == nullptr && field_.subject != Subject::kVariable;
        if (getters && field_.pending != nullptr && !context_.settle && field_.pending(base)) {
            out_.pending = true;
        }
        const size_t strings = out_.strings.size();
        const size_t ints = out_.ints.size();
        if (field_.subject == Subject::kVariable) {
            read_variable();
        } else if (context_.source != nullptr) {
            context_.source->read(field_, element, out_.strings, out_.ints);
        } else {
            read_object(field_, base, *context_.scratch, out_.strings, out_.ints);
        }
        if (read_.kind == FieldRead::Kind::kLength) {
            to_length(strings, ints);
        } else if (read_.index >= 0) {
            pick(out_.strings, strings);
            pick(out_.ints, ints);
        } else if (getters && field_.alternatives != nullptr) {
            field_.alternatives(base, *context_.scratch, out_.strings);
        }
    }

   private:
    void read_variable() {
        if (context_.variables != nullptr) {
            context_.variables->read(field_.number, context_, out_.strings, out_.ints);
        } else if (field_.is_list) {
            return;
        } else if (is_text()) {
            out_.strings.emplace_back();
        } else {
            out_.ints.push_back(0);
        }
    }

    bool is_text() const {
        return field_.type == ValueType::kString || field_.type == ValueType::kIp;
    }

    // Elements of a list, bytes of a string.
    void to_length(size_t strings, size_t ints) {
        const size_t elements = (out_.strings.size() - strings) + (out_.ints.size() - ints);
        const size_t length = field_.is_list ? elements : out_.strings.back().size();
        out_.strings.resize(strings);
        out_.ints.resize(ints);
        out_.ints.push_back(static_cast<int64_t>(length));
    }

    // One element of what was appended; past its end the zero value.
    template <typename List>
    void pick(List& list, size_t begin) const {
        if (is_text() != std::is_same_v<List, StringList>) {
            return;
        }
        const size_t at = begin + static_cast<size_t>(read_.index);
        const auto value = at < list.size() ? list[at] : typename List::value_type{};
        list.resize(begin);
        list.push_back(value);
    }

    const FieldRead& read_;
    const FieldDef& field_;
    const EvalContext& context_;
    SlotValues& out_;
};

using Text = boost::container::small_vector<char, 256>;

void append(Text& out, std::string_view text) {
    out.insert(out.end(), text.begin(), text.end());
}

// Values as a person writes them, joined with ','.
void append(Text& out, ValueType type, const SlotValues& values) {
    const char* separator = "";
    for (const std::string_view value : values.strings) {
        append(out, std::exchange(separator, ","));
        if (type == ValueType::kIp) {
            append(out, ip_text(value));
        } else {
            append(out, value);
        }
    }
    for (const int64_t value : values.ints) {
        append(out, std::exchange(separator, ","));
        if (type == ValueType::kBool) {
            append(out, value != 0 ? "true" : "false");
            continue;
        }
        std::array<char, 24> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
        append(out, {digits.data(), static_cast<size_t>(end - digits.data())});
    }
}

void render(const Template& text, const EvalContext& context, std::span<const size_t> registers,
            SlotValues& out) {
    Text rendered;
    SlotValues values;
    for (const Template::Part& part : text.parts) {
        append(rendered, part.literal);
        if (part.read.field != nullptr) {
            read_values(part.read, context, registers, values);
            out.pending = out.pending || values.pending;
            append(rendered, part.read.type(), values);
        }
    }
    if (rendered.empty()) {
        out.strings.emplace_back();
        return;
    }
    auto* kept = static_cast<char*>(context.scratch->allocate(rendered.size(), 1));
    std::memcpy(kept, rendered.data(), rendered.size());
    out.strings.emplace_back(kept, rendered.size());
}

}  // namespace

void read_values(const FieldRead& read, const EvalContext& context,
                 std::span<const size_t> registers, SlotValues& out) {
    out.strings.clear();
    out.ints.clear();
    out.pending = false;
    const Subject subject = read.field->subject;
    if (subject == Subject::kTemplate) {
        render(static_cast<const Template&>(*read.field), context, registers, out);
        return;
    }
    Reader reader(read, context, out);
    if (is_iterated(subject)) {
        const auto elements = elements_of(context, subject);
        if (read.reg != kNoRegister) {
            const size_t bound = registers[static_cast<size_t>(read.reg)];
            reader.one(elements[bound], bound);
            return;
        }
        for (size_t i = 0; i < elements.size(); ++i) {
            reader.one(elements[i], i);
        }
        return;
    }
    const void* base = nullptr;
    switch (subject) {
        case Subject::kEvent:
            base = context.event;
            break;
        case Subject::kProcess:
            base = context.process;
            break;
        case Subject::kParent:
            base = context.parent;
            break;
        case Subject::kTarget:
            base = context.target;
            break;
        case Subject::kTargetParent:
            base = context.target_parent;
            break;
        default:
            base = &context;
    }
    reader.one(base, ValueSource::kNoElement);
}

std::string_view lower(std::string_view text, Scratch& scratch) {
    const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
    if (std::none_of(text.begin(), text.end(), is_upper)) {
        return text;
    }
    char* out = static_cast<char*>(scratch.allocate(text.size(), 1));
    std::transform(text.begin(), text.end(), out,
                   [&](char c) { return is_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c; });
    return {out, text.size()};
}

}  // namespace vedette::secl
