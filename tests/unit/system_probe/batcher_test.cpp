// SPDX-License-Identifier: Apache-2.0
#include "system-probe/stream/batcher.h"

#include "tests/unit/catch.h"

namespace vedette::probe {
namespace {

v1::Event open_event(size_t path_bytes = 10) {
    v1::Event event;
    event.mutable_open()->mutable_file()->set_path(std::string(path_bytes, 'p'));
    return event;
}

/// An image that has nothing but a key and an argument.
struct Stub : Image {
    explicit Stub(uint64_t a_key, size_t bytes = 10) {
        Program made;
        made.argv = std::string(bytes, 'a');
        program = std::make_shared<const Program>(std::move(made));
        key = a_key;
    }
};

v1::Batch taken(BatchQueue& queue, uint64_t number) {
    std::shared_ptr<const std::string> bytes;
    REQUIRE(queue.take(number, bytes) == BatchQueue::Take::kBatch);
    v1::SubscribeResponse response;
    REQUIRE(response.ParseFromString(*bytes));
    return response.batch();
}

struct Fixture {
    explicit Fixture(size_t max_bytes = 16u << 20) : queue(max_bytes) {}
    BatchQueue queue;
    Names names;
    Batcher batcher{queue, names};

    void batch_of(int events, size_t path_bytes = 10) {
        for (int i = 0; i < events; ++i)
            batcher.add_event(open_event(path_bytes));
        batcher.flush();
    }
};

v1::Loss loss(uint32_t type, v1::Loss::Reason reason, uint64_t count) {
    v1::Loss out;
    out.set_event_type(type);
    out.set_reason(reason);
    out.set_count(count);
    return out;
}

TEST_CASE("changes stand before the event they belong to") {
    Fixture f;
    f.batcher.changed(Stub(1));
    f.batcher.add_event(open_event());
    f.batcher.add_event(open_event());
    f.batcher.changed(Stub(2));
    f.batcher.gone(Stub(1));
    f.batcher.add_event(open_event());
    f.batcher.changed(Stub(3));
    f.batcher.flush();
    const auto batch = taken(f.queue, 1);
    CHECK(batch.first_sequence() == 1);
    REQUIRE(batch.processes_size() == 4);
    CHECK(batch.processes(0).before_event() == 0);
    CHECK(batch.processes(1).before_event() == 2);
    CHECK(batch.processes(2).before_event() == 2);
    CHECK(batch.processes(2).gone());
    CHECK(batch.processes(2).node().key() == 1);
    CHECK(batch.processes(3).before_event() == 3);  // after all events
    CHECK(f.batcher.next_sequence() == 4);
}

TEST_CASE("of a fork the program is named instead of sent, of an end only the time is said") {
    Fixture f;
    Stub parent(1, 5000);
    Stub child(2);
    child.parent = &parent;
    child.program = parent.program;
    child.comm = "child";
    f.batcher.changed(parent);
    f.batcher.changed(child);
    child.exit_time = 77;
    f.batcher.ended(child);
    f.batcher.flush();
    const auto batch = taken(f.queue, 1);
    REQUIRE(batch.processes_size() == 3);
    CHECK(batch.processes(0).program_of() == 0);
    CHECK(batch.processes(0).node().argv_size() == 1);
    const auto& forked = batch.processes(1);
    CHECK(forked.program_of() == 1);
    CHECK(forked.node().comm() == "child");
    CHECK(forked.node().argv_size() == 0);
    CHECK(forked.ByteSizeLong() < 300);
    const auto& ended = batch.processes(2);
    CHECK(ended.ended());
    CHECK(ended.node().key() == 2);
    CHECK(ended.node().exit_time() == 77);
    CHECK(ended.ByteSizeLong() < 20);
}

TEST_CASE("a program that is not the parent's is sent, and so is all to an agent that wants it") {
    Fixture f;
    Stub parent(1);
    Stub child(2);
    child.parent = &parent;
    f.batcher.changed(child);
    child.program = parent.program;
    child.exit_time = 77;
    f.batcher.send_differences(false);
    f.batcher.changed(child);
    f.batcher.ended(child);
    f.batcher.flush();
    const auto batch = taken(f.queue, 1);
    REQUIRE(batch.processes_size() == 3);
    for (const auto& update : batch.processes()) {
        CHECK(update.program_of() == 0);
        CHECK_FALSE(update.ended());
        CHECK(update.node().argv_size() == 1);
    }
    CHECK(batch.processes(2).node().exit_time() == 77);
}

TEST_CASE(
    "what is said of containers stands before the event it belongs to, and is sent alone when "
    "nothing else is") {
    Fixture f;
    v1::Workload workload;
    workload.set_container_id("c1");
    f.batcher.add_event(open_event());
    f.batcher.workload_changed(workload);
    f.batcher.add_event(open_event());
    f.batcher.flush();
    f.batcher.workload_gone("c1");
    CHECK_FALSE(f.batcher.empty());
    f.batcher.flush();
    const auto batch = taken(f.queue, 1);
    REQUIRE(batch.workloads_size() == 1);
    CHECK(batch.workloads(0).before_event() == 1);
    CHECK_FALSE(batch.workloads(0).gone());
    const auto second = taken(f.queue, 2);
    REQUIRE(second.workloads_size() == 1);
    CHECK(second.workloads(0).gone());
    CHECK(second.workloads(0).workload().container_id() == "c1");
}

TEST_CASE("a batch is full at 512 events") {
    Fixture f;
    for (int i = 0; i < Batcher::kMaxEvents; ++i)
        f.batcher.add_event(open_event());
    CHECK(f.batcher.empty());
    CHECK(taken(f.queue, 1).events_size() == Batcher::kMaxEvents);
    f.batcher.add_event(open_event());
    f.batcher.flush();
    CHECK(taken(f.queue, 2).first_sequence() == Batcher::kMaxEvents + 1);
}

TEST_CASE("a batch is full at 64 KiB, and what is too large for one stands alone") {
    Fixture f;
    for (int i = 0; i < 30; ++i)
        f.batcher.add_event(open_event(4096));
    f.batcher.changed(Stub(1, 100'000));
    f.batcher.add_event(open_event());
    f.batcher.flush();
    uint64_t next = 1;
    int changes = 0;
    for (uint64_t number = 1; number <= f.queue.counts().batches; ++number) {
        const auto batch = taken(f.queue, number);
        if (batch.processes_size() == 0)
            CHECK(batch.ByteSizeLong() <= Batcher::kMaxBytes);
        CHECK(batch.first_sequence() == next);
        next += static_cast<uint64_t>(batch.events_size());
        changes += batch.processes_size();
    }
    CHECK(next == 32);
    CHECK(changes == 1);
    CHECK(f.queue.counts().batches >= 3);
}

TEST_CASE("nothing to say, no batch; a loss alone is worth one") {
    Fixture f;
    f.batcher.flush();
    CHECK(f.queue.counts().batches == 0);
    f.batcher.add_loss(loss(19, v1::Loss::REASON_RING_FULL, 0));
    f.batcher.flush();
    CHECK(f.queue.counts().batches == 0);
    f.batcher.add_loss(loss(19, v1::Loss::REASON_RING_FULL, 2));
    f.batcher.add_loss(loss(19, v1::Loss::REASON_RING_FULL, 3));
    f.batcher.add_loss(loss(16, v1::Loss::REASON_DECODE, 1));
    f.batcher.flush();
    const auto batch = taken(f.queue, 1);
    REQUIRE(batch.lost_size() == 2);
    CHECK(batch.first_sequence() == 1);
    f.batch_of(1);
    CHECK(taken(f.queue, 2).lost_size() == 0);  // said once
    CHECK(f.batcher.lost().at({19, v1::Loss::REASON_RING_FULL}) == 5);
    CHECK(f.batcher.delivered().at(v1::Event::kOpenFieldNumber) == 1);
}

TEST_CASE(
    "losses of two cgroups are told apart, those of one are added up with the time they span") {
    Fixture f;
    auto one = loss(19, v1::Loss::REASON_BUDGET, 2);
    one.set_cgroup_id(7);
    one.set_first_time(100);
    one.set_last_time(200);
    f.batcher.add_loss(one);
    one.set_first_time(90);
    one.set_last_time(150);
    f.batcher.add_loss(one);
    one.set_cgroup_id(8);
    f.batcher.add_loss(one);
    f.batcher.flush();
    const auto batch = taken(f.queue, 1);
    REQUIRE(batch.lost_size() == 2);
    CHECK(batch.lost(0).cgroup_id() == 7);
    CHECK(batch.lost(0).count() == 4);
    CHECK(batch.lost(0).first_time() == 90);
    CHECK(batch.lost(0).last_time() == 200);
    CHECK(batch.lost(1).cgroup_id() == 8);
    CHECK(f.batcher.lost().at({19, v1::Loss::REASON_BUDGET}) == 6);
}

TEST_CASE("an acknowledgement lets go of whole batches only") {
    Fixture f;
    f.batch_of(10);
    f.batch_of(10);
    (void)taken(f.queue, 1);
    (void)taken(f.queue, 2);
    f.queue.acknowledge(9);
    CHECK(f.queue.held_sequence() == 1);
    f.queue.acknowledge(10);
    CHECK(f.queue.held_sequence() == 11);
    f.queue.acknowledge(5);  // an older one changes nothing
    CHECK(f.queue.counts().acknowledged == 10);
    f.queue.acknowledge(1000);  // never sent
    CHECK(f.queue.counts().acknowledged == 10);
    CHECK(f.queue.counts().held_events == 10);
    f.queue.acknowledge(20);
    CHECK(f.queue.counts().held_bytes == 0);
    CHECK(f.queue.held_sequence() == 21);
    std::shared_ptr<const std::string> bytes;
    CHECK(f.queue.take(3, bytes) == BatchQueue::Take::kEmpty);
}

FinishedBatch of_processes(uint64_t first_sequence) {
    return {.first_sequence = first_sequence,
            .bytes = std::make_shared<const std::string>(64 << 10, 'x')};
}

TEST_CASE("batches without events are let go by their numbers, and leave room for events") {
    constexpr uint64_t kBatches = 100;
    BatchQueue queue(1 << 20);
    queue.set_reader(true);
    std::shared_ptr<const std::string> bytes;
    for (uint64_t number = 1; number <= kBatches; ++number) {
        CHECK(queue.next_number() == number);
        queue.push(of_processes(1));
        REQUIRE(queue.take(number, bytes) == BatchQueue::Take::kBatch);
        queue.acknowledge(0, number);
        REQUIRE_FALSE(queue.reader_is_behind());
    }
    CHECK(queue.counts().held_bytes == 0);
    CHECK(queue.resume(0).complete);
    // Not what has not been taken, nor an event that has not been evaluated.
    queue.push(of_processes(1));
    queue.push({.first_sequence = 1, .events = 1, .bytes = bytes});
    queue.acknowledge(0, kBatches + 2);
    CHECK(queue.counts().held_bytes == 2 * bytes->size());
    (void)queue.take(kBatches + 2, bytes);
    queue.acknowledge(0, kBatches + 2);
    CHECK(queue.counts().held_events == 1);
    queue.acknowledge(1, kBatches + 2);
    CHECK(queue.counts().held_bytes == 0);
}

TEST_CASE("an agent that does not count batches lets go of them by the next event") {
    BatchQueue queue(1 << 20);
    std::shared_ptr<const std::string> bytes;
    queue.push(of_processes(1));
    queue.push(
        {.first_sequence = 1, .events = 1, .bytes = std::make_shared<const std::string>("x")});
    (void)queue.take(1, bytes);
    (void)queue.take(2, bytes);
    queue.acknowledge(0);
    CHECK(queue.counts().held_bytes > 1);
    queue.acknowledge(1);
    CHECK(queue.counts().held_bytes == 0);
}

TEST_CASE("a batch that was not taken cannot be acknowledged away") {
    Fixture f;
    f.batch_of(10);
    f.queue.acknowledge(10);
    CHECK(f.queue.counts().held_events == 10);
}

TEST_CASE("an agent that comes back goes on where it was") {
    Fixture f;
    for (int i = 0; i < 5; ++i)
        f.batch_of(10);
    for (uint64_t number = 1; number <= 3; ++number)
        (void)taken(f.queue, number);
    f.queue.acknowledge(10);
    const auto resume = f.queue.resume(20);
    CHECK(resume.complete);
    CHECK(resume.missed == 0);
    CHECK(resume.next_sequence == 21);
    CHECK(taken(f.queue, resume.number).first_sequence() == 21);
    CHECK(f.queue.counts().acknowledged == 20);
}

TEST_CASE("an agent without a past gets what is held, and a fresh mirror") {
    Fixture f;
    for (int i = 0; i < 3; ++i)
        f.batch_of(10);
    (void)taken(f.queue, 1);
    f.queue.acknowledge(10);
    const auto resume = f.queue.resume_unknown();
    CHECK_FALSE(resume.complete);
    CHECK(resume.next_sequence == 11);
    CHECK(resume.missed == 0);
}

TEST_CASE("with nobody there the oldest batches go, counted by type") {
    Fixture f(10'000);
    uint64_t made = 0;
    for (int i = 0; i < 100; ++i) {
        f.batch_of(5, 200);
        made += 5;
    }
    const auto counts = f.queue.counts();
    CHECK(counts.held_bytes <= 10'000);
    f.batcher.flush();  // says the last losses
    const auto lost_opens =
        f.batcher.lost().at({v1::Event::kOpenFieldNumber, v1::Loss::REASON_QUEUE_FULL});
    CHECK(lost_opens + f.queue.counts().held_events == made);
    // The agent is told the same, in what it gets.
    const auto resume = f.queue.resume_unknown();
    CHECK(resume.missed == resume.next_sequence - 1);
    uint64_t told = 0;
    for (uint64_t number = resume.number; number <= f.queue.counts().batches; ++number) {
        const auto batch = taken(f.queue, number);
        for (const auto& one : batch.lost())
            told += one.count();
    }
    CHECK(told > 0);
    CHECK(told <= lost_opens);
}

TEST_CASE("an agent that reads slowly keeps what it was promised; newer events go, changes stay") {
    Fixture f(10'000);
    f.queue.set_reader(true);
    for (int i = 0; i < 100; ++i)
        f.batch_of(5, 200);
    f.batcher.add_event(open_event());
    f.batcher.changed(Stub(7));
    f.batcher.flush();
    const auto counts = f.queue.counts();
    CHECK(f.queue.held_sequence() == 1);  // nothing was pulled away
    CHECK(counts.held_bytes <= 10'000);
    const auto lost_opens =
        f.batcher.lost().at({v1::Event::kOpenFieldNumber, v1::Loss::REASON_QUEUE_FULL});
    CHECK(lost_opens + counts.held_events == 501);
    CHECK(f.batcher.delivered().at(v1::Event::kOpenFieldNumber) == counts.held_events);
    CHECK(f.batcher.next_sequence() == counts.held_events + 1);  // no hole in the numbers

    uint64_t told = 0;
    uint64_t next = 1;
    bool changed = false;
    for (uint64_t number = 1; number <= counts.batches; ++number) {
        const auto batch = taken(f.queue, number);
        CHECK(batch.first_sequence() == next);
        next += static_cast<uint64_t>(batch.events_size());
        for (const auto& one : batch.lost())
            told += one.count();
        for (const auto& update : batch.processes())
            changed = changed || (update.node().key() == 7 && update.before_event() == 0);
    }
    CHECK(told == lost_opens);
    CHECK(changed);
    f.queue.acknowledge(next - 1);
    f.batch_of(3);  // it has caught up
    CHECK(f.queue.counts().held_events == 3);
}

TEST_CASE("a mirror is wrong when a batch was dropped that the agent had not seen") {
    Fixture f(3000);
    f.batch_of(2, 400);
    (void)taken(f.queue, 1);
    for (int i = 0; i < 10; ++i)
        f.batch_of(2, 400);
    std::shared_ptr<const std::string> bytes;
    CHECK(f.queue.take(2, bytes) == BatchQueue::Take::kLost);
    const auto resume = f.queue.resume(2);
    CHECK_FALSE(resume.complete);
    CHECK(resume.missed == resume.next_sequence - 3);
    // The dropped batch that it had taken is no loss.
    f.batcher.flush();
    const auto lost_opens =
        f.batcher.lost().at({v1::Event::kOpenFieldNumber, v1::Loss::REASON_QUEUE_FULL});
    CHECK(lost_opens == resume.missed);
}

TEST_CASE("a dropped batch of changes alone makes the mirror wrong too") {
    Fixture f(1500);
    f.batch_of(1);
    (void)taken(f.queue, 1);
    f.queue.acknowledge(1);
    f.batcher.changed(Stub(1, 1000));
    f.batcher.flush();
    f.batch_of(1, 1000);
    CHECK_FALSE(f.queue.resume(1).complete);
}

TEST_CASE("a batch larger than the bound is held alone") {
    Fixture f(100);
    f.batch_of(1, 1000);
    CHECK(f.queue.counts().held_events == 1);
    f.batch_of(1, 1000);
    CHECK(f.queue.counts().held_events == 1);
    CHECK(f.queue.held_sequence() == 2);
}

TEST_CASE("what an attacker would want lost is not dropped for the others' sake") {
    Fixture f(10'000);
    f.queue.set_reader(true);
    for (int i = 0; i < 100; ++i)
        f.batch_of(5, 200);
    const uint64_t batches = f.queue.counts().batches;
    auto open = open_event();
    open.set_cgroup_id(7);
    open.set_timestamp(1000);
    v1::Event exec;
    exec.mutable_exec();
    f.batcher.add_event(open);
    f.batcher.add_event(exec);
    f.batcher.changed(Stub(9));
    f.batcher.add_event(open);
    f.batcher.flush();
    v1::Batch batch;
    for (uint64_t number = 1; number <= f.queue.counts().batches; ++number)
        batch = taken(f.queue, number);
    REQUIRE(f.queue.counts().batches == batches + 1);
    REQUIRE(batch.events_size() == 1);
    CHECK(batch.events(0).has_exec());
    REQUIRE(batch.processes_size() == 1);
    CHECK(batch.processes(0).before_event() == 1);  // still after the exec
    REQUIRE(batch.lost_size() >= 1);
    const auto& lost_opens = batch.lost(batch.lost_size() - 1);
    CHECK(lost_opens.cgroup_id() == 7);
    CHECK(lost_opens.count() == 2);
    CHECK(lost_opens.last_time() == 1000);
    CHECK(f.batcher.next_sequence() == batch.first_sequence() + 1);
    CHECK(f.batcher.delivered().at(v1::Event::kExecFieldNumber) == 1);
}

}  // namespace
}  // namespace vedette::probe
