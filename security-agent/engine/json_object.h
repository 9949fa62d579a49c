// SPDX-License-Identifier: Apache-2.0
//
// JSON that is written as text at once, member behind member: an alert has hundreds of them, and a tree of values costs
// more to build and to free than to write. What is written is not looked up again, but for insert().
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace vedette::engine {

/// Appends `bytes` as a JSON string: json_text(), quoted.
void append_json_string(std::string& out, std::string_view bytes);
void append_json_number(std::string& out, int64_t value);
void append_json_number(std::string& out, uint64_t value);

/// `value`: a boolean, a number, bytes, or an object or array of this file.
template <typename T>
void append_json(std::string& out, const T& value) {
    if constexpr (std::same_as<T, bool>)
        out += value ? "true" : "false";
    else if constexpr (std::signed_integral<T>)
        append_json_number(out, static_cast<int64_t>(value));
    else if constexpr (std::unsigned_integral<T>)
        append_json_number(out, static_cast<uint64_t>(value));
    else if constexpr (std::is_convertible_v<const T&, std::string_view>)
        append_json_string(out, value);
    else
        value.append_to(out);
}

/// Text that is JSON already.
struct JsonText {
    std::string text;

    void append_to(std::string& out) const { out += text; }
};

/// The same where it is; for one append_json().
struct JsonView {
    std::string_view text;

    void append_to(std::string& out) const { out += text; }
};

class JsonArray {
   public:
    template <typename T>
    void push_back(const T& value) {
        if (!elements_.empty())
            elements_ += ',';
        append_json(elements_, value);
    }
    bool empty() const { return elements_.empty(); }
    void append_to(std::string& out) const { ((out += '[') += elements_) += ']'; }

   private:
    std::string elements_;
};

class JsonObject {
   public:
    struct NamedValue {
        template <typename T>
        NamedValue(std::string_view member, const T& value) : name(member) {
            append_json(text.text, value);
        }
        std::string_view name;
        JsonText text;
    };
    /// What operator[] has begun.
    class Member {
       public:
        explicit Member(std::string& text) : text_(text) {}
        template <typename T>
        void operator=(const T& value) {
            append_json(text_, value);
        }

       private:
        std::string& text_;
    };

    JsonObject() = default;
    JsonObject(std::initializer_list<NamedValue> members);

    /// Begins a member, which is to be assigned at once: object["name"] = value. No name may come twice.
    Member operator[](std::string_view name);
    /// Adds the members of another one.
    void append(std::string_view members);
    /// Adds members to an object inside: `path` leads to it. Nothing happens when there is no such object.
    void insert(std::span<const std::string_view> path, std::string_view members);

    bool empty() const { return members_.empty(); }
    void reserve(size_t bytes) { members_.reserve(bytes); }
    /// As they stand between the braces.
    const std::string& members() const { return members_; }
    std::string text() const { return '{' + members_ + '}'; }
    void append_to(std::string& out) const { ((out += '{') += members_) += '}'; }

   private:
    std::string members_;
};

}  // namespace vedette::engine
