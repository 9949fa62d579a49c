// SPDX-License-Identifier: Apache-2.0
#include "security-agent/api/record_routes.h"

#include <boost/json/serialize.hpp>
#include <charconv>
#include <optional>

#include "security-agent/api/routes.h"

namespace vedette::api {
namespace {

constexpr size_t kChunk = 1 << 20;

using Form = std::map<std::string, std::string, std::less<>>;

std::optional<int64_t> number(const Form& form, std::string_view key) {
    const auto found = form.find(key);
    if (found == form.end())
        return std::nullopt;
    const std::string& text = found->second;
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 0)
        return std::nullopt;
    return value;
}

int status_of(const Error& error) {
    return error.code == ErrorCode::kExists ? 409 : error.code == ErrorCode::kNotFound ? 404 : 400;
}

Response start(const Dependencies& d, const Request& request) {
    Form form;
    const bool parsed = parse_form(request.body, form);
    const auto duration = number(form, "duration");
    const auto max_bytes = number(form, "max_bytes");
    if (!parsed || !duration || !max_bytes)
        return Response::error(400, "expected a form with duration (nanoseconds) and max_bytes");
    const Result<> started =
        d.recording.start(std::chrono::nanoseconds(*duration), static_cast<size_t>(*max_bytes));
    if (!started)
        return Response::error(status_of(started.error()), started.error().message);
    d.logger.info("api: {} records the event stream", request.peer);
    return Response::json(boost::json::serialize(d.recording.status()));
}

Response read(const Dependencies& d, const Request& request) {
    const auto offset = number(request.query, "offset");
    if (!offset)
        return Response::error(400, "expected ?offset=");
    Result<std::string> data = d.recording.read(static_cast<size_t>(*offset), kChunk);
    if (!data)
        return Response::error(status_of(data.error()), data.error().message);
    Response response;
    response.content_type = "application/octet-stream";
    response.body = std::move(*data);
    return response;
}

}  // namespace

void add_record_routes(Router& router, const Dependencies& d) {
    if (!d.recording.start)
        return;
    router.add("POST", "/agent/record",
               {.help = "Records the stream of events.",
                .form = {{"duration", "nanoseconds", true},
                         {"max_bytes", "at which it ends earlier", true}}},
               [&d](const Request& request, const auto&) { return start(d, request); });
    router.add("GET", "/agent/record", {"What is recorded just now."},
               [&d](const Request&, const auto&) {
                   return Response::json(boost::json::serialize(d.recording.status()));
               });
    router.add("GET", "/agent/record/data",
               {"The next bytes of the recording.",
                "application/octet-stream",
                {{"offset", "where they begin", true}}},
               [&d](const Request& request, const auto&) { return read(d, request); });
    router.add("POST", "/agent/record/stop",
               {"Ends the recording; what was recorded stays to be read."},
               [&d](const Request&, const auto&) {
                   d.recording.stop();
                   return Response::json("\"\"");
               });
}

}  // namespace vedette::api
