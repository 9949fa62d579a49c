// SPDX-License-Identifier: Apache-2.0
#include "security-agent/telemetry/server.h"

#include <malloc.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <thread>

#include "common/config/settings.h"
#include "common/health.h"
#include "common/os/fd.h"
#include "common/os/host.h"
#include "common/version.h"
#include "security-agent/api/http_server.h"
#include "security-agent/api/router.h"
#include "security-agent/status/status.h"

namespace vedette::telemetry {
namespace {

namespace json = boost::json;
using api::Request;
using api::Response;

constexpr const char* kHost = "127.0.0.1";
constexpr std::chrono::milliseconds kPatience(200);

json::array command_line() {
    json::array words;
    const auto text = read_file("/proc/self/cmdline", 64 << 10);
    if (!text)
        return words;
    for (size_t at = 0; at < text->size();) {
        const size_t end = std::min(text->find('\0', at), text->size());
        words.emplace_back(printable(text->substr(at, end - at)));
        at = end + 1;
    }
    return words;
}

json::object memory() {
    const struct mallinfo2 info = mallinfo2();
    return {{"Sys", resident_bytes()},
            {"HeapAlloc", info.uordblks + info.hblkhd},
            {"HeapSys", info.arena + info.hblkhd},
            {"HeapIdle", info.fordblks}};
}

Response health_response(const Health::Snapshot& snapshot) {
    auto response = Response::json(json::serialize(to_json(snapshot)));
    if (!snapshot.ok())
        response.status = 503;
    return response;
}

api::Router make_routes(const Dependencies& d) {
    api::Router router;
    router.add("GET", "/debug/vars", [&d](const Request&, const auto&) {
        return Response::json(json::serialize(expvar_document(d.metrics, &d.status)));
    });
    router.add("GET", "/telemetry", [&d](const Request&, const auto&) {
        if (!d.settings.boolean("telemetry.enabled"))
            return Response::error(404, "telemetry.enabled is false");
        auto response = Response::text(d.metrics.prometheus_text());
        response.content_type = "text/plain; version=0.0.4; charset=utf-8";
        return response;
    });
    router.add("GET", "/live",
               [&d](const Request&, const auto&) { return health_response(d.health.liveness()); });
    router.add("GET", "/ready",
               [&d](const Request&, const auto&) { return health_response(d.health.readiness()); });
    return router;
}

api::HttpServerOptions server_options(const Settings& settings) {
    return {.name = "telemetry",
            .host = kHost,
            .port = static_cast<uint16_t>(settings.integer("security_agent.expvar_port")),
            .port_setting = "security_agent.expvar_port",
            .limits = {.connections = 64, .body_bytes = 0},
            .workers = 1};
}

}  // namespace

json::object expvar_document(const Metrics& metrics, const status::StatusProvider* status) {
    json::object document = metrics.expvar();
    document["cmdline"] = command_line();
    document["memstats"] = memory();
    document["version"] = version().text;
    if (status) {
        json::object facts = status->collect(kPatience, "runtimeSecurityStatus");
        document["uptime"] = facts["agent"].as_object()["uptimeSeconds"];
        if (auto* runtime = facts.if_contains("runtimeSecurityStatus"))
            document["runtimeSecurityStatus"] = std::move(*runtime);
    }
    return document;
}

class Server::Impl {
   public:
    Impl(boost::asio::io_context& io, Dependencies dependencies)
        : dependencies_(std::move(dependencies)),
          router_(make_routes(dependencies_)),
          http_(
              io, server_options(dependencies_.settings),
              [this](const Request& request) {
                  if (!api::host_allowed(request.header("host"), kHost))
                      return Response::error(421, "the Host header names another server");
                  return router_.route(request);
              },
              dependencies_.logger, dependencies_.metrics) {}

    api::HttpServer& http() { return http_; }

   private:
    Dependencies dependencies_;
    api::Router router_;
    api::HttpServer http_;  // last: its worker uses all of the above
};

Server::Server(boost::asio::io_context& io, Dependencies dependencies)
    : impl_(std::make_unique<Impl>(io, std::move(dependencies))) {}
Server::~Server() = default;

Result<> Server::start() {
    return impl_->http().start();
}
void Server::stop() {
    impl_->http().stop();
}
uint16_t Server::port() const {
    return impl_->http().port();
}

}  // namespace vedette::telemetry
