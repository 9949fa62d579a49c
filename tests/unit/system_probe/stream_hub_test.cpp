// SPDX-License-Identifier: Apache-2.0
#include "system-probe/stream/stream_hub.h"

#include "tests/unit/catch.h"
#include "tests/unit/system_probe/records.h"

namespace vedette::probe {
namespace {

using namespace test;

struct FakeAgent : Subscriber {
    std::vector<v1::SubscribeResponse> first;
    std::vector<v1::SubscribeResponse> sent;
    uint64_t number = 0;
    int wakes = 0;
    std::string closed;
    std::string drained;

    void begin(std::vector<Frame> frames, uint64_t from) override {
        for (const auto& frame : frames)
            REQUIRE(first.emplace_back().ParseFromString(*frame));
        number = from;
    }
    void send(Frame frame) override { REQUIRE(sent.emplace_back().ParseFromString(*frame)); }
    void wake() override { ++wakes; }
    void close(const std::string& reason) override { closed = reason; }
    void close_when_drained(const std::string& reason) override { drained = reason; }
    bool open() const override { return closed.empty(); }

    const v1::Welcome& welcome() const { return first.at(0).welcome(); }
    size_t nodes() const {
        size_t count = 0;
        for (const auto& frame : first)
            count += static_cast<size_t>(frame.batch().processes_size());
        return count;
    }
};

struct Fixture {
    BatchQueue queue{16u << 20};
    Names names;
    Batcher batcher{queue, names};
    WallClock clock{[] { return int64_t{0}; }};
    ProcessResolver resolver{{}, clock, names, batcher};
    WorkloadTable workloads{{}, batcher};
    StreamHub hub{batcher, queue, resolver, workloads, 4242};

    void apply(const Bytes& record) {
        Decoded decoded;
        REQUIRE(decode(as_record(record), decoded));
        resolver.apply(decoded);
        resolver.named_by(batcher.next_sequence());
        batcher.add_event(decoded.event);
        resolver.after_event();
    }
    static v1::Hello hello(uint64_t instance, uint64_t last) {
        v1::Hello out;
        out.set_instance_id(instance);
        out.set_last_sequence(last);
        return out;
    }
};

TEST_CASE("a fresh agent forgets everything and gets all processes before the events") {
    Fixture f;
    for (uint32_t pid = 10; pid < 500; ++pid)
        f.apply(fork_record(image(pid), image(0), pid));
    auto agent = std::make_shared<FakeAgent>();
    const auto result = f.hub.subscribe(agent, Fixture::hello(0, 0));
    CHECK(result.reset_mirror);
    CHECK(result.missed == 0);
    CHECK(agent->welcome().instance_id() == 4242);
    CHECK(agent->welcome().reset_mirror());
    CHECK(agent->welcome().next_sequence() == 1);
    CHECK(agent->nodes() == 490);
    CHECK(agent->number == 1);
    CHECK(f.hub.connected());
}

TEST_CASE("a fresh agent hears of all containers before the processes in them") {
    Fixture f;
    for (int i = 0; i < 300; ++i) {
        v1::Workload workload;
        workload.set_container_id(std::to_string(i));
        workload.set_metadata(v1::Workload::METADATA_KNOWN);
        workload.set_name(std::string(500, 'n'));
        f.workloads.found(workload);
    }
    f.apply(fork_record(image(10), image(0), 10));
    auto agent = std::make_shared<FakeAgent>();
    f.hub.subscribe(agent, Fixture::hello(0, 0));
    int workloads = 0;
    bool node_seen = false;
    for (const auto& frame : agent->first) {
        CHECK_FALSE((node_seen && frame.batch().workloads_size() > 0));
        node_seen = node_seen || frame.batch().processes_size() > 0;
        workloads += frame.batch().workloads_size();
        CHECK(frame.ByteSizeLong() <= Batcher::kMaxBytes + 4096);
    }
    CHECK(workloads == 300);
    CHECK(node_seen);
}

TEST_CASE("the snapshot comes in frames of bounded size") {
    Fixture f;
    for (uint32_t pid = 10; pid < 200; ++pid) {
        f.apply(exec_record(image(pid, 1), image(0), pid, {.argv = std::string(4000, 'x')}));
    }
    auto agent = std::make_shared<FakeAgent>();
    f.hub.subscribe(agent, Fixture::hello(0, 0));
    CHECK(agent->first.size() > 10);
    for (const auto& frame : agent->first)
        CHECK(frame.ByteSizeLong() < Batcher::kMaxBytes + 8192);
    CHECK(agent->nodes() == 190);
}

TEST_CASE("an agent that knows this probe goes on without a snapshot") {
    Fixture f;
    for (uint32_t pid = 10; pid < 20; ++pid)
        f.apply(fork_record(image(pid), image(0), pid));
    auto agent = std::make_shared<FakeAgent>();
    f.hub.subscribe(agent, Fixture::hello(4242, 10));
    // It cannot have what was never taken: the batch is there for it again.
    CHECK(agent->number == 1);
    std::shared_ptr<const std::string> bytes;
    REQUIRE(f.queue.take(1, bytes) == BatchQueue::Take::kBatch);
    auto again = std::make_shared<FakeAgent>();
    const auto result = f.hub.subscribe(again, Fixture::hello(4242, 10));
    CHECK(result.replaced);
    CHECK_FALSE(result.reset_mirror);
    CHECK(again->first.size() == 1);
    CHECK(again->welcome().next_sequence() == 11);
    CHECK(again->number == 2);
}

TEST_CASE("an agent of another run of the probe, or from the future, starts afresh") {
    Fixture f;
    f.apply(fork_record(image(10), image(0), 5));
    auto other = std::make_shared<FakeAgent>();
    CHECK(f.hub.subscribe(other, Fixture::hello(1, 1)).reset_mirror);
    auto future = std::make_shared<FakeAgent>();
    CHECK(f.hub.subscribe(future, Fixture::hello(4242, 1'000'000)).reset_mirror);
}

TEST_CASE("an agent that takes no differences gets none, not even of what waits for it") {
    Fixture f;
    f.apply(exec_record(image(10, 1), image(0), 5));
    f.apply(fork_record(image(11, 1), image(10, 1), 6));
    f.apply(exit_record(image(11, 1), 7));
    f.batcher.flush();
    auto older = std::make_shared<FakeAgent>();
    const auto result = f.hub.subscribe(older, Fixture::hello(0, 0));
    CHECK(result.reset_mirror);
    CHECK(older->nodes() == 2);
    f.apply(fork_record(image(12, 1), image(10, 1), 8));
    f.hub.flush();
    uint64_t events = 0;
    int changes = 0;
    std::shared_ptr<const std::string> bytes;
    for (uint64_t number = older->number; f.queue.take(number, bytes) == BatchQueue::Take::kBatch;
         ++number) {
        v1::SubscribeResponse message;
        REQUIRE(message.ParseFromString(*bytes));
        events += static_cast<uint64_t>(message.batch().events_size());
        for (const auto& update : message.batch().processes()) {
            ++changes;
            CHECK(update.program_of() == 0);
            CHECK_FALSE(update.ended());
            CHECK(update.node().has_file());
        }
    }
    CHECK(events == 4);
    CHECK(changes ==
          1);  // the fork since then: what was before must not undo what the snapshot says
    auto hello = Fixture::hello(4242, 4);
    hello.set_takes_differences(true);
    auto newer = std::make_shared<FakeAgent>();
    CHECK_FALSE(f.hub.subscribe(newer, hello).reset_mirror);
    f.apply(fork_record(image(13, 1), image(10, 1), 9));
    f.hub.flush();
    REQUIRE(f.queue.take(newer->number, bytes) == BatchQueue::Take::kBatch);
    v1::SubscribeResponse message;
    REQUIRE(message.ParseFromString(*bytes));
    REQUIRE(message.batch().processes_size() == 1);
    CHECK(message.batch().processes(0).program_of() != 0);
}

TEST_CASE("a newer subscriber replaces the older one and says so") {
    Fixture f;
    auto older = std::make_shared<FakeAgent>();
    auto newer = std::make_shared<FakeAgent>();
    CHECK_FALSE(f.hub.subscribe(older, Fixture::hello(0, 0)).replaced);
    CHECK(f.hub.subscribe(newer, Fixture::hello(0, 0)).replaced);
    CHECK_THAT(older->closed, ContainsSubstring("newer subscriber"));
    CHECK(newer->open());
    f.apply(fork_record(image(10), image(0), 5));
    const int before = newer->wakes;
    f.hub.flush();
    CHECK(newer->wakes == before + 1);
    newer->closed = "gone";
    f.hub.flush();
    CHECK_FALSE(f.hub.connected());
}

TEST_CASE("an agent that hung up before its turn is let go") {
    Fixture f;
    auto agent = std::make_shared<FakeAgent>();
    agent->closed = "gone";
    f.apply(fork_record(image(10), image(0), 5));
    f.hub.subscribe(agent, Fixture::hello(0, 0));
    CHECK_FALSE(f.hub.connected());
    f.hub.flush();
    CHECK(agent->wakes == 0);
    CHECK(agent.use_count() == 1);
}

TEST_CASE("at the end the last batch is finished before the call") {
    Fixture f;
    auto agent = std::make_shared<FakeAgent>();
    f.hub.subscribe(agent, Fixture::hello(0, 0));
    f.apply(fork_record(image(10), image(0), 5));
    f.hub.finish("stopping");
    CHECK(agent->drained == "stopping");
    CHECK(f.queue.counts().held_events == 1);
}

}  // namespace
}  // namespace vedette::probe
