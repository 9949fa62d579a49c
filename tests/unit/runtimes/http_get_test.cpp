// SPDX-License-Identifier: Apache-2.0
//
// A real socket with somebody at its other end.
#include "system-probe/runtimes/http_get.h"

#include <sys/syscall.h>

#include "tests/unit/catch.h"
#include "tests/unit/runtimes/fake_server.h"

using namespace vedette;
using namespace vedette::probe;
using std::chrono::milliseconds;
using vedette::probe::test::FakeServer;

namespace {

constexpr HttpLimits kSmall{.patience = milliseconds(2000), .max_body = 1000};

ErrorCode error_of(const Result<HttpAnswer>& answer) {
    REQUIRE_FALSE(answer);
    return answer.error().code;
}

}  // namespace

TEST_CASE("http: whole answers in the ways that servers send them") {
    for (const std::string& answer :
         {std::string(
              "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nLibpod-Api-Version: 4.3.1\r\n\r\nhello"),
          std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nLibpod-Api-Version: "
                      "4.3.1\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"),
          std::string("HTTP/1.0 200 OK\r\nLibpod-Api-Version: 4.3.1\r\n\r\nhello")}) {
        auto server = FakeServer::answering(answer);
        const auto got = http_get(server.path(), "/_ping");
        REQUIRE(got);
        CHECK(got->status == 200);
        CHECK(got->body == "hello");
        CHECK(got->headers.at("libpod-api-version") == "4.3.1");
    }
}

TEST_CASE("http: byte by byte is as good") {
    FakeServer server([](int fd) {
        FakeServer::read_head(fd);
        for (const char c : std::string("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"))
            FakeServer::send_text(fd, {&c, 1});
    });
    const auto got = http_get(server.path(), "/x");
    REQUIRE(got);
    CHECK(got->status == 404);
    CHECK(got->body == "no");
}

TEST_CASE("http: too much is refused") {
    for (const std::string& answer :
         {"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'x'),
          "HTTP/1.1 200 OK\r\n\r\n" + std::string(100'000, 'x'),
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n" +
              std::string(0xffff, 'x') + "\r\n0\r\n\r\n",
          "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n"}) {
        auto server = FakeServer::answering(answer);
        CHECK(error_of(http_get(server.path(), "/x", kSmall)) == ErrorCode::kLimit);
    }
}

TEST_CASE("http: what is none, or ends early, is an error") {
    for (const char* answer :
         {"", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
          "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "HTTP/1.1", "\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
        auto server = FakeServer::answering(answer);
        CHECK_FALSE(http_get(server.path(), "/x", kSmall));
    }
}

TEST_CASE("http: who says nothing, or goes on for ever, is left in time") {
    FakeServer silent([](int fd) {
        pollfd one = {fd, POLLIN, 0};
        char c = 0;
        while (poll(&one, 1, 5000) > 0 && read(fd, &c, 1) > 0) {
        }
    });
    const auto begun = std::chrono::steady_clock::now();
    CHECK(error_of(http_get(silent.path(), "/x", {.patience = milliseconds(50), .max_body = 10})) ==
          ErrorCode::kUnavailable);
    CHECK(std::chrono::steady_clock::now() - begun < milliseconds(4000));

    FakeServer dripping([](int fd) {
        FakeServer::read_head(fd);
        FakeServer::send_text(fd, "HTTP/1.1 200 OK\r\n");
        while (send(fd, "X: y\r\n", 6, MSG_NOSIGNAL) > 0)
            std::this_thread::sleep_for(milliseconds(5));
    });
    CHECK_FALSE(http_get(dripping.path(), "/x", {.patience = milliseconds(100), .max_body = 10}));
}

TEST_CASE("http: no socket, nobody there, too long a path") {
    CHECK(error_of(http_get("/nonexistent/docker.sock", "/x")) == ErrorCode::kNotFound);
    CHECK(error_of(http_get("/" + std::string(200, 'x'), "/x")) == ErrorCode::kInvalid);
}

TEST_CASE("http: a socket that somebody else than root serves is not believed") {
    if (geteuid() != 0)
        return;  // only root can be somebody else
    // Of this thread alone: it is another user while it begins to listen.
    REQUIRE(syscall(SYS_setresuid, -1, 65534, -1) == 0);
    auto server = FakeServer::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK");
    REQUIRE(syscall(SYS_setresuid, -1, 0, -1) == 0);
    CHECK(error_of(http_get(server.path(), "/_ping")) == ErrorCode::kDenied);
}
