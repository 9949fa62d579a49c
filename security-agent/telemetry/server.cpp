// SPDX-License-Identifier: Apache-2.0
#include "security-agent/telemetry/server.h"

#include <malloc.h>

#include <atomic>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <optional>

#include "common/config/settings.h"
#include "common/health.h"
#include "common/os/fd.h"
#include "common/os/host.h"
#include "common/version.h"
#include "security-agent/api/http_server.h"
#include "security-agent/api/router.h"
#include "security-agent/status/status.h"
#include "security-agent/telemetry/process_metrics.h"
#include "security-agent/telemetry/profile.h"

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

/// Values as text; this port asks for no token, so secrets stay hidden.
json::object settings_by_key(const Settings& settings) {
    json::object out;
    for (const SettingDef& def : settings_table())
        if (const auto value = settings.value(def.key))
            out[def.key] = value->text;
    return out;
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

/// The value of ?seconds=, by default 10; 0 for what is no number from 1 to 60.
int wanted_seconds(const Request& request) {
    const auto it = request.query.find("seconds");
    if (it == request.query.end())
        return 10;
    int seconds = 0;
    const std::string& text = it->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole && seconds >= 1 && seconds <= 60 ? seconds : 0;
}

Response profile(const Dependencies& d, const Request& request, const std::atomic<bool>& stopping) {
    if (!d.settings.boolean("security_agent.internal_profiling.enabled"))
        return Response::error(404, "security_agent.internal_profiling.enabled is false");
    const int seconds = wanted_seconds(request);
    if (seconds == 0)
        return Response::error(400, "seconds: expected a number from 1 to 60");
    d.logger.info("telemetry: {} takes a CPU profile of {} s", request.peer, seconds);
    auto made = cpu_profile(std::chrono::seconds(seconds), [&] { return stopping.load(); });
    if (!made)
        return Response::error(503, made.error().message);
    auto response = Response::text(std::move(*made));
    response.content_type = "application/octet-stream";
    response.headers.emplace_back("Content-Disposition", "attachment; filename=\"profile\"");
    return response;
}

void fill_others(const Dependencies& d, Metrics& out) {
    fill_process_metrics(out);
    if (d.others)
        d.others(out);
}

void add_open_routes(const Dependencies& d, api::Router& router) {
    router.add("GET", "/telemetry", {"Metrics, as Prometheus reads them."},
               [&d](const Request&, const auto&) {
                   if (!d.settings.boolean("telemetry.enabled"))
                       return Response::error(404, "telemetry.enabled is false");
                   auto response = Response::text(metrics_text(d));
                   response.content_type = "text/plain; version=0.0.4; charset=utf-8";
                   return response;
               });
    router.add("GET", "/live", {"Whether the agent works."},
               [&d](const Request&, const auto&) { return health_response(d.health.liveness()); });
    router.add("GET", "/ready", {"Whether it watches."},
               [&d](const Request&, const auto&) { return health_response(d.health.readiness()); });
}

api::Router make_open_routes(const Dependencies& d) {
    api::Router router;
    add_open_routes(d, router);
    return router;
}

api::Router make_routes(const Dependencies& d, const std::atomic<bool>& stopping) {
    api::Router router;
    router.add("GET", "/debug/vars", {"Everything that is counted, as JSON."},
               [&d](const Request&, const auto&) {
                   return Response::json(json::serialize(expvar_document(d)));
               });
    router.add("GET", "/debug/profile",
               {"CPU profile of the agent.", "application/octet-stream", {{"seconds", "how long"}}},
               [&](const Request& request, const auto&) { return profile(d, request, stopping); });
    add_open_routes(d, router);
    return router;
}

api::HttpServerOptions server_options(const Settings& settings) {
    return {.name = "telemetry",
            .host = kHost,
            .port = static_cast<uint16_t>(settings.integer("security_agent.expvar_port")),
            .port_setting = "security_agent.expvar_port",
            .limits = {.connections = 64, .body_bytes = 0},
            .workers = 2};  // one may be busy with a profile
}

/// Its own listener and workers: who crowds this one does not keep the host's own monitoring waiting.
api::HttpServerOptions open_server_options(const Settings& settings) {
    return {.name = "monitoring",
            .host = settings.string("telemetry.listen_host"),
            .port = static_cast<uint16_t>(settings.integer("telemetry.listen_port")),
            .port_setting = "telemetry.listen_port",
            // One answer a connection: whoever was served cannot keep the kubelet out by staying.
            .limits = {.connections = 64, .body_bytes = 0, .requests = 1},
            .workers = 1};
}

}  // namespace

json::object expvar_document(const Dependencies& d) {
    Metrics others;
    fill_others(d, others);
    json::object document = d.metrics.expvar();
    for (auto& [name, value] : others.expvar())
        document[name] = std::move(value);
    document["cmdline"] = command_line();
    document["memstats"] = memory();
    document["version"] = version().text;
    document["config"] = settings_by_key(d.settings);
    json::object facts = d.status.collect(kPatience, "runtimeSecurityStatus");
    document["uptime"] = facts["agent"].as_object()["uptimeSeconds"];
    if (auto* runtime = facts.if_contains("runtimeSecurityStatus"))
        document["runtimeSecurityStatus"] = std::move(*runtime);
    return document;
}

std::string metrics_text(const Dependencies& d) {
    Metrics others;
    fill_others(d, others);
    return d.metrics.prometheus_text() + others.prometheus_text();
}

class Server::Impl {
   public:
    Impl(boost::asio::io_context& io, Dependencies dependencies)
        : dependencies_(std::move(dependencies)),
          router_(make_routes(dependencies_, stopping_)),
          open_router_(make_open_routes(dependencies_)),
          http_(
              io, server_options(dependencies_.settings),
              [this](const Request& request) {
                  if (!api::host_allowed(request.header("host"), kHost))
                      return Response::error(421, "the Host header names another server");
                  return router_.route(request);
              },
              dependencies_.logger, dependencies_.metrics) {
        // No check of the Host header: a scraper may know this host by any name, and nothing here is secret.
        if (!dependencies_.settings.string("telemetry.listen_host").empty())
            open_http_.emplace(
                io, open_server_options(dependencies_.settings),
                [this](const Request& request) { return open_router_.route(request); },
                dependencies_.logger, dependencies_.metrics);
    }

    Result<> start() {
        if (auto started = http_.start(); !started || !open_http_)
            return started;
        return open_http_->start();
    }
    void stop() {
        stopping_ = true;
        if (open_http_)
            open_http_->stop();
        http_.stop();
    }
    uint16_t port() const { return http_.port(); }

   private:
    std::atomic<bool> stopping_ = false;
    Dependencies dependencies_;
    api::Router router_;
    api::Router open_router_;
    // Last: their workers use all of the above.
    api::HttpServer http_;
    std::optional<api::HttpServer> open_http_;
};

Server::Server(boost::asio::io_context& io, Dependencies dependencies)
    : impl_(std::make_unique<Impl>(io, std::move(dependencies))) {}
Server::~Server() = default;

Result<> Server::start() {
    return impl_->start();
}
void Server::stop() {
    impl_->stop();
}
uint16_t Server::port() const {
    return impl_->port();
}

}  // namespace vedette::telemetry
