// SPDX-License-Identifier: Apache-2.0
//
// What a route is for and what it takes: openapi.json is made of it.
#pragma once

#include <string_view>
#include <vector>

namespace vedette::api {

/// Of a query, or of a form in the request's body.
struct ParameterDoc {
    std::string_view name;
    std::string_view help;
    bool required = false;
};

/// The texts live for ever: literals.
struct RouteDoc {
    std::string_view help;
    std::string_view content_type = "application/json";
    std::vector<ParameterDoc> query = {};
    std::vector<ParameterDoc> form = {};
    std::string_view segment = {};  ///< name of what stands in the place of the path's {}
};

}  // namespace vedette::api
