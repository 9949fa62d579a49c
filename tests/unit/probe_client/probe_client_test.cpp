// SPDX-License-Identifier: Apache-2.0
//
// The stream against a made-up probe: a real gRPC server on a real unix socket.
#include <grpcpp/server_builder.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <condition_variable>
#include <cstring>
#include <deque>
#include <filesystem>
#include <optional>

#include "security-agent/probe_client/backoff.h"
#include "security-agent/probe_client/command_client.h"
#include "security-agent/probe_client/dial.h"
#include "security-agent/probe_client/probe_client.h"
#include "tests/unit/catch.h"
#include "vedette/v1/command.grpc.pb.h"
#include "vedette/v1/event_stream.grpc.pb.h"

using namespace vedette;
using namespace vedette::probe_client;
using namespace std::chrono_literals;

namespace {

struct Directory {
    std::string path;
    Directory() {
        char name[] = "/tmp/vedette-client-XXXXXX";
        path = mkdtemp(name);
    }
    ~Directory() { std::filesystem::remove_all(path); }
};

using Messages = std::vector<v1::SubscribeResponse>;

v1::SubscribeResponse welcome(uint64_t instance, uint64_t next) {
    v1::SubscribeResponse out;
    out.mutable_welcome()->set_instance_id(instance);
    out.mutable_welcome()->set_next_sequence(next);
    return out;
}

v1::SubscribeResponse batch(uint64_t sequence) {
    v1::SubscribeResponse out;
    out.mutable_batch()->set_first_sequence(sequence);
    out.mutable_batch()->add_events()->mutable_fork();
    return out;
}

/// Answers the n-th call with the n-th script, then waits for `acks` acknowledgements and ends the call.
struct FakeProbe final : v1::EventStream::Service, v1::Command::Service {
    struct Script {
        Messages messages;
        size_t acks = 0;
    };

    explicit FakeProbe(const std::string& path) {
        grpc::ServerBuilder builder;
        // As the probe, which leaves deadlines to who asks.
        builder.AddChannelArgument(GRPC_ARG_ENABLE_DEADLINE_CHECKS, 0);
        builder.AddListeningPort("unix:" + path, grpc::InsecureServerCredentials());
        builder.RegisterService(static_cast<v1::EventStream::Service*>(this));
        builder.RegisterService(static_cast<v1::Command::Service*>(this));
        server = builder.BuildAndStart();
    }
    ~FakeProbe() override { server->Shutdown(std::chrono::system_clock::now()); }

    grpc::Status Subscribe(
        grpc::ServerContext*,
        grpc::ServerReaderWriter<v1::SubscribeResponse, v1::SubscribeRequest>* stream) override {
        v1::SubscribeRequest request;
        if (!stream->Read(&request))
            return grpc::Status::OK;
        Script script;
        {
            const std::lock_guard lock(mutex);
            hellos.push_back(request.hello());
            if (scripts.empty())
                return {grpc::StatusCode::UNAVAILABLE, "not now"};
            script = scripts.front();
            scripts.pop_front();
        }
        for (const auto& message : script.messages)
            stream->Write(message);
        for (size_t i = 0; i < script.acks && stream->Read(&request); ++i) {
            const std::lock_guard lock(mutex);
            acks.push_back(request.ack().sequence());
            batches.push_back(request.ack().batch());
        }
        return grpc::Status::OK;
    }

    grpc::Status GetStatus(grpc::ServerContext*, const v1::GetStatusRequest*,
                           v1::ProbeStatus* status) override {
        std::this_thread::sleep_for(slowness);
        status->set_version("9.9");
        return grpc::Status::OK;
    }

    std::mutex mutex;
    std::deque<Script> scripts;
    std::vector<v1::Hello> hellos;
    std::vector<uint64_t> acks;
    std::vector<uint64_t> batches;  ///< the same by Ack.batch
    std::chrono::milliseconds slowness{0};
    std::unique_ptr<grpc::Server> server;
};

struct Client {
    explicit Client(const std::string& path) {
        LogOptions log;
        log.name = "test";
        log.console = false;
        logger = *make_logger(log);
        client = std::make_unique<ProbeClient>(ClientOptions{path, "1.0",
                                                             [this] {
                                                                 const std::lock_guard lock(mutex);
                                                                 return position;
                                                             },
                                                             [this](const auto& message) {
                                                                 take(message.response());
                                                                 return true;
                                                             }},
                                               metrics, *logger,
                                               health.add("probe", Health::Kind::kReadiness, 0s));
        client->start();
    }
    void take(const v1::SubscribeResponse& message) {
        const std::lock_guard lock(mutex);
        came.push_back(message);
        changed.notify_one();
    }
    std::optional<v1::SubscribeResponse> next() {
        std::unique_lock lock(mutex);
        if (!changed.wait_for(lock, 10s, [this] { return !came.empty(); }))
            return std::nullopt;
        v1::SubscribeResponse message = came.front();
        came.pop_front();
        return message;
    }
    void set_position(engine::Position p) {
        const std::lock_guard lock(mutex);
        position = p;
    }

    std::mutex mutex;
    engine::Position position;
    std::condition_variable changed;
    std::deque<v1::SubscribeResponse> came;
    Metrics metrics;
    Health health;
    std::shared_ptr<Logger> logger;
    std::unique_ptr<ProbeClient> client;
};

template <typename Condition>
bool eventually(Condition condition) {
    for (int i = 0; i < 1000; ++i) {
        if (condition())
            return true;
        std::this_thread::sleep_for(10ms);
    }
    return false;
}

}  // namespace

TEST_CASE("probe client: says hello, passes everything on in order, acknowledges, comes back") {
    const Directory directory;
    const std::string path = directory.path + "/events.sock";
    Client agent(path);  // before the probe: it has to wait
    std::this_thread::sleep_for(50ms);
    CHECK_FALSE(agent.client->connected());
    FakeProbe probe(path);
    {
        const std::lock_guard lock(probe.mutex);
        probe.scripts = {{{welcome(5, 1), batch(1), batch(2)}, 2}, {{welcome(5, 3), batch(3)}, 1}};
    }
    REQUIRE(agent.next()->welcome().instance_id() == 5);
    CHECK(agent.client->connected());
    CHECK(agent.health.readiness().ok());
    CHECK(agent.next()->batch().first_sequence() == 1);
    agent.client->acknowledge({4, 7});  // of another probe: not this one's business
    agent.client->acknowledge({5, 1});
    CHECK(agent.next()->batch().first_sequence() == 2);
    agent.set_position({5, 2});
    agent.client->acknowledge({5, 2});
    REQUIRE(agent.next()->welcome().next_sequence() == 3);
    CHECK(agent.next()->batch().first_sequence() == 3);
    agent.client->acknowledge({5, 3, 9});
    REQUIRE(eventually([&] {
        const std::lock_guard lock(probe.mutex);
        return probe.acks.size() == 3;
    }));
    const std::lock_guard lock(probe.mutex);
    CHECK(probe.acks == std::vector<uint64_t>{1, 2, 3});
    CHECK(probe.batches == std::vector<uint64_t>{0, 0, 9});
    REQUIRE(probe.hellos.size() >= 2);
    CHECK(probe.hellos[0].instance_id() == 0);
    CHECK(probe.hellos[1].instance_id() == 5);
    CHECK(probe.hellos[1].last_sequence() == 2);
    CHECK(probe.hellos[1].agent_version() == "1.0");
}

TEST_CASE("probe client: a probe that forgets its welcome is left, and tried again") {
    const Directory directory;
    const std::string path = directory.path + "/events.sock";
    FakeProbe probe(path);
    {
        const std::lock_guard lock(probe.mutex);
        probe.scripts = {{{batch(1)}, 0}, {{welcome(6, 1)}, 1}};
    }
    Client agent(path);
    REQUIRE(agent.next()->welcome().instance_id() == 6);
}

TEST_CASE("probe client: stops at once, connected or waiting") {
    const Directory directory;
    const std::string path = directory.path + "/events.sock";
    const auto begin = std::chrono::steady_clock::now();
    {
        const Client waiting(path);
    }
    FakeProbe probe(path);
    {
        const std::lock_guard lock(probe.mutex);
        probe.scripts = {{{welcome(5, 1)}, 1}};
    }
    {
        Client connected(path);
        REQUIRE(connected.next());
    }
    CHECK(std::chrono::steady_clock::now() - begin < 5s);
}

TEST_CASE("dial: each failure names its cause") {
    const Directory directory;
    const auto missing = dial(directory.path + "/none.sock");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == ErrorCode::kNotFound);
    CHECK_THAT(missing.error().message, ContainsSubstring("system-probe does not run"));

    const auto too_long = dial(std::string(200, 'x'));
    REQUIRE_FALSE(too_long);
    CHECK(too_long.error().code == ErrorCode::kInvalid);

    const std::string dead = directory.path + "/dead.sock";
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, dead.c_str(), dead.size());
    REQUIRE(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
    close(fd);
    const auto nobody = dial(dead);
    REQUIRE_FALSE(nobody);
    CHECK(nobody.error().code == ErrorCode::kUnavailable);
}

TEST_CASE("command client: asks for the status, with a deadline") {
    const Directory directory;
    const std::string path = directory.path + "/cmd.sock";
    CHECK_FALSE(probe_status(path, 1s));
    FakeProbe probe(path);
    const auto status = probe_status(path, 5s);
    REQUIRE(status);
    CHECK(status->version() == "9.9");
    probe.slowness = 500ms;
    const auto begin = std::chrono::steady_clock::now();
    CHECK_FALSE(probe_status(path, 50ms));
    CHECK(std::chrono::steady_clock::now() - begin < 400ms);
}

TEST_CASE("backoff: doubles from 0.2 s to 5 s, a quarter at random, and begins again") {
    Backoff backoff(1);
    int64_t step = 200;
    for (int i = 0; i < 10; ++i, step = std::min<int64_t>(step * 2, 5000)) {
        const int64_t time = backoff.next().count();
        CHECK(time <= step);
        CHECK(time >= step * 3 / 4);
    }
    backoff.reset();
    CHECK(backoff.next() <= 200ms);
}
