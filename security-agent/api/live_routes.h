// SPDX-License-Identifier: Apache-2.0
//
// Routes for those who watch: GET /agent/events/stream, /agent/activity, /agent/processes/{pid}; POST
// /agent/process-cache/dump.
#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/result.h"
#include "security-agent/api/http.h"

namespace vedette::api {

struct Dependencies;
class Router;

struct StreamQuery {
    bool alerts = true;
    bool events = false;
    std::string rule;       ///< empty: any, as for the next
    std::string container;  ///< how its id begins
    std::optional<uint32_t> pid;
    std::string last_event_id;  ///< empty: from now on
    size_t newest = 0;          ///< with this many alerts of the past
};

/// What the routes do; any worker thread of the server.
struct LiveViews {
    /// Errors: kLimit, too many listen.
    std::function<Result<std::shared_ptr<BodyStream>>(const StreamQuery&)> stream;
    /// Lineage of a process. Errors: kNotFound.
    std::function<Result<boost::json::object>(uint32_t pid)> process;
    /// Who does how much, now.
    std::function<boost::json::object()> activity;
    /// {"Filename"} of the probe's new file, or {"Error"}. `json`: else a graph for dot.
    std::function<boost::json::object(bool json, bool with_args)> dump_processes;
};

void add_live_routes(Router& router, const Dependencies& d);

}  // namespace vedette::api
