// SPDX-License-Identifier: Apache-2.0
#include "security-agent/api/workload_routes.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>

#include "security-agent/api/router.h"
#include "security-agent/api/server.h"

namespace vedette::api {
namespace {

std::string parameter(const Request& request, std::string_view name) {
    const auto found = request.query.find(name);
    return found == request.query.end() ? std::string() : found->second;
}

Response list(const Dependencies& d, const Request& request) {
    const std::string format = parameter(request, "format");
    if (!format.empty() && format != "json" && format != "text")
        return Response::error(400, fmt::format("unknown format '{}': use json or text", format));
    const WorkloadQuery query{.verbose = request.flag("verbose"),
                              .structured = format == "json",
                              .search = parameter(request, "search")};
    return Response::json(boost::json::serialize(d.workloads(query)));
}

}  // namespace

void add_workload_routes(Router& router, const Dependencies& d) {
    if (!d.workloads)
        return;
    router.add("GET", "/agent/workload-list",
               {"Containers and pods that are known.",
                "application/json",
                {{"verbose", "with their labels"},
                 {"search", "only those that have this text"},
                 {"format", "json: structured; else the shape of the reference"}}},
               [&d](const Request& request, const auto&) { return list(d, request); });
}

}  // namespace vedette::api
