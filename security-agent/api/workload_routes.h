// SPDX-License-Identifier: Apache-2.0
//
// GET /agent/workload-list?verbose=&search=&format=: the containers and pods of this host.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <string>

namespace vedette::api {

class Router;
struct Dependencies;

struct WorkloadQuery {
    bool verbose = false;
    bool structured = false;  ///< format=json: members instead of text
    std::string search;       ///< a kind, or part of an id, a name, an image, a tag; empty: all
};

/// {"entities": ...}. Any thread; may be empty: there is no such route.
using WorkloadList = std::function<boost::json::object(const WorkloadQuery& query)>;

void add_workload_routes(Router& router, const Dependencies& dependencies);

}  // namespace vedette::api
