// SPDX-License-Identifier: Apache-2.0
//
// POST /agent/record (form: duration in nanoseconds, max_bytes), GET /agent/record, GET /agent/record/data?offset=N,
// POST /agent/record/stop: recording the event stream.
#pragma once

#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "common/result.h"

namespace vedette::api {

class Router;
struct Dependencies;

/// Who records. Any thread.
struct Recording {
    std::function<Result<>(std::chrono::nanoseconds duration, size_t max_bytes)> start;
    /// {"state": "none" | "recording" | "done", "bytes", "events", "ended"}
    std::function<boost::json::object()> status;
    /// At most `max` bytes of a finished recording, empty at its end.
    std::function<Result<std::string>(size_t offset, size_t max)> read;
    std::function<void()> stop;
};

void add_record_routes(Router& router, const Dependencies& dependencies);

}  // namespace vedette::api
