// SPDX-License-Identifier: Apache-2.0
//
// Every route without a socket: shapes and status codes; and who may ask.
#include "security-agent/api/routes.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "common/version.h"
#include "security-agent/api/auth.h"
#include "tests/unit/face/agent.h"

using namespace vedette;
using namespace vedette::api;
namespace json = boost::json;

namespace {

Response ask(const Router& router, std::string method, std::string target, std::string body = {}) {
    Request request{.method = std::move(method), .body = std::move(body), .peer = "127.0.0.1:9"};
    const size_t question = target.find('?');
    if (question != std::string::npos)
        REQUIRE(parse_form(target.substr(question + 1), request.query));
    request.path = target.substr(0, question);
    return router.route(request);
}

std::string header(const Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
        if (key == name)
            return value;
    return {};
}

}  // namespace

TEST_CASE("version, hostname, health", "[routes]") {
    test::Agent agent;
    const auto d = agent.dependencies();
    const auto router = make_routes(d);
    const auto version_json = json::parse(ask(router, "GET", "/agent/version").body).as_object();
    CHECK(version_json.at("Major").as_int64() == version().major);
    CHECK(version_json.at("Minor").as_int64() == version().minor);
    for (const char* key : {"Patch", "Pre", "Meta", "Commit"})
        CHECK(version_json.contains(key));
    CHECK(ask(router, "GET", "/agent/hostname").body == "\"node-7\"");
    CHECK(ask(router, "GET", "/agent/status/health").body ==
          R"({"Healthy":[],"Unhealthy":["engine"]})");
    agent.component->beat();
    CHECK(ask(router, "GET", "/agent/status/health").body ==
          R"({"Healthy":["engine"],"Unhealthy":[]})");
}

TEST_CASE("status in both forms", "[routes]") {
    test::Agent agent;
    agent.status.add_section("runtimeSecurityStatus",
                             [] { return json::object{{"connected", true}}; });
    const auto d = agent.dependencies();
    const auto router = make_routes(d);
    const auto document = json::parse(ask(router, "GET", "/agent/status").body).as_object();
    CHECK(document.at("runtimeSecurityStatus").as_object().at("connected").as_bool());
    CHECK(document.at("health").as_object().contains("Unhealthy"));
    CHECK(ask(router, "GET", "/agent/status?format=json").content_type == "application/json");
    const auto text = ask(router, "GET", "/agent/status?format=text");
    CHECK_THAT(text.content_type, StartsWith("text/plain"));
    CHECK_THAT(text.body, ContainsSubstring("unhealthy: engine"));
    const auto wrong = ask(router, "GET", "/agent/status?format=xml");
    CHECK(wrong.status == 400);
    CHECK(wrong.body == R"({"error":"unknown format 'xml': use json or text"})");
}

TEST_CASE("unknown routes and wrong methods", "[routes]") {
    test::Agent agent;
    const auto d = agent.dependencies();
    const auto router = make_routes(d);
    CHECK(ask(router, "GET", "/").status == 404);
    CHECK(ask(router, "GET", "/agent").status == 404);
    CHECK(ask(router, "GET", "/agent/version/").status == 404);
    CHECK(ask(router, "GET", "/agent/config/").status == 404);
    CHECK(ask(router, "GET", "/agent/config/a/b").status == 404);
    CHECK(ask(router, "GET", "/AGENT/version").status == 404);
    const auto post = ask(router, "POST", "/agent/version");
    CHECK(post.status == 405);
    CHECK(header(post, "Allow") == "GET");
    CHECK(header(ask(router, "GET", "/agent/stop"), "Allow") == "POST");
    CHECK(header(ask(router, "DELETE", "/agent/config/log_level"), "Allow") == "GET, POST");
    CHECK(header(ask(router, "POST", "/agent/config/by-source"), "Allow") == "GET");
    CHECK(agent.stops == 0);
}

TEST_CASE("stop answers before it stops", "[routes]") {
    test::Agent agent;
    const auto d = agent.dependencies();
    const auto response = ask(make_routes(d), "POST", "/agent/stop");
    CHECK(response.body == "\"\"");
    CHECK(agent.stops == 0);
    response.after_write();
    CHECK(agent.stops == 1);
}

TEST_CASE("reading settings", "[routes]") {
    test::Agent agent;
    const auto d = agent.dependencies();
    const auto router = make_routes(d);
    const auto yaml = ask(router, "GET", "/agent/config");
    CHECK_THAT(yaml.body, ContainsSubstring("log_level: info"));
    CHECK(json::parse(ask(router, "GET", "/agent/config/list-runtime").body).as_object().size() ==
          2);
    CHECK(json::parse(ask(router, "GET", "/agent/config/list-runtime").body)
              .at("log_level")
              .at("Hidden")
              .as_bool() == false);
    CHECK(ask(router, "GET", "/agent/config/security_agent.cmd_port").body == R"({"value":0})");
    CHECK(ask(router, "GET", "/agent/config/telemetry.enabled").body == R"({"value":true})");
    CHECK(ask(router, "GET", "/agent/config/server_timeout").body == R"({"value":"30s"})");
    const auto sources =
        json::parse(ask(router, "GET", "/agent/config/security_agent.cmd_port?sources=true").body);
    CHECK(json::serialize(sources.at("sources_value")) ==
          R"([{"Source":"default","Value":5010,"Origin":"default"},)"
          R"({"Source":"cli","Value":0,"Origin":"--set"}])");
    const auto unknown = ask(router, "GET", "/agent/config/log_levl");
    CHECK(unknown.status == 400);
    CHECK(unknown.body == R"({"error":"unknown key 'log_levl'; did you mean 'log_level'?"})");

    const auto by_source = json::parse(ask(router, "GET", "/agent/config/by-source").body);
    CHECK(by_source.at("default").at("security_agent.cmd_port").as_int64() == 5010);
    CHECK(by_source.at("cli").at("security_agent.cmd_port").as_int64() == 0);
    CHECK(by_source.at("file").as_object().empty());
    CHECK(by_source.at("runtime").as_object().empty());
}

TEST_CASE("changing settings", "[routes]") {
    test::Agent agent;
    const auto d = agent.dependencies();
    const auto router = make_routes(d);
    const auto set = [&](const char* key, const char* body) {
        return ask(router, "POST", std::string("/agent/config/") + key, body);
    };
    CHECK(set("log_level", "value=debug").status == 200);
    CHECK(agent.changed == "log_level=debug");
    CHECK(ask(router, "GET", "/agent/config/log_level").body == R"({"value":"debug"})");
    agent.changed.clear();
    CHECK(set("log_level", "value=loud").status == 400);
    CHECK(set("log_level", "").status == 400);
    CHECK(set("log_level", "value").status == 400);
    CHECK(set("log_level", "value=%zz").status == 400);
    CHECK(set("cmd_host", "value=0.0.0.0").status == 400);
    CHECK(set("nonsense", "value=1").status == 400);
    CHECK(agent.changed.empty());
    agent.change_result = fail(ErrorCode::kUnavailable, "the logger is gone");
    const auto failed = set("log_level", "value=warn");
    CHECK(failed.status == 500);
    CHECK(failed.body == R"({"error":"the logger is gone"})");
}

TEST_CASE("policies: what is in force, and a reload by request", "[routes]") {
    test::Agent agent;
    auto d = agent.dependencies();
    CHECK(ask(make_routes(d), "POST", "/agent/policies/reload").status == 404);
    int loads = 0;
    d.reload_policies = [&] {
        ++loads;
        return json::object{{"in_force", false}, {"message", "a.policy: not YAML"}};
    };
    d.policies = [] { return json::object{{"policies", json::array{}}}; };
    const Router router = make_routes(d);
    const auto reloaded = ask(router, "POST", "/agent/policies/reload");
    CHECK(reloaded.status == 200);
    CHECK(reloaded.body == R"({"in_force":false,"message":"a.policy: not YAML"})");
    CHECK(loads == 1);
    CHECK(ask(router, "GET", "/agent/policies").body == R"({"policies":[]})");
    CHECK(ask(router, "GET", "/agent/policies/reload").status == 405);
    CHECK(loads == 1);
}

TEST_CASE("a flare by request", "[routes]") {
    test::Agent agent;
    auto d = agent.dependencies();
    const auto made = ask(make_routes(d), "POST", "/agent/flare");
    CHECK(made.status == 200);
    CHECK(std::filesystem::is_regular_file(made.body));
    flare::FlareMaker broken(agent.settings, {.directory = "/nonexistent"});
    const api::Dependencies other{d.token,
                                  d.certificate,
                                  d.settings,
                                  d.health,
                                  d.status,
                                  broken,
                                  d.logger,
                                  d.metrics,
                                  d.hostname,
                                  d.on_stop,
                                  d.on_setting_changed};
    const auto failed = ask(make_routes(other), "POST", "/agent/flare");
    CHECK(failed.status == 500);
    CHECK_THAT(failed.body, ContainsSubstring("/nonexistent"));
}

TEST_CASE("who may ask", "[auth]") {
    test::Agent agent;
    auto now = std::chrono::steady_clock::time_point() + std::chrono::hours(1);
    Authenticator authenticator(agent.token, *agent.logger, agent.metrics, [&] { return now; });
    const auto check = [&](std::string_view authorization) {
        Request request{.method = "GET", .path = "/agent/version", .peer = "127.0.0.1:9"};
        if (!authorization.empty())
            request.headers["authorization"] = authorization;
        return authenticator.check(request);
    };
    CHECK_FALSE(check("Bearer " + agent.token.text()));
    CHECK_FALSE(check("bearer " + agent.token.text()));

    const auto missing = check("");
    CHECK(missing->status == 401);
    CHECK(header(*missing, "WWW-Authenticate") == "Bearer realm=\"Vedette agent\"");
    CHECK(missing->body == R"({"error":"no session token provided"})");
    CHECK(missing->close);
    const auto basic = check("Basic dXNlcjpwYXNz");
    CHECK(basic->status == 401);
    CHECK(basic->body == R"({"error":"unsupported authorization scheme: Basic"})");
    const auto wrong = check("Bearer " + std::string(64, '0'));
    CHECK(wrong->status == 403);
    CHECK(wrong->body == R"({"error":"invalid session token"})");
    CHECK(check("Bearer")->status == 403);
    CHECK(check("Bearer ")->status == 403);
    // Whoever sends the token without a scheme does not get it back.
    CHECK_THAT(check(agent.token.text())->body, !ContainsSubstring(agent.token.text()));

    for (int i = 0; i < 20; ++i)
        check("Bearer guess");
    CHECK(check("Bearer guess")->status == 429);
    CHECK_FALSE(check("Bearer " + agent.token.text()));  // never locked out
    now += std::chrono::seconds(2);
    CHECK(check("Bearer guess")->status == 403);

    const auto log = test::slurp(agent.directory / "agent.log");
    CHECK_THAT(log, ContainsSubstring("GET /agent/version from 127.0.0.1:9 refused with 403"));
    CHECK_THAT(log, ContainsSubstring("more were not logged"));
    CHECK_THAT(log, !ContainsSubstring(agent.token.text()) && !ContainsSubstring("dXNlcjpwYXNz"));
    CHECK(std::count(log.begin(), log.end(), '\n') <= 12);
}
