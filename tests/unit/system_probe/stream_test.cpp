// SPDX-License-Identifier: Apache-2.0
//
// The whole way from records to a real gRPC client over real sockets.
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "system-probe/commands/command_client.h"
#include "tests/unit/system_probe/stream_probe.h"

namespace vedette::probe {
namespace {

using namespace test;
using namespace std::chrono_literals;

TEST_CASE("records become events at a subscribed agent, in order and whole") {
    Probe probe;
    Agent agent(probe);
    const auto welcome = agent.welcome();
    CHECK(welcome.instance_id() == 4242);
    CHECK(welcome.reset_mirror());
    constexpr size_t kCount = 20'000;
    for (uint64_t n = 0; n < kCount; ++n) {
        probe.ring.push(open_record(image(10), n, "/file/" + std::to_string(n)));
    }
    const auto events = agent.events(kCount);
    CHECK(events.size() == kCount);
    for (size_t n = 0; n < kCount; ++n) {
        if (events[n].open().file().path() != "/file/" + std::to_string(n))
            FAIL("event " << n);
    }
    agent.acknowledge(kCount);
    CHECK(eventually([&] { return status_of(probe).stream().acknowledged() == kCount; }));
    const auto status = status_of(probe);
    CHECK(status.stream().held_events() == 0);
    CHECK(status.stream().subscriber());
    CHECK(status.source() == "fake");
    CHECK(status.hooks(0).reason() == "because");
    CHECK(status.resolver().placeholders() == 1);
    CHECK(status.ring_bytes() == 4096);
}

TEST_CASE("an agent that was killed resumes at the first event it has not evaluated") {
    Probe probe;
    uint64_t instance = 0;
    {
        Agent agent(probe);
        instance = agent.welcome().instance_id();
        for (uint64_t n = 0; n < 100; ++n)
            probe.ring.push(open_record(image(10), n));
        (void)agent.events(100);
        agent.acknowledge(50);
        agent.hang_up();
        (void)agent.finish();
    }
    CHECK(eventually([&] { return !status_of(probe).stream().subscriber(); }));
    for (uint64_t n = 100; n < 200; ++n) {
        probe.ring.push(open_record(image(10), n, "/late/" + std::to_string(n)));
    }
    Agent again(probe, instance, 100);
    const auto welcome = again.welcome();
    CHECK_FALSE(welcome.reset_mirror());
    CHECK(welcome.missed() == 0);
    CHECK(welcome.next_sequence() == 101);
    const auto events = again.events(100);
    CHECK(events.front().open().file().path() == "/late/100");
    CHECK(again.next == 201);
}

TEST_CASE("a newer agent replaces the older one, which is told") {
    Probe probe;
    Agent older(probe);
    (void)older.welcome();
    Agent newer(probe);
    (void)newer.welcome();
    v1::SubscribeResponse response;
    while (older.read(response)) {
    }
    const auto status = older.finish();
    CHECK((status.error_code() == grpc::StatusCode::UNAVAILABLE ||
           status.error_code() == grpc::StatusCode::CANCELLED));
    probe.ring.push(open_record(image(10), 1));
    CHECK(newer.events(1).size() == 1);
}

uint64_t open_events_dropped(Probe& probe) {
    const auto status = status_of(probe);
    for (const auto& type : status.events()) {
        if (type.event_type() == "open" && type.lost().count("queue_full") > 0)
            return type.lost().at("queue_full");
    }
    return 0;
}

TEST_CASE("an agent that does not read never blocks the probe, and what it loses is counted") {
    Probe probe(1 << 20);
    Agent agent(probe);
    (void)agent.welcome();
    constexpr uint64_t kCount = 50'000;
    for (uint64_t n = 0; n < kCount; ++n) {
        probe.ring.push(open_record(image(10), n, "/" + std::string(200, 'x')));
    }
    CHECK(eventually([&] {
        return status_of(probe).stream().next_sequence() - 1 + open_events_dropped(probe) == kCount;
    }));
    CHECK(open_events_dropped(probe) > 0);
    CHECK(status_of(probe).stream().held_bytes() <= 1 << 20);
    // What it was promised is all there, in the same call; then it is told of the rest and goes on.
    uint64_t read = 0;
    uint64_t told = 0;
    v1::SubscribeResponse response;
    while (read + told < kCount && agent.read(response)) {
        read += static_cast<uint64_t>(response.batch().events_size());
        for (const auto& loss : response.batch().lost())
            told += loss.count();
        agent.acknowledge(read);
    }
    CHECK(read + told == kCount);
    CHECK(told == open_events_dropped(probe));
}

TEST_CASE("losses in the kernel and malformed records reach the agent as numbers") {
    Probe probe;
    Agent agent(probe);
    (void)agent.welcome();
    probe.ring.lose(VDT_OPEN, 7);
    probe.ring.push("garbage");
    auto damaged = open_record(image(10), 1);
    damaged.resize(damaged.size() - 1);
    probe.ring.push(damaged);
    std::map<std::pair<uint32_t, int>, uint64_t> lost;
    v1::SubscribeResponse response;
    const std::map<std::pair<uint32_t, int>, uint64_t> expected = {
        {{v1::Event::kOpenFieldNumber, v1::Loss::REASON_RING_FULL}, 7},
        {{v1::Event::kOpenFieldNumber, v1::Loss::REASON_DECODE}, 1},
        {{0, v1::Loss::REASON_DECODE}, 1}};
    while (lost != expected && agent.read(response)) {
        for (const auto& loss : response.batch().lost()) {
            lost[{loss.event_type(), loss.reason()}] += loss.count();
        }
    }
    CHECK(lost == expected);
}

TEST_CASE("an agent that does not keep to the protocol is refused") {
    Probe probe;
    auto stub = v1::EventStream::NewStub(probe.channel());
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + 10s);
    auto stream = stub->Subscribe(&context);
    v1::SubscribeRequest ack;
    ack.mutable_ack()->set_sequence(5);
    stream->Write(ack);
    v1::SubscribeResponse response;
    CHECK_FALSE(stream->Read(&response));
    CHECK(stream->Finish().error_code() == grpc::StatusCode::FAILED_PRECONDITION);

    Agent twice(probe);
    (void)twice.welcome();
    v1::SubscribeRequest hello;
    hello.mutable_hello();
    twice.write(hello);
    while (twice.read(response)) {
    }
    CHECK(twice.finish().error_code() == grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_CASE("a request that is too large ends the call, and the probe holds none of it") {
    Probe probe;
    Agent agent(probe);
    (void)agent.welcome();
    v1::SubscribeRequest large;
    large.mutable_file_question()->mutable_file()->set_path(std::string(100'000, 'x'));
    agent.write(large);
    v1::SubscribeResponse response;
    while (agent.read(response)) {
    }
    CHECK(agent.finish().error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
    Agent next(probe);
    (void)next.welcome();
}

TEST_CASE("an orderly stop sends what is left, then ends the call") {
    Probe probe;
    Agent agent(probe);
    (void)agent.welcome();
    for (uint64_t n = 0; n < 5000; ++n)
        probe.ring.push(open_record(image(10), n));
    std::thread stopper([&] { probe.stop(); });
    CHECK(agent.events(5000).size() == 5000);
    v1::SubscribeResponse response;
    while (agent.read(response)) {
    }
    const auto status = agent.finish();
    stopper.join();
    CHECK(status.error_code() == grpc::StatusCode::UNAVAILABLE);
    CHECK_THAT(status.error_message(), ContainsSubstring("stopping"));
}

TEST_CASE("stopping does not wait for an agent that does not read") {
    Probe probe;
    Agent agent(probe);
    (void)agent.welcome();
    for (uint64_t n = 0; n < 5000; ++n) {
        probe.ring.push(open_record(image(10), n, "/" + std::string(1000, 'x')));
    }
    const auto begin = std::chrono::steady_clock::now();
    probe.stop();
    CHECK(std::chrono::steady_clock::now() - begin < 8s);
    agent.hang_up();
}

/// What the kernel and the probe say to a process of that uid: 0 connected and served, 1 refused after connecting,
/// 2 could not connect. Only async-signal-safe calls: gRPC has threads.
int connect_as(uid_t uid, gid_t gid, const std::string& path) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const pid_t child = fork();
    if (child == 0) {
        if (syscall(SYS_setgroups, 0, nullptr) != 0 || syscall(SYS_setresgid, gid, gid, gid) != 0 ||
            syscall(SYS_setresuid, uid, uid, uid) != 0) {
            _exit(3);
        }
        const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            _exit(2);
        char byte = 0;
        _exit(read(fd, &byte, 1) > 0 ? 0 : 1);  // a server's settings frame comes first, or the end
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_CASE("only root and the agent may connect: others are refused and counted") {
    if (geteuid() != 0) {
        WARN("needs root to become another user");
        return;
    }
    constexpr gid_t kGroup = 65533;
    Probe probe(1u << 20, kGroup);
    CHECK(connect_as(65532, 65532, probe.path()) == 2);  // the mode keeps them out
    CHECK(probe.refused == 0);
    CHECK(connect_as(65532, kGroup, probe.path()) == 1);  // in the group, but not the user
    CHECK(probe.refused == 1);
    CHECK(connect_as(0, 0, probe.path()) == 0);
    CHECK(probe.refused == 1);
}

TEST_CASE("commands: what the probe is asked for on its command socket") {
    Probe probe;
    const std::string socket = probe.path("cmd.sock");
    const auto config = ask_config(socket);
    REQUIRE(config);
    CHECK(config->yaml() == "a: 1\n");
    const auto path = ask_process_dump(socket, {});
    REQUIRE(path);
    struct stat found = {};
    REQUIRE(stat(path->c_str(), &found) == 0);
    CHECK((found.st_mode & 07777) == 0400);
    const auto again = ask_process_dump(socket, {});
    REQUIRE_FALSE(again);
    CHECK_THAT(again.error().message, ContainsSubstring("less than a second ago"));
    const auto nobody = ask_config(probe.path("no.sock"));
    REQUIRE_FALSE(nobody);
    CHECK_THAT(nobody.error().message, ContainsSubstring("system-probe does not run"));
}

TEST_CASE("who may connect") {
    const PeerPolicy policy{.own_uid = 500, .agent_uid = 600};
    CHECK(policy.allows(0));
    CHECK(policy.allows(500));
    CHECK(policy.allows(600));
    CHECK_FALSE(policy.allows(601));
    CHECK_FALSE(PeerPolicy{.own_uid = 0, .agent_uid = std::nullopt}.allows(65534));
}

}  // namespace
}  // namespace vedette::probe
