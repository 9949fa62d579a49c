// SPDX-License-Identifier: Apache-2.0
//
// What others ask the probe: questions that it passes on to its agent, and the feed of processes.
#include <google/protobuf/descriptor.h>
#include <grpcpp/generic/generic_stub.h>

#include <algorithm>

#include "system-probe/commands/command_client.h"
#include "tests/unit/system_probe/stream_probe.h"
#include "vedette/v1/event_monitoring.grpc.pb.h"

namespace vedette::probe {
namespace {

using namespace test;
using namespace std::chrono_literals;

/// Answers the first question that the agent gets.
void answer_one(Agent& agent, const std::function<void(const v1::Question&, v1::Answer&)>& fill) {
    v1::SubscribeResponse response;
    while (agent.read(response)) {
        if (!response.has_question())
            continue;
        v1::SubscribeRequest request;
        request.mutable_answer()->set_id(response.question().id());
        fill(response.question(), *request.mutable_answer());
        return agent.write(request);
    }
    FAIL("no question came");
}

/// One that listens to processes.
class Listener {
   public:
    Listener(const Probe& probe, bool snapshot)
        : stub_(v1::EventMonitoring::NewStub(probe.channel("cmd.sock"))) {
        context_.set_deadline(std::chrono::system_clock::now() + 20s);
        v1::GetProcessEventsRequest request;
        request.set_snapshot(snapshot);
        reader_ = stub_->GetProcessEvents(&context_, request);
    }
    std::vector<v1::ProcessEvent> events(size_t count) {
        std::vector<v1::ProcessEvent> out;
        v1::ProcessEvents message;
        while (out.size() < count && reader_->Read(&message)) {
            lost += message.lost();
            out.insert(out.end(), message.events().begin(), message.events().end());
        }
        REQUIRE(out.size() >= count);
        return out;
    }
    /// The status is there once nothing is left to read.
    grpc::Status finish() {
        v1::ProcessEvents message;
        while (reader_->Read(&message)) {
        }
        return reader_->Finish();
    }
    void hang_up() { context_.TryCancel(); }

    uint64_t lost = 0;

   private:
    std::unique_ptr<v1::EventMonitoring::Stub> stub_;
    grpc::ClientContext context_;
    std::unique_ptr<grpc::ClientReader<v1::ProcessEvents>> reader_;
};

void push_life(Probe& probe, uint32_t pid) {
    probe.ring.push(fork_record(image(pid), image(10), 1'000));
    probe.ring.push(exec_record(image(pid, 1), image(10), 2'000));
    probe.ring.push(exit_record(image(pid, 1), 3'000, 7));
}

TEST_CASE("commands: a question goes to the agent and its answer comes back") {
    Probe probe;
    Agent agent(probe);
    (void)agent.welcome();
    std::thread answering([&] {
        answer_one(agent, [](const v1::Question& question, v1::Answer& answer) {
            CHECK(question.kind() == v1::Question::KIND_SELF_TEST);
            answer.mutable_self_test()->set_error("chmod did not come back");
            answer.mutable_self_test()->add_fails("chmod");
        });
    });
    const auto result = ask_self_test(probe.path("cmd.sock"));
    answering.join();
    REQUIRE(result);
    CHECK_FALSE(result->ok());
    CHECK(result->error() == "chmod did not come back");
    CHECK(result->fails(0) == "chmod");
}

TEST_CASE("commands: every method of the services is served, and no other") {
    std::vector<Route> routes = command_routes({});
    routes.push_back(monitoring_route({}));
    std::vector<std::string> served;
    for (const Route& route : routes)
        served.push_back(route.method);
    std::vector<std::string> defined;
    const auto* pool = google::protobuf::DescriptorPool::generated_pool();
    for (const char* name : {"vedette.v1.Command", "vedette.v1.EventMonitoring"}) {
        const auto* service = pool->FindServiceByName(name);
        REQUIRE(service);
        for (int i = 0; i < service->method_count(); ++i)
            defined.push_back("/" + service->full_name() + "/" + service->method(i)->name());
    }
    std::ranges::sort(served);
    std::ranges::sort(defined);
    CHECK(served == defined);

    Probe probe;
    grpc::GenericStub stub(probe.channel("cmd.sock"));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + 10s);
    grpc::CompletionQueue done;
    const auto call =
        stub.PrepareUnaryCall(&context, "/vedette.v1.Command/Shutdown", grpc::ByteBuffer(), &done);
    call->StartCall();
    grpc::ByteBuffer nothing;
    grpc::Status status;
    call->Finish(&nothing, &status, &done);
    void* tag = nullptr;
    bool ok = false;
    REQUIRE(done.Next(&tag, &ok));
    CHECK(status.error_code() == grpc::StatusCode::UNIMPLEMENTED);
}

TEST_CASE("commands: who asks is told when the agent cannot answer") {
    Probe probe;
    const auto nobody = ask_reload(probe.path("cmd.sock"));
    REQUIRE_FALSE(nobody);
    CHECK_THAT(nobody.error().message, ContainsSubstring("no agent is connected"));

    Agent agent(probe);
    (void)agent.welcome();
    std::thread answering([&] { answer_one(agent, [](const auto&, const auto&) {}); });
    const auto ignorant = ask_rule_set_report(probe.path("cmd.sock"));
    answering.join();
    REQUIRE_FALSE(ignorant);
    CHECK_THAT(ignorant.error().message, ContainsSubstring("does not know how"));

    std::thread leaving([&] {
        v1::SubscribeResponse response;
        while (agent.read(response) && !response.has_question()) {
        }
        agent.hang_up();
    });
    const auto left = ask_reload(probe.path("cmd.sock"));
    leaving.join();
    REQUIRE_FALSE(left);
    CHECK_THAT(left.error().message, ContainsSubstring("no agent is connected"));
}

TEST_CASE("commands: an answer that nobody waits for is ignored") {
    Probe probe;
    Agent agent(probe);
    (void)agent.welcome();
    v1::SubscribeRequest request;
    request.mutable_answer()->set_id(77);
    request.mutable_answer()->mutable_self_test()->set_ok(true);
    agent.write(request);
    probe.ring.push(open_record(image(10), 1, "/x"));
    CHECK(agent.events(1).size() == 1);
}

TEST_CASE("process events: several listeners get forks, execs and exits with their processes") {
    Probe probe;
    probe.ring.push(fork_record(image(40), image(10), 500));
    CHECK(eventually([&] { return status_of(probe).resolver().processes() >= 1; }));
    Listener with_snapshot(probe, true);
    CHECK(with_snapshot.events(1)[0].type() == v1::ProcessEvent::TYPE_SNAPSHOT);
    // Its first fork says that the other listens, too.
    Listener plain(probe, false);
    std::atomic<bool> heard = false;
    std::thread knocking([&] {
        for (uint32_t pid = 1'000; !heard; ++pid) {
            push_life(probe, pid);
            std::this_thread::sleep_for(1ms);
        }
    });
    const auto first = plain.events(6);
    heard = true;
    knocking.join();
    // Lives come whole once it listens; the first may have begun before.
    const auto exit =
        std::ranges::find(first, v1::ProcessEvent::TYPE_EXIT, &v1::ProcessEvent::type);
    REQUIRE(exit != first.end());
    CHECK(exit->exit().code() == 7);
    CHECK(exit->process().exit_time() != 0);
    const auto exec =
        std::ranges::find(first, v1::ProcessEvent::TYPE_EXEC, &v1::ProcessEvent::type);
    REQUIRE(exec != first.end());
    CHECK(exec->process().is_exec());
    CHECK(exec->timestamp() == 2'000);
    CHECK(with_snapshot.events(6).size() >= 6);
    CHECK(plain.lost + with_snapshot.lost == 0);
    probe.stop();
    CHECK(plain.finish().error_code() == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE("process events: there is a bound to how many listen") {
    Probe probe;
    std::vector<std::unique_ptr<Listener>> listeners;
    probe.ring.push(fork_record(image(40), image(10), 500));
    CHECK(eventually([&] { return status_of(probe).resolver().processes() >= 1; }));
    for (size_t i = 0; i < ProcessFeed::kMaxListeners; ++i) {
        listeners.push_back(std::make_unique<Listener>(probe, true));
        (void)listeners.back()->events(1);
    }
    Listener one_more(probe, false);
    const auto refused = one_more.finish();
    CHECK_FALSE(refused.ok());
    CHECK_THAT(refused.error_message(), ContainsSubstring("8 listen already"));
}

}  // namespace
}  // namespace vedette::probe
