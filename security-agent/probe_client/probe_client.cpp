// SPDX-License-Identifier: Apache-2.0
//
// A thread with gRPC's blocking calls: while a message is dealt with, nobody reads from the stream. That is the whole
// flow control.
#include "security-agent/probe_client/probe_client.h"

#include <pthread.h>

#include <optional>
#include <random>
#include <utility>

#include "common/log.h"
#include "security-agent/engine/stream_message.h"
#include "security-agent/probe_client/backoff.h"
#include "security-agent/probe_client/dial.h"
#include "vedette/v1/event_stream.grpc.pb.h"

namespace vedette::probe_client {

struct ProbeClient::Session {
    /// As the generated stub does, but that what is read stays in its bytes.
    using Stream = grpc::ClientReaderWriter<v1::SubscribeRequest, grpc::ByteBuffer>;
    using StreamFactory =
        grpc::internal::ClientReaderWriterFactory<v1::SubscribeRequest, grpc::ByteBuffer>;

    explicit Session(std::shared_ptr<grpc::Channel> to)
        : channel(std::move(to)),
          method("/vedette.v1.EventStream/Subscribe", grpc::internal::RpcMethod::BIDI_STREAMING,
                 channel),
          stream(StreamFactory::Create(channel.get(), method, &context)) {}

    grpc::ClientContext context;
    std::shared_ptr<grpc::Channel> channel;
    const grpc::internal::RpcMethod method;
    std::unique_ptr<Stream> stream;

    /// The next message in one piece; nothing when the stream has ended.
    std::optional<grpc::Slice> read() {
        grpc::ByteBuffer buffer;
        grpc::Slice bytes;
        if (!stream->Read(&buffer))
            return std::nullopt;
        if (!buffer.TrySingleSlice(&bytes).ok())
            buffer.DumpToSingleSlice(&bytes);
        return bytes;
    }
    void write(const v1::SubscribeRequest& request) {
        const std::lock_guard lock(write_mutex);
        if (!finished)
            stream->Write(request);  // a broken stream shows in Read
    }

    std::atomic<uint64_t> instance = 0;  ///< the probe's, once it has welcomed us
    std::mutex write_mutex;  ///< one writer at a time, and none once the stream is being finished
    bool finished = false;
};

ProbeClient::ProbeClient(ClientOptions options, Metrics& metrics, Logger& logger,
                         std::shared_ptr<Health::Component> health)
    : options_(std::move(options)),
      logger_(logger),
      health_(std::move(health)),
      connections_(metrics.counter("vedette_agent_probe_connections_total",
                                   "Times the event stream was opened.")),
      unwatched_(metrics.counter("vedette_agent_unwatched_seconds_total",
                                 "Time at most between the end of one probe and the next.")),
      connected_gauge_(
          metrics.gauge("vedette_agent_probe_connected", "1 while the event stream is open.")) {}

ProbeClient::~ProbeClient() {
    stop();
}

void ProbeClient::start() {
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), "engine");
}

void ProbeClient::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        if (session_)
            session_->context.TryCancel();
        stop_requested_.notify_all();
        filters_applied_.notify_all();
    }
    if (thread_.joinable())
        thread_.join();
}

/// A number of another probe would acknowledge what nobody has seen.
void ProbeClient::acknowledge(engine::Position position) {
    const std::shared_ptr<Session> current = session();
    if (!current || current->instance != position.instance_id)
        return;
    v1::SubscribeRequest request;
    request.mutable_ack()->set_sequence(position.last_sequence);
    request.mutable_ack()->set_batch(position.last_batch);
    current->write(request);
}

void ProbeClient::answer(v1::Answer answer) {
    const std::shared_ptr<Session> current = session();
    if (!current)
        return;
    v1::SubscribeRequest request;
    *request.mutable_answer() = std::move(answer);
    current->write(request);
}

bool ProbeClient::ask(const v1::FileQuestion& question) {
    const std::shared_ptr<Session> current = session();
    if (!current || !connected_)
        return false;
    v1::SubscribeRequest request;
    *request.mutable_file_question() = question;
    current->write(request);
    return true;
}

void ProbeClient::set_filters(v1::FilterPlan plan, std::chrono::milliseconds patience) {
    const uint64_t revision = plan.revision();
    v1::SubscribeRequest request;
    *request.mutable_filters() = plan;
    std::unique_lock lock(mutex_);
    filters_ = std::move(plan);
    const std::shared_ptr<Session> current = session_;
    if (!current)
        return;  // the next Hello says it
    lock.unlock();
    current->write(request);
    lock.lock();
    filters_applied_.wait_for(lock, patience, [&] {
        return stopping_ || session_ != current || applied_revision_ >= revision;
    });
}

bool ProbeClient::watching() const {
    const std::lock_guard lock(mutex_);
    return connected_ && applied_revision_ == filters_.revision();
}

void ProbeClient::discard(const v1::Discard& discard) {
    const std::shared_ptr<Session> current = session();
    if (!current)
        return;
    v1::SubscribeRequest request;
    *request.mutable_discard() = discard;
    current->write(request);
}

void ProbeClient::note_filters(uint64_t revision) {
    if (revision == 0)
        return;
    const std::lock_guard lock(mutex_);
    applied_revision_ = revision;
    filters_applied_.notify_all();
}

void ProbeClient::run() {
    Backoff backoff(std::random_device{}());
    std::string last_reason;
    while (true) {
        welcomed_ = false;
        const Result<> ended = run_session();
        set_connected(false);
        if (!wanted_)
            return;
        if (welcomed_) {
            backoff.reset();
            ended_ = std::chrono::steady_clock::now();
        }
        if (!ended && (welcomed_ || ended.error().message != last_reason)) {
            last_reason = ended.error().message;
            logger_.warn("{}: {}; trying again until it works",
                         welcomed_ ? "the event stream has ended" : "no event stream",
                         printable(last_reason));
        }
        if (!wait_before_retry(backoff.next()))
            return;
    }
}

bool ProbeClient::wait_before_retry(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return !stop_requested_.wait_for(lock, time, [&] { return stopping_; });
}

/// What happened between the end of one probe and the start of the next is in no count of lost events: nobody was
/// there to count. Time is all that can be said of it, from above.
void ProbeClient::note_unwatched(uint64_t instance) {
    const bool other = instance_ != 0 && instance != instance_;
    instance_ = instance;
    if (!other)
        return;
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - ended_;
    unwatched_.Increment(time.count());
    logger_.warn("the probe was started again: nobody watched for at most {:.2f} s", time.count());
}

std::shared_ptr<ProbeClient::Session> ProbeClient::session() {
    const std::lock_guard lock(mutex_);
    return session_;
}

/// From here on set_filters() finds the session; a plan of before is in the Hello.
void ProbeClient::greet(const std::shared_ptr<Session>& session, v1::SubscribeRequest& request) {
    const std::lock_guard writing(session->write_mutex);
    publish(session);
    {
        const std::lock_guard lock(mutex_);
        if (filters_.revision() != 0)
            *request.mutable_hello()->mutable_filters() = filters_;
    }
    session->stream->Write(request);
}

void ProbeClient::publish(std::shared_ptr<Session> session) {
    const std::lock_guard lock(mutex_);
    session_ = std::move(session);
    applied_revision_ = 0;
    filters_applied_.notify_all();
    if (session_ && stopping_)
        session_->context.TryCancel();
}

void ProbeClient::set_connected(bool connected) {
    connected_ = connected;
    connected_gauge_.Set(connected ? 1 : 0);
    connected ? health_->beat() : health_->fail();
}

Result<> ProbeClient::run_session() {
    Result<std::shared_ptr<grpc::Channel>> channel = dial(options_.socket_path);
    if (!channel)
        return forward_error(channel);
    const auto session = std::make_shared<Session>(*channel);
    const engine::Position position = options_.position();
    v1::SubscribeRequest request;
    v1::Hello& hello = *request.mutable_hello();
    hello.set_agent_version(options_.agent_version);
    hello.set_instance_id(position.instance_id);
    hello.set_last_sequence(position.last_sequence);
    hello.set_takes_differences(true);
    greet(session, request);
    Result<> result = read_all(*session);
    publish(nullptr);
    session->context.TryCancel();  // lets a writer go; a stream that has ended keeps its status
    const std::lock_guard lock(session->write_mutex);
    session->finished = true;
    const grpc::Status status = session->stream->Finish();
    if (!result)
        return result;
    return fail(ErrorCode::kUnavailable, "{}",
                status.error_message().empty() ? "the probe closed the connection"
                                               : status.error_message());
}

/// Until the stream ends. Errors: the probe broke the protocol.
Result<> ProbeClient::read_all(Session& session) {
    engine::StreamMessage message;
    while (const std::optional<grpc::Slice> bytes = session.read()) {
        const auto read =
            message.read({reinterpret_cast<const char*>(bytes->begin()), bytes->size()});
        if (!read)
            return read;
        const v1::SubscribeResponse& response = message.response();
        if (!welcomed_) {
            if (!response.has_welcome())
                return fail(ErrorCode::kInvalid, "the probe's first message is no Welcome");
            const v1::Welcome& welcome = response.welcome();
            logger_.info("connected to system-probe {} (instance {:x}, next event {})",
                         printable(welcome.probe_version()), welcome.instance_id(),
                         welcome.next_sequence());
            connections_.Increment();
            note_unwatched(welcome.instance_id());
            session.instance = welcome.instance_id();
            welcomed_ = true;
            set_connected(true);
        }
        if (response.has_question()) {
            if (options_.question)
                options_.question(response.question());
            continue;
        }
        note_filters(response.batch().filter_revision());
        if (!options_.receive(message)) {
            wanted_ = false;
            return {};
        }
    }
    return {};
}

}  // namespace vedette::probe_client
