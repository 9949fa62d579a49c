// SPDX-License-Identifier: Apache-2.0
#include "security-agent/api/live_routes.h"

#include <boost/json/serialize.hpp>
#include <charconv>
#include <utility>

#include "common/log.h"
#include "security-agent/api/routes.h"

namespace vedette::api {
namespace {

constexpr size_t kMaxNewest = 1'000;
constexpr uint32_t kMaxPid = 1U << 22;  // PID_MAX_LIMIT of 64-bit kernels

template <typename Number>
std::optional<Number> number(std::string_view text, Number max) {
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value > max)
        return std::nullopt;
    return value;
}

/// False: no such kind.
bool take_kind(std::string_view kind, StreamQuery& out) {
    out.alerts = kind != "events";
    out.events = kind != "alerts";
    return kind == "alerts" || kind == "events" || kind == "all";
}

/// Nothing, or what is wrong with the query.
std::optional<std::string> read_query(const Request& request, StreamQuery& out) {
    for (const auto& [name, value] : request.query) {
        if (name == "kind") {
            if (!take_kind(value, out))
                return "kind is alerts, events or all";
        } else if (name == "rule") {
            out.rule = value;
        } else if (name == "container") {
            out.container = value;
        } else if (name == "pid") {
            out.pid = number<uint32_t>(value, kMaxPid);
            if (!out.pid)
                return "pid is the number of a process";
        } else if (name == "newest") {
            const auto newest = number<size_t>(value, kMaxNewest);
            if (!newest)
                return fmt::format("newest is a number up to {}", kMaxNewest);
            out.newest = *newest;
        } else {
            return fmt::format(
                "unknown parameter '{}': there are kind, rule, pid, container, newest", name);
        }
    }
    out.last_event_id = request.header("last-event-id");
    return std::nullopt;
}

Response stream(const Dependencies& d, const Request& request) {
    StreamQuery query;
    if (const auto problem = read_query(request, query))
        return Response::error(400, *problem);
    auto body = d.live.stream(query);
    if (!body) {
        Response busy = Response::error(503, body.error().message);
        busy.headers.emplace_back("Retry-After", "5");
        return busy;
    }
    Response response;
    response.content_type = "text/event-stream";
    response.stream = std::move(*body);
    return response;
}

Response process(const Dependencies& d, const std::string& parameter) {
    const auto pid = number<uint32_t>(parameter, kMaxPid);
    if (!pid || *pid == 0)
        return Response::error(400, "expected the number of a process");
    const auto found = d.live.process(*pid);
    if (!found)
        return Response::error(404, found.error().message);
    return Response::json(boost::json::serialize(*found));
}

Response dump_processes(const Dependencies& d, const Request& request) {
    std::map<std::string, std::string, std::less<>> form;
    if (!parse_form(request.body, form))
        return Response::error(400, "malformed form");
    const std::string& format = form["format"];
    const std::string& with_args = form["with_args"];
    if ((!format.empty() && format != "dot" && format != "json") ||
        (!with_args.empty() && with_args != "true" && with_args != "false"))
        return Response::error(400, "format is dot or json; with_args is true or false");
    d.logger.info("api: {} asked for a dump of the process cache", request.peer);
    return Response::json(
        boost::json::serialize(d.live.dump_processes(format == "json", with_args == "true")));
}

}  // namespace

void add_live_routes(Router& router, const Dependencies& d) {
    if (!d.live.stream)
        return;
    router.add("GET", "/agent/events/stream",
               {"Alerts, and events, as they happen (server-sent events); the header Last-Event-ID "
                "goes on after that one.",
                "text/event-stream",
                {{"kind", "alerts (the default), events or all"},
                 {"rule", "only of this rule"},
                 {"pid", "only of this process"},
                 {"container", "only of this container"},
                 {"newest", "so many of those before come first"}}},
               [&d](const Request& request, const auto&) { return stream(d, request); });
    router.add("GET", "/agent/activity",
               {"Events a second by type, rule, container and program, costs, queues and losses, "
                "since the last question."},
               [&d](const Request&, const auto&) {
                   return Response::json(boost::json::serialize(d.live.activity()));
               });
    router.add(
        "GET", "/agent/processes/{}",
        {.help = "A process with its ancestors and children, also of one that has ended.",
         .segment = "pid"},
        [&d](const Request&, const std::string& parameter) { return process(d, parameter); });
    router.add("POST", "/agent/process-cache/dump",
               {.help = "Has the probe write the process tree to a file; the answer names it.",
                .form = {{"format", "dot (the default) or json"},
                         {"with_args", "true: command lines as they are"}}},
               [&d](const Request& request, const auto&) { return dump_processes(d, request); });
}

}  // namespace vedette::api
