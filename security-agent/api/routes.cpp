// SPDX-License-Identifier: Apache-2.0
#include "security-agent/api/routes.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <memory>

#include "common/health.h"
#include "common/version.h"
#include "security-agent/api/openapi.h"
#include "security-agent/flare/flare.h"
#include "security-agent/status/status.h"

namespace vedette::api {
namespace {

namespace json = boost::json;

Response get_version() {
    const Version& v = version();
    return Response::json(json::serialize(json::object{{"Major", v.major},
                                                       {"Minor", v.minor},
                                                       {"Patch", v.patch},
                                                       {"Pre", v.pre},
                                                       {"Meta", ""},
                                                       {"Commit", v.commit}}));
}

Response get_status(const Dependencies& d, const Request& request) {
    const auto it = request.query.find("format");
    const std::string format = it == request.query.end() ? "json" : it->second;
    if (format != "json" && format != "text")
        return Response::error(400, fmt::format("unknown format '{}': use json or text", format));
    const json::object document = d.status.collect();
    if (format == "text")
        return Response::text(status::render_text(document, request.flag("verbose")));
    return Response::json(json::serialize(document));
}

Response post_flare(const Dependencies& d) {
    const auto path = d.flare.make();
    if (path)
        return Response::text(*path);
    d.logger.error("api: flare: {}", path.error().message);
    return Response::error(500, path.error().message);
}

Response post_stop(const Dependencies& d, const Request& request) {
    d.logger.info("api: {} asked to stop", request.peer);
    auto response = Response::json("\"\"");
    response.close = true;
    response.after_write = d.on_stop;
    return response;
}

}  // namespace

Router make_routes(const Dependencies& d) {
    Router router;
    router.add("GET", "/agent/version", {"Version of the agent."},
               [](const Request&, const auto&) { return get_version(); });
    router.add("GET", "/agent/hostname", {"Name of this host as alerts have it."},
               [&d](const Request&, const auto&) {
                   return Response::json(json::serialize(json::value(d.hostname)));
               });
    router.add(
        "GET", "/agent/status",
        {"State of the agent, its policies and its probe; as text it is text/plain.",
         "application/json",
         {{"format", "json (the default) or text"}, {"verbose", "with text: every rule and hook"}}},
        [&d](const Request& request, const auto&) { return get_status(d, request); });
    router.add("GET", "/agent/status/health", {"Which components are healthy and which are not."},
               [&d](const Request&, const auto&) {
                   return Response::json(json::serialize(to_json(d.health.readiness())));
               });
    router.add(
        "POST", "/agent/flare",
        {"Makes an archive for support; the answer is its path.", "text/plain; charset=utf-8"},
        [&d](const Request&, const auto&) { return post_flare(d); });
    router.add("POST", "/agent/stop", {"Stops the agent once this is answered."},
               [&d](const Request& request, const auto&) { return post_stop(d, request); });
    if (d.reload_policies)
        router.add("POST", "/agent/policies/reload",
                   {"Loads the policies; what fails to load leaves those before in force."},
                   [&d](const Request& request, const auto&) {
                       d.logger.info("api: {} asked to reload the policies", request.peer);
                       return Response::json(json::serialize(d.reload_policies()));
                   });
    if (d.policies)
        router.add("GET", "/agent/policies",
                   {"How the last load went, and the policies in force with their rules."},
                   [&d](const Request&, const auto&) {
                       return Response::json(json::serialize(d.policies()));
                   });
    if (d.self_test)
        router.add("POST", "/agent/self-test",
                   {"Proves that events come through, and says which did."},
                   [&d](const Request& request, const auto&) {
                       d.logger.info("api: {} asked for a self-test", request.peer);
                       return Response::json(json::serialize(d.self_test()));
                   });
    if (d.dump_discarders)
        router.add("POST", "/agent/discarders/dump",
                   {"Has the probe write what the kernel discards to a file; the answer names it."},
                   [&d](const Request& request, const auto&) {
                       d.logger.info("api: {} asked for a dump of the discarders", request.peer);
                       return Response::json(json::serialize(d.dump_discarders()));
                   });
    add_config_routes(router, d);
    add_record_routes(router, d);
    add_live_routes(router, d);
    add_workload_routes(router, d);
    const auto document = std::make_shared<std::string>();
    router.add("GET", "/agent/openapi.json", {"This description of all routes (OpenAPI 3.1)."},
               [document](const Request&, const auto&) { return Response::json(*document); });
    *document = json::serialize(openapi(router));
    return router;
}

}  // namespace vedette::api
