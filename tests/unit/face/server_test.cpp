// SPDX-License-Identifier: Apache-2.0
//
// Real sockets: the API over TLS, telemetry, and clients that do not behave.
#include "security-agent/api/server.h"

#include <openssl/ssl.h>

#include <boost/json/parse.hpp>
#include <condition_variable>

#include "security-agent/telemetry/server.h"
#include "tests/unit/face/agent.h"
#include "tests/unit/face/plain_server.h"

using namespace vedette;
using namespace std::chrono_literals;
using api::HttpServer;
using api::Request;
using api::Response;

namespace {

using test::PlainServer;
using test::Raw;

int count(std::string_view text, std::string_view what) {
    int n = 0;
    for (size_t at = 0; (at = text.find(what, at)) != std::string_view::npos; at += what.size())
        ++n;
    return n;
}

constexpr std::string_view kGet = "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr std::string_view kLast =
    "GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

}  // namespace

TEST_CASE("requests one after the other, also pipelined", "[http-server]") {
    PlainServer plain;
    CHECK_THAT(plain.ask(kLast),
               StartsWith("HTTP/1.1 200 OK\r\n") && ContainsSubstring("\r\n\r\nGET /x "));
    const auto three =
        plain.ask(std::string(kGet) + std::string(kGet) + std::string(kGet) + std::string(kGet));
    CHECK(count(three, "HTTP/1.1 200 OK") == 3);  // the bound on requests per connection
    CHECK(count(three, "Connection: close") == 1);
    const auto body = plain.ask(
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /y HTTP/1.1\r\nHost: "
        "a\r\n"
        "Connection: close\r\n\r\n");
    CHECK_THAT(body, ContainsSubstring("POST /x hello") && ContainsSubstring("GET /y "));
}

TEST_CASE("bounds on a request", "[http-server]") {
    PlainServer plain;
    CHECK_THAT(plain.ask("GET /" + std::string(5000, 'a')), StartsWith("HTTP/1.1 431 "));
    CHECK_THAT(plain.ask("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(5000, 'a') + "\r\n\r\n"),
               StartsWith("HTTP/1.1 431 "));
    CHECK_THAT(plain.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n" +
                         std::string(1001, 'x')),
               StartsWith("HTTP/1.1 413 "));
    CHECK_THAT(
        plain.ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        StartsWith("HTTP/1.1 501 "));
    const auto refused = plain.ask("GET / HTTP/1.1\r\n\r\n" + std::string(kGet));
    CHECK_THAT(refused, StartsWith("HTTP/1.1 400 ") && ContainsSubstring("Connection: close"));
    CHECK(count(refused, "HTTP/1.1") == 1);  // nothing after a refusal is looked at
}

TEST_CASE("slow clients are cut off", "[http-server]") {
    PlainServer plain;
    SECTION("silent from the start") {
        CHECK(Raw(plain.server.port()).closes(5s));
    }
    SECTION("half a head") {
        const Raw raw(plain.server.port());
        raw.send("GET / HTTP/1.1\r\nHo");
        CHECK(raw.closes(5s));
    }
    SECTION("a byte now and then does not buy time") {
        const Raw raw(plain.server.port());
        const auto begin = std::chrono::steady_clock::now();
        for (int i = 0; i < 200 && raw.send("G"); ++i)
            std::this_thread::sleep_for(50ms);
        CHECK(std::chrono::steady_clock::now() - begin < 5s);
    }
    SECTION("half a body") {
        const Raw raw(plain.server.port());
        raw.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
        CHECK(raw.closes(5s));
    }
    SECTION("idle after a request") {
        const Raw raw(plain.server.port());
        raw.send(kGet);
        CHECK(raw.closes(5s));
    }
    CHECK(plain.dropped("timeout") >= 1);
    CHECK_THAT(plain.ask(kLast), StartsWith("HTTP/1.1 200"));
}

TEST_CASE("a reader that never reads is cut off", "[http-server]") {
    PlainServer plain({.step = 300ms},
                      [](const Request&) { return Response::text(std::string(16 << 20, 'x')); });
    const Raw raw(plain.server.port());
    raw.send(kGet);
    for (int i = 0; i < 100 && plain.dropped("timeout") == 0; ++i)
        std::this_thread::sleep_for(50ms);
    CHECK(plain.dropped("timeout") == 1);
}

TEST_CASE("a crowd of silent connections does not keep others out", "[http-server]") {
    PlainServer plain({.connections = 64});
    const Raw served(plain.server.port());
    served.send(kGet);
    std::vector<std::unique_ptr<Raw>> crowd;
    for (int i = 0; i < 500; ++i) {
        crowd.push_back(std::make_unique<Raw>(plain.server.port()));
        if (i % 50 == 0)
            CHECK_THAT(plain.ask(kLast), StartsWith("HTTP/1.1 200"));
    }
    CHECK_THAT(plain.ask(kLast), StartsWith("HTTP/1.1 200"));  // after all of them
    CHECK(plain.dropped("evicted") > 400);
    served.send(kLast);  // who has been served stays
    CHECK(count(served.receive(), "HTTP/1.1 200") == 2);
}

TEST_CASE("a handler that blocks holds nobody else up; one that throws is answered for",
          "[http-server]") {
    std::mutex mutex;
    std::condition_variable released;
    bool release = false;
    PlainServer plain({.requests = 10}, [&](const Request& request) -> Response {
        if (request.path == "/throw")
            throw std::runtime_error("oops");
        if (request.path == "/block") {
            std::unique_lock lock(mutex);
            released.wait(lock, [&] { return release; });
        }
        return Response::text("done");
    });
    const Raw blocked(plain.server.port());
    blocked.send("GET /block HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    CHECK_THAT(plain.ask(kLast), ContainsSubstring("done"));
    CHECK_THAT(plain.ask("GET /throw HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
               StartsWith("HTTP/1.1 500 ") && !ContainsSubstring("oops"));
    {
        const std::lock_guard lock(mutex);
        release = true;
    }
    released.notify_all();
    CHECK_THAT(blocked.receive(), ContainsSubstring("done"));
}

TEST_CASE("a port in use is named", "[http-server]") {
    PlainServer plain;
    HttpServer second(
        plain.loop.io,
        {.name = "api",
         .host = "127.0.0.1",
         .port = plain.server.port(),
         .port_setting = "security_agent.cmd_port"},
        [](const Request&) { return Response(); }, *plain.logger, plain.metrics);
    const auto started = second.start();
    REQUIRE_FALSE(started);
    CHECK(started.error().code == ErrorCode::kExists);
    CHECK_THAT(started.error().message,
               ContainsSubstring("security_agent.cmd_port") && ContainsSubstring("ss -ltnp"));
    HttpServer nowhere(
        plain.loop.io, {.name = "api", .host = "203.0.113.1"},
        [](const Request&) { return Response(); }, *plain.logger, plain.metrics);
    CHECK_FALSE(nowhere.start());
}

TEST_CASE("stopping lets the answer under way go out and nothing else", "[http-server]") {
    std::atomic<bool> entered = false;
    PlainServer plain({}, [&](const Request&) {
        entered = true;
        std::this_thread::sleep_for(300ms);
        return Response::text("finished");
    });
    const Raw busy(plain.server.port());
    const Raw idle(plain.server.port());
    busy.send(kGet);
    while (!entered)
        std::this_thread::sleep_for(1ms);
    plain.loop.on_loop([&] { plain.server.stop(); });
    CHECK_FALSE(Raw(plain.server.port()).connected());
    CHECK_THAT(busy.receive(),
               ContainsSubstring("finished") && ContainsSubstring("Connection: close"));
    CHECK(idle.closes(5s));
}

TEST_CASE("the API over TLS", "[api]") {
    test::RunningAgent agent;
    auto client = agent.client();
    const auto version = api::request(client, "GET", "/agent/version");
    REQUIRE(version);
    CHECK(version->status == 200);
    CHECK(version->content_type == "application/json");
    CHECK(boost::json::parse(version->body).as_object().contains("Major"));
    CHECK(api::request(client, "POST", "/agent/config/log_level", "value=debug")->status == 200);
    CHECK(agent.changed == "log_level=debug");
    CHECK(api::request(client, "GET", "/agent/nothing")->status == 404);
    CHECK(api::request(client, "PUT", "/agent/version")->status == 405);
    CHECK(api::request(client, "POST", "/agent/config/log_level", std::string(100'000, 'x'))
              ->status == 413);

    SECTION("without the right token") {
        client.token = std::string(64, '0');
        CHECK(api::request(client, "GET", "/agent/version")->status == 403);
        CHECK(api::request(client, "GET", "/agent/nothing")->status == 403);
        CHECK(api::request(client, "POST", "/agent/stop")->status == 403);
        CHECK(agent.stops == 0);
    }
    SECTION("with another certificate pinned") {
        const auto other = ipc::make_certificate_pem("127.0.0.1", std::chrono::hours(1));
        client.certificate_pem = *other;
        const auto refused = api::request(client, "GET", "/agent/version");
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ErrorCode::kDenied);
        CHECK_THAT(refused.error().message, ContainsSubstring("another certificate"));
    }
    SECTION("stop") {
        CHECK(api::request(client, "POST", "/agent/stop")->body == "\"\"");
        for (int i = 0; i < 100 && agent.stops == 0; ++i)
            std::this_thread::sleep_for(10ms);
        CHECK(agent.stops == 1);
    }
    SECTION("plain HTTP gets nothing") {
        const Raw raw(agent.server.port());
        raw.send(kGet);
        CHECK_THAT(raw.receive(), !ContainsSubstring("HTTP/1.1"));
    }
}

TEST_CASE("old TLS, tickets and renegotiation are refused", "[api]") {
    test::RunningAgent agent;
    const auto handshake = [&](int version, auto check) {
        const Raw raw(agent.server.port());
        SSL_CTX* context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_security_level(context, 0);
        SSL_CTX_set_min_proto_version(context, version);
        SSL_CTX_set_max_proto_version(context, version);
        SSL* ssl = SSL_new(context);
        SSL_set_fd(ssl, raw.fd());
        const bool done = SSL_connect(ssl) == 1;
        if (done)
            check(ssl);
        SSL_free(ssl);
        SSL_CTX_free(context);
        return done;
    };
    CHECK_FALSE(handshake(TLS1_1_VERSION, [](SSL*) {}));
    CHECK(handshake(TLS1_2_VERSION, [](SSL* ssl) {
        CHECK(SSL_SESSION_has_ticket(SSL_get_session(ssl)) == 0);
        CHECK(SSL_renegotiate(ssl) == 1);
        const bool renegotiated = SSL_do_handshake(ssl) == 1 && SSL_write(ssl, "x", 1) == 1 &&
                                  SSL_renegotiate_pending(ssl) == 0;
        CHECK_FALSE(renegotiated);
    }));
    CHECK(handshake(TLS1_3_VERSION, [](SSL*) {}));
}

TEST_CASE("a thousand silent TLS connections and one that works", "[api]") {
    test::RunningAgent agent;
    std::vector<std::unique_ptr<Raw>> crowd;
    for (int i = 0; i < 500; ++i) {
        crowd.push_back(std::make_unique<Raw>(agent.server.port()));
        if (i % 2 == 0)
            crowd.back()->send("\x16\x03");  // the beginning of a handshake
    }
    const auto begin = std::chrono::steady_clock::now();
    const auto version = api::request(agent.client(), "GET", "/agent/version");
    REQUIRE(version);
    CHECK(version->status == 200);
    CHECK(std::chrono::steady_clock::now() - begin < 5s);
}

TEST_CASE("names that lead here by another's name are refused", "[api]") {
    test::Agent agent;
    test::Loop loop;
    telemetry::Server server(
        loop.io, {agent.settings, agent.health, agent.status, *agent.logger, agent.metrics});
    REQUIRE(server.start());
    const auto ask = [&](std::string_view method, std::string_view path, std::string_view host) {
        const Raw raw(server.port());
        raw.send(fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", method,
                             path, host));
        return raw.receive();
    };
    CHECK_THAT(ask("GET", "/live", "evil.example"), StartsWith("HTTP/1.1 421 "));
    CHECK_THAT(ask("GET", "/live", "127.0.0.1:5011"),
               StartsWith("HTTP/1.1 503 ") && ContainsSubstring("engine"));
    agent.component->beat();
    CHECK_THAT(ask("GET", "/live", "localhost"), StartsWith("HTTP/1.1 200 "));
    CHECK_THAT(ask("GET", "/ready", "localhost"), StartsWith("HTTP/1.1 200 "));
    CHECK_THAT(ask("POST", "/live", "localhost"), StartsWith("HTTP/1.1 405 "));
    CHECK_THAT(ask("GET", "/agent/version", "localhost"), StartsWith("HTTP/1.1 404 "));
    CHECK_THAT(ask("GET", "/telemetry", "localhost"),
               ContainsSubstring("text/plain; version=0.0.4") &&
                   ContainsSubstring("# TYPE vedette_agent_http_requests_total counter"));
    const auto vars = ask("GET", "/debug/vars", "localhost");
    const auto document = boost::json::parse(vars.substr(vars.find("\r\n\r\n") + 4)).as_object();
    for (const char* key :
         {"cmdline", "memstats", "version", "uptime", "vedette_agent_http_requests_total"})
        CHECK(document.contains(key));
    loop.on_loop([&] { server.stop(); });
    loop.stop();
}

TEST_CASE("Prometheus text only while telemetry is enabled", "[telemetry]") {
    test::Agent agent;
    Settings::Sources sources;
    sources.command_line = {{"telemetry.enabled", "false"}, {"security_agent.expvar_port", "0"}};
    const auto settings = Settings::load(sources);
    REQUIRE(settings);
    test::Loop loop;
    telemetry::Server server(loop.io,
                             {*settings, agent.health, agent.status, *agent.logger, agent.metrics});
    REQUIRE(server.start());
    const Raw raw(server.port());
    raw.send("GET /telemetry HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    CHECK_THAT(raw.receive(),
               StartsWith("HTTP/1.1 404 ") && ContainsSubstring("telemetry.enabled"));
    loop.on_loop([&] { server.stop(); });
    loop.stop();
}
