// SPDX-License-Identifier: Apache-2.0
//
// A probe without a kernel and agents without an engine, over real sockets.
#pragma once

#include <grpcpp/grpcpp.h>
#include <spdlog/sinks/null_sink.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <deque>
#include <thread>

#include "system-probe/app/pipeline.h"
#include "system-probe/commands/command_service.h"
#include "system-probe/commands/dumps.h"
#include "system-probe/stream/event_service.h"
#include "system-probe/stream/grpc_server.h"
#include "system-probe/stream/peer_listener.h"
#include "system-probe/stream/unix_socket.h"
#include "tests/unit/catch.h"
#include "tests/unit/system_probe/records.h"
#include "tests/unit/system_probe/temp_dir.h"
#include "vedette/v1/command.grpc.pb.h"
#include "vedette/v1/event_stream.grpc.pb.h"

namespace vedette::probe::test {

using namespace std::chrono_literals;

/// A ring that the test fills.
class FakeRing : public RecordSource {
   public:
    void push(Bytes record) {
        const std::lock_guard lock(mutex_);
        records_.push_back(std::move(record));
        filled_.notify_one();
    }
    void lose(vdt_type type, uint64_t count) {
        const std::lock_guard lock(mutex_);
        counters_.seen[type] += count;
        counters_.lost[type][VDT_LOSS_RING_FULL] += count;
    }

    Result<> snapshot(const RecordSink& /*sink*/) override { return {}; }
    Result<size_t> poll(std::chrono::milliseconds timeout, const RecordSink& sink) override {
        std::deque<Bytes> taken;
        {
            std::unique_lock lock(mutex_);
            filled_.wait_for(lock, timeout, [&] { return !records_.empty() || woken_; });
            woken_ = false;
            taken.swap(records_);
        }
        for (const auto& record : taken)
            sink(as_record(record));
        return taken.size();
    }
    void wake() override {
        const std::lock_guard lock(mutex_);
        woken_ = true;
        filled_.notify_one();
    }
    vdt_counters counters() override {
        const std::lock_guard lock(mutex_);
        return counters_;
    }
    std::vector<HookReport> hooks() const override {
        return {{"open", "tracepoint", {"handle_open"}, "partial", "because", {}}};
    }
    std::string name() const override { return "fake"; }
    uint64_t ring_bytes() const override { return 4096; }
    uint64_t map_bytes() const override { return 128; }

   private:
    std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<Bytes> records_;
    bool woken_ = false;
    vdt_counters counters_ = {};
};

/// A probe without a kernel.
class Probe {
   public:
    explicit Probe(size_t stream_bytes = 16u << 20, std::optional<gid_t> group = std::nullopt)
        : logger_(
              std::make_shared<Logger>("test", std::make_shared<spdlog::sinks::null_sink_mt>())),
          socket_(UnixSocket::listen(dir_ / "events.sock", group).value()),
          command_socket_(UnixSocket::listen(dir_ / "cmd.sock", group).value()) {
        chmod(dir_.path().c_str(), 0755);
        Pipeline::Options options;
        options.stream_bytes = stream_bytes;
        options.instance_id = 4242;
        options.clock_offset = [] { return int64_t{0}; };
        options.live = false;
        pipeline_ = std::make_unique<Pipeline>(ring, std::move(options), *logger_, metrics_);
        std::vector<Route> routes = command_routes(handlers());
        routes.push_back(event_route(pipeline_->queue(), pipeline_->stream_handlers()));
        routes.push_back(monitoring_route(pipeline_->listen_handler()));
        server_ = GrpcServer::start(std::move(routes)).value();
        event_listener_ = listener(socket_);
        command_listener_ = listener(command_socket_);
        REQUIRE(event_listener_->start());
        REQUIRE(command_listener_->start());
        pipeline_->start();
        io_thread_ = std::thread([this] { io_.run(); });
    }
    ~Probe() { stop(); }

    CommandHandlers handlers() {
        CommandHandlers out;
        out.status = [this](v1::ProbeStatus& status, std::function<void(bool)> done) {
            const bool posted = pipeline_->post([this, &status, done] {
                pipeline_->fill_status(status);
                done(true);
            });
            if (!posted)
                done(false);
        };
        out.config = [](v1::ProbeConfig& config) { config.set_yaml("a: 1\n"); };
        out.dump_processes = [this](const v1::DumpProcessCacheRequest& request,
                                    std::function<void(Result<std::string>)> done) {
            const bool posted = pipeline_->post([this, request, done] {
                done(dumps_.processes(
                    request,
                    [this](const Dumps::NodeVisitor& visit) { pipeline_->for_each_node(visit); },
                    Dumps::Clock::now()));
            });
            if (!posted)
                done(fail(ErrorCode::kUnavailable, "stopping"));
        };
        out.ask_agent = [this](v1::Question::Kind kind, AgentQuestions::Done done) {
            pipeline_->ask_agent(kind, std::move(done));
        };
        return out;
    }

    /// As the daemon does it.
    void stop() {
        if (!io_thread_.joinable())
            return;
        pipeline_->stop();
        server_->shutdown(3s);
        work_.reset();
        io_.stop();
        io_thread_.join();
    }

    std::shared_ptr<grpc::Channel> channel(const std::string& name = "events.sock") const {
        grpc::ChannelArguments arguments;
        arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
        return grpc::CreateCustomChannel("unix:" + dir_ / name, grpc::InsecureChannelCredentials(),
                                         arguments);
    }
    std::string path(const std::string& name = "events.sock") const { return dir_ / name; }

    FakeRing ring;
    std::atomic<uint64_t> refused = 0;

   private:
    std::unique_ptr<PeerListener> listener(const UnixSocket& socket) {
        return std::make_unique<PeerListener>(
            io_, socket.fd(), socket.path(), PeerPolicy{geteuid(), std::nullopt},
            [this](UniqueFd peer) { server_->serve(std::move(peer)); }, refused, *logger_);
    }

    TempDir dir_;
    Dumps dumps_{dir_ / "dumps"};
    std::shared_ptr<Logger> logger_;
    Metrics metrics_;
    UnixSocket socket_;
    UnixSocket command_socket_;
    std::unique_ptr<Pipeline> pipeline_;
    std::unique_ptr<GrpcServer> server_;
    boost::asio::io_context io_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
        io_.get_executor()};
    std::unique_ptr<PeerListener> event_listener_;
    std::unique_ptr<PeerListener> command_listener_;
    std::thread io_thread_;
};

/// One call of an agent.
class Agent {
   public:
    explicit Agent(const Probe& probe, uint64_t instance = 0, uint64_t last = 0)
        : channel_(probe.channel()), stub_(v1::EventStream::NewStub(channel_)) {
        context_.set_deadline(std::chrono::system_clock::now() + 20s);
        stream_ = stub_->Subscribe(&context_);
        v1::SubscribeRequest hello;
        hello.mutable_hello()->set_instance_id(instance);
        hello.mutable_hello()->set_last_sequence(last);
        stream_->Write(hello);
    }

    bool read(v1::SubscribeResponse& out) { return stream_->Read(&out); }
    v1::Welcome welcome() {
        v1::SubscribeResponse response;
        REQUIRE(read(response));
        REQUIRE(response.has_welcome());
        return response.welcome();
    }
    /// Reads until that many events are there, in order and without a hole.
    std::vector<v1::Event> events(size_t count) {
        std::vector<v1::Event> out;
        v1::SubscribeResponse response;
        while (out.size() < count && read(response)) {
            const auto& batch = response.batch();
            for (const auto& loss : batch.lost())
                lost += loss.count();
            if (batch.events_size() == 0)
                continue;
            if (next != 0)
                CHECK(batch.first_sequence() == next);
            next = batch.first_sequence() + static_cast<uint64_t>(batch.events_size());
            out.insert(out.end(), batch.events().begin(), batch.events().end());
        }
        REQUIRE(out.size() >= count);
        return out;
    }
    void acknowledge(uint64_t sequence) {
        v1::SubscribeRequest ack;
        ack.mutable_ack()->set_sequence(sequence);
        stream_->Write(ack);
    }
    void write(const v1::SubscribeRequest& request) { stream_->Write(request); }
    void hang_up() { context_.TryCancel(); }
    grpc::Status finish() { return stream_->Finish(); }

    uint64_t next = 0;
    uint64_t lost = 0;

   private:
    std::shared_ptr<grpc::Channel> channel_;
    std::unique_ptr<v1::EventStream::Stub> stub_;
    grpc::ClientContext context_;
    std::unique_ptr<grpc::ClientReaderWriter<v1::SubscribeRequest, v1::SubscribeResponse>> stream_;
};

inline v1::ProbeStatus status_of(const Probe& probe) {
    auto stub = v1::Command::NewStub(probe.channel("cmd.sock"));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + 10s);
    v1::ProbeStatus out;
    const auto done = stub->GetStatus(&context, v1::GetStatusRequest(), &out);
    INFO(done.error_message());
    REQUIRE(done.ok());
    return out;
}

template <typename Condition>
bool eventually(Condition&& condition) {
    for (int i = 0; i < 500; ++i) {
        if (condition())
            return true;
        std::this_thread::sleep_for(10ms);
    }
    return false;
}

}  // namespace vedette::probe::test
