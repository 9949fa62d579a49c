// SPDX-License-Identifier: Apache-2.0
//
// Answers without an end.
#include <atomic>
#include <mutex>

#include "tests/unit/face/plain_server.h"

using namespace vedette;
using namespace std::chrono_literals;
using test::PlainServer;
using test::Raw;

namespace {

constexpr std::string_view kGet = "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Says what it is given, or the same without end.
class Stream final : public api::BodyStream {
   public:
    explicit Stream(bool endless, std::atomic<int>& living) : endless_(endless), living_(living) {
        ++living_;
    }
    ~Stream() override { --living_; }
    void start(std::function<void()> wake) override {
        const std::lock_guard lock(mutex_);
        wake_ = std::move(wake);
    }
    std::string take() override {
        if (endless_)
            return std::string(64 << 10, 'x');
        const std::lock_guard lock(mutex_);
        return std::exchange(pending_, {});
    }
    std::string heartbeat() override { return "beat"; }
    void say(std::string_view text) {
        const std::lock_guard lock(mutex_);
        pending_ += text;
        if (wake_)
            wake_();
    }

   private:
    const bool endless_;
    std::atomic<int>& living_;
    std::mutex mutex_;
    std::string pending_;
    std::function<void()> wake_;
};

/// GET /x gives a stream, all else an answer.
struct StreamServer {
    explicit StreamServer(bool endless, size_t connections = 16)
        : server({.connections = connections, .step = 300ms, .idle = 600ms, .heartbeat = 200ms},
                 [this, endless](const api::Request& request) {
                     if (request.path != "/x")
                         return api::Response::text("answer");
                     api::Response response;
                     const auto stream = std::make_shared<Stream>(endless, living);
                     response.stream = stream;
                     const std::lock_guard lock(mutex);
                     streams.push_back(stream);
                     return response;
                 }) {}
    std::shared_ptr<Stream> last() {
        for (int i = 0; i < 500; ++i, std::this_thread::sleep_for(10ms)) {
            const std::lock_guard lock(mutex);
            if (!streams.empty())
                if (auto stream = streams.back().lock())
                    return stream;
        }
        return nullptr;
    }
    bool none_lives() {
        for (int i = 0; i < 500 && living > 0; ++i)
            std::this_thread::sleep_for(10ms);
        return living == 0;
    }

    std::atomic<int> living = 0;
    std::mutex mutex;
    std::vector<std::weak_ptr<Stream>> streams;
    PlainServer server;
};

}  // namespace

TEST_CASE("a stream says what comes, when it comes, and that it is there", "[http-server]") {
    StreamServer stage(false);
    const Raw client(stage.server.server.port());
    REQUIRE(client.send(kGet));
    auto stream = stage.last();
    REQUIRE(stream);
    for (int i = 0; i < 100; ++i)
        stream->say("<" + std::to_string(i) + ">");
    stream.reset();
    const std::string heard = client.receive(1s);
    CHECK(heard.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(heard.find("Content-Length") == std::string::npos);
    CHECK(heard.find("Connection: close\r\n") != std::string::npos);
    size_t at = 0;
    for (int i = 0; i < 100; ++i) {
        at = heard.find("<" + std::to_string(i) + ">", at);
        REQUIRE(at != std::string::npos);
    }
    CHECK(heard.find("beat", at) != std::string::npos);
    CHECK(stage.living == 1);
}

TEST_CASE("a stream ends with its peer, whether it closes or speaks", "[http-server]") {
    StreamServer stage(false);
    {
        const Raw client(stage.server.server.port());
        REQUIRE(client.send(kGet));
        REQUIRE(stage.last());
    }
    CHECK(stage.none_lives());
    const Raw client(stage.server.server.port());
    REQUIRE(client.send(kGet));
    REQUIRE(client.receive(100ms).starts_with("HTTP/1.1 200"));
    client.send(kGet);
    CHECK(client.closes(5s));
    CHECK(stage.none_lives());
}

TEST_CASE("a peer that does not read is cut off, and holds up nobody", "[http-server]") {
    StreamServer stage(true);
    const Raw asleep(stage.server.server.port());
    REQUIRE(asleep.send(kGet));
    REQUIRE(stage.last());
    for (int i = 0; i < 20; ++i)
        CHECK(stage.server.ask("GET /y HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                  .ends_with("answer"));
    CHECK(stage.none_lives());
    CHECK(stage.server.dropped("timeout") == 1);
}

TEST_CASE("who is streamed to does not give way to a crowd", "[http-server]") {
    StreamServer stage(false, 4);
    const Raw client(stage.server.server.port());
    REQUIRE(client.send(kGet));
    REQUIRE(client.receive(100ms).starts_with("HTTP/1.1 200"));
    std::vector<std::unique_ptr<Raw>> crowd;
    for (int i = 0; i < 20; ++i)
        crowd.push_back(std::make_unique<Raw>(stage.server.server.port()));
    CHECK(stage.server.ask("GET /y HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
              .ends_with("answer"));
    const auto stream = stage.last();
    REQUIRE(stream);
    stream->say("still");
    CHECK(client.receive(500ms).find("still") != std::string::npos);
}

TEST_CASE("stopping ends streams, also of those who do not read", "[http-server]") {
    for (const bool endless : {false, true}) {
        std::optional<StreamServer> stage(std::in_place, endless);
        const Raw client(stage->server.server.port());
        REQUIRE(client.send(kGet));
        REQUIRE(stage->last());
        const auto begin = std::chrono::steady_clock::now();
        stage.reset();
        CHECK(std::chrono::steady_clock::now() - begin < 5s);
        CHECK(client.closes(5s));
    }
}
