// SPDX-License-Identifier: Apache-2.0
//
// Reading answers of the agent for people: what is missing or of another type is empty, and text is fit for a terminal.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace vedette::cli {

const boost::json::object& child(const boost::json::object& parent, std::string_view name);
const boost::json::array& list(const boost::json::object& parent, std::string_view name);
/// Control characters, and bytes that are no text, as \xNN.
std::string text(const boost::json::object& parent, std::string_view name);
/// Also of a number in a string, as protobuf's JSON writes 64 bits.
uint64_t number(const boost::json::object& parent, std::string_view name);
bool flag(const boost::json::object& parent, std::string_view name);
/// An object for each element that is one.
const boost::json::object& as_object(const boost::json::value& value);

/// Cut to `width` characters of a terminal, the last of them an ellipsis; filled with blanks when `fill`.
std::string fitted(std::string_view text, size_t width, bool fill = true);

}  // namespace vedette::cli
