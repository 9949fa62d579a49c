// SPDX-License-Identifier: Apache-2.0
//
// The API described as OpenAPI 3.1 (spec.openapis.org/oas/v3.1.0): every route of a router, and nothing else.
#pragma once

#include <boost/json/object.hpp>

namespace vedette::api {

class Router;

boost::json::object openapi(const Router& router);

}  // namespace vedette::api
