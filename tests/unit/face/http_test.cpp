// SPDX-License-Identifier: Apache-2.0
#include "security-agent/api/http.h"

#include "tests/unit/catch.h"

using namespace vedette::api;

namespace {

constexpr size_t kMaxBody = 1000;

int status_of(std::string_view head) {
    const auto parsed = parse_head(head, kMaxBody);
    const auto* refused = std::get_if<Response>(&parsed);
    return refused ? refused->status : 0;
}

/// A request that is well-formed but for what `lines` add.
int status_with(std::string_view lines) {
    return status_of(fmt::format("POST /agent/stop HTTP/1.1\r\nHost: localhost\r\n{}\r\n", lines));
}

int status_of_target(std::string_view target) {
    return status_of(fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", target));
}

}  // namespace

TEST_CASE("a plain request", "[http]") {
    const auto parsed = parse_head(
        "GET /agent/config/log%5Flevel?sources=true&x=a+b%21&flag HTTP/1.1\r\n"
        "HOST: localhost:5010\r\nAuthorization:  Bearer abc \r\nContent-Length: 12\r\n\r\n",
        kMaxBody);
    const auto* head = std::get_if<RequestHead>(&parsed);
    REQUIRE(head);
    CHECK(head->request.method == "GET");
    CHECK(head->request.path == "/agent/config/log_level");
    CHECK(head->request.flag("sources"));
    CHECK(head->request.flag("flag"));
    CHECK_FALSE(head->request.flag("x"));
    CHECK(head->request.query.at("x") == "a b!");
    CHECK(head->request.header("host") == "localhost:5010");
    CHECK(head->request.header("authorization") == "Bearer abc");
    CHECK(head->request.header("absent").empty());
    CHECK(head->content_length == 12);
    CHECK(head->keep_alive);
}

TEST_CASE("whether the connection stays", "[http]") {
    const auto keep = [](std::string_view head) {
        const auto parsed = parse_head(head, kMaxBody);
        return std::get<RequestHead>(parsed).keep_alive;
    };
    CHECK(keep("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK_FALSE(keep("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    CHECK_FALSE(keep("GET / HTTP/1.0\r\n\r\n"));
}

TEST_CASE("requests that two parsers could read differently", "[http]") {
    CHECK(status_with("") == 0);
    CHECK(status_with("Transfer-Encoding: chunked\r\n") == 501);
    CHECK(status_with("Transfer-Encoding: identity\r\nContent-Length: 3\r\n") == 501);
    CHECK(status_with("transfer-encoding:\tchunked\r\n") == 501);
    CHECK(status_with("Content-Length: 3\r\nContent-Length: 3\r\n") == 400);
    CHECK(status_with("Content-Length: 3\r\nContent-Length: 4\r\n") == 400);
    CHECK(status_with("Content-Length: 3, 3\r\n") == 400);
    CHECK(status_with("Content-Length: +3\r\n") == 400);
    CHECK(status_with("Content-Length: 0x3\r\n") == 400);
    CHECK(status_with("Content-Length: -1\r\n") == 400);
    CHECK(status_with("Content-Length:\r\n") == 400);
    CHECK(status_with("Content-Length: 1000\r\n") == 0);
    CHECK(status_with("Content-Length: 1001\r\n") == 413);
    CHECK(status_with("Content-Length: 99999999999999999999\r\n") >= 400);
    CHECK(status_with("X: a\r\n folded\r\n") == 400);
    CHECK(status_with("X: a\r\n\tContent-Length: 5\r\n") == 400);
    CHECK(status_with("X: a\nContent-Length: 5\r\n") == 400);
    CHECK(status_with("X: a\rContent-Length: 5\r\n") == 400);
    CHECK(status_with(std::string_view("X: a\0b\r\n", 8)) == 400);
    CHECK(status_with("X : a\r\n") == 400);
    CHECK(status_with(": a\r\n") == 400);
    CHECK(status_with("no colon\r\n") == 400);
    CHECK(status_with("Host: other\r\n") == 400);
    CHECK(status_with("Authorization: a\r\nAuthorization: b\r\n") == 400);
    CHECK(status_with("Expect: 100-continue\r\n") == 417);
    CHECK(status_of("GET / HTTP/1.1\r\n\r\n") == 400);
    CHECK(status_of("GET / HTTP/2.0\r\nHost: a\r\n\r\n") == 400);
    CHECK(status_of("GET / HTTP/0.9\r\nHost: a\r\n\r\n") == 400);
    CHECK(status_of("GET /\r\n\r\n") == 400);
    CHECK(status_of("GET  / HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
    CHECK(status_of("\x16\x03\x01\x02\r\n\r\n") == 400);
    CHECK(status_of("\r\n\r\n") == 400);
    CHECK(status_of("") == 400);
    std::string many;
    for (int i = 0; i < 100; ++i)
        many += fmt::format("X-{}: a\r\n", i);
    CHECK(status_with(many) == 431);
}

TEST_CASE("targets", "[http]") {
    CHECK(status_of_target("/agent/status?format=json") == 0);
    CHECK(status_of_target("/") == 0);
    CHECK(status_of_target("/a/") == 0);
    CHECK(status_of_target("*") == 400);
    CHECK(status_of_target("http://localhost/agent") == 400);
    CHECK(status_of_target("//evil.example/agent") == 400);
    CHECK(status_of_target("/agent/../agent") == 400);
    CHECK(status_of_target("/agent/%2e%2e/x") == 400);
    CHECK(status_of_target("/agent/./x") == 400);
    CHECK(status_of_target("/agent\\x") == 400);
    CHECK(status_of_target("/agent%00") == 400);
    CHECK(status_of_target("/agent%0d%0aX:y") == 400);
    CHECK(status_of_target("/agent%zz") == 400);
    CHECK(status_of_target("/agent%4") == 400);
    CHECK(status_of_target("/agent?a=%") == 400);
    CHECK(status_of_target("/agent#x") == 400);
    CHECK(status_of_target("/" + std::string(3000, 'a')) == 414);
    std::string names = "/a?";
    for (int i = 0; i < 100; ++i)
        names += fmt::format("n{}=1&", i);
    CHECK(status_of_target(names) == 400);
}

TEST_CASE("whatever bytes come, the head parser answers", "[http]") {
    // A cheap fuzzer: every truncation and every byte of a good request replaced by odd ones.
    const std::string good =
        "POST /agent/config/log_level?a=b HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
        "11\r\n\r\n";
    for (size_t i = 0; i <= good.size(); ++i)
        (void)parse_head(good.substr(0, i), kMaxBody);
    for (size_t i = 0; i < good.size(); ++i)
        for (const char c : {'\0', '\r', '\n', ' ', '\t', ':', '%', '\xff', '/', '?', '1'}) {
            std::string odd = good;
            odd[i] = c;
            const auto parsed = parse_head(odd, kMaxBody);
            if (const auto* head = std::get_if<RequestHead>(&parsed))
                CHECK(head->content_length <= kMaxBody);
        }
}

TEST_CASE("which Host names are ours", "[http]") {
    CHECK(host_allowed("127.0.0.1", "127.0.0.1"));
    CHECK(host_allowed("127.0.0.1:5010", "127.0.0.1"));
    CHECK(host_allowed("LOCALHOST:5010", "127.0.0.1"));
    CHECK(host_allowed("[::1]:5010", "127.0.0.1"));
    CHECK(host_allowed("node-7", "node-7"));
    CHECK_FALSE(host_allowed("evil.example", "127.0.0.1"));
    CHECK_FALSE(host_allowed("localhost.evil.example", "127.0.0.1"));
    CHECK_FALSE(host_allowed("127.0.0.1.evil.example", "127.0.0.1"));
    CHECK_FALSE(host_allowed("127.0.0.1:5010@evil", "127.0.0.1"));
    CHECK_FALSE(host_allowed("127.0.0.1:x", "127.0.0.1"));
    CHECK_FALSE(host_allowed("[::1", "127.0.0.1"));
    CHECK_FALSE(host_allowed("", "127.0.0.1"));
    CHECK_FALSE(host_allowed("10.0.0.1", "127.0.0.1"));
    CHECK(host_allowed("10.0.0.1:5010", "0.0.0.0"));
    CHECK_FALSE(host_allowed("evil.example", "0.0.0.0"));
}

TEST_CASE("an answer on the wire", "[http]") {
    Response response = Response::error(405, "say \"\x1b\"");
    response.headers.emplace_back("Allow", "GET");
    CHECK(
        serialize(response, false) ==
        "HTTP/1.1 405 Method Not Allowed\r\nContent-Type: application/json\r\n"
        "Content-Length: 25\r\nConnection: close\r\nCache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\nAllow: GET\r\n\r\n{\"error\":\"say \\\"\\\\x1b\\\"\"}");
}
