// SPDX-License-Identifier: Apache-2.0
//
// The rule "leave out what is empty" for the members of an alert, as functions. Members that are always there are
// written by plain assignment.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <string_view>

#include "common/json_text.h"

namespace vedette::engine {

void put_text(boost::json::object& object, std::string_view name, std::string_view bytes);
void put_number(boost::json::object& object, std::string_view name, uint64_t value);
void put_true(boost::json::object& object, std::string_view name, bool value);
void put_object(boost::json::object& object, std::string_view name, boost::json::object value);
/// `nanoseconds` since 1970 as RFC 3339 with all nine digits, UTC.
void put_time(boost::json::object& object, std::string_view name, uint64_t nanoseconds);

/// `values` are text already: names, tags.
template <typename Names>
void put_list(boost::json::object& object, std::string_view name, const Names& values) {
    if (values.empty())
        return;
    boost::json::array list(object.storage());
    for (const auto& value : values)
        list.emplace_back(value);
    object[name] = std::move(list);
}

/// `values` are bytes that somebody chose.
template <typename Bytes>
void put_texts(boost::json::object& object, std::string_view name, const Bytes& values) {
    boost::json::array list(object.storage());
    for (const auto& value : values)
        list.emplace_back(json_text(value));
    if (!list.empty())
        object[name] = std::move(list);
}

}  // namespace vedette::engine
