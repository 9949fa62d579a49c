// SPDX-License-Identifier: Apache-2.0
//
// Method and path to handler.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "security-agent/api/http.h"
#include "security-agent/api/route_doc.h"

namespace vedette::api {

/// `parameter`: what stands in the place of the path's {}.
using RouteHandler = std::function<Response(const Request&, const std::string& parameter)>;

class Router {
   public:
    struct Route {
        std::string method;
        std::string path;
        RouteDoc doc;
        RouteHandler handler;
    };

    /// `path` may end in "/{}": any one segment. Exact paths come before such.
    void add(std::string method, std::string path, RouteDoc doc, RouteHandler handler);

    /// 404 for an unknown path, 405 with Allow for a known one with another method.
    Response route(const Request& request) const;
    const std::vector<Route>& routes() const { return routes_; }

   private:
    std::vector<Route> routes_;
};

}  // namespace vedette::api
