// SPDX-License-Identifier: Apache-2.0
//
// The stream of events: connects to the probe, says how far this agent has come, hands on what arrives, and begins again
// when the connection is gone, for ever. It knows what a message is, not what it means.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "common/health.h"
#include "common/log.h"
#include "common/metrics.h"
#include "security-agent/engine/engine.h"
#include "vedette/v1/event_stream.pb.h"

namespace vedette::probe_client {

struct ClientOptions {
    std::string socket_path;
    std::string agent_version;
    std::function<engine::Position()> position;  ///< any thread
    /// What the probe sends, in its order: the client's thread deals with it in there, and reads on when that returns. The
    /// message is the receiver's until then. False: no more is wanted, and
    /// the client ends.
    std::function<bool(const engine::StreamMessage&)> receive;
    /// The probe asks; answer() it. Client's thread: must not block.
    std::function<void(v1::Question)> question;
};

class ProbeClient {
   public:
    /// References must outlive it. `health` beats while connected.
    ProbeClient(ClientOptions options, Metrics& metrics, Logger& logger,
                std::shared_ptr<Health::Component> health);
    ~ProbeClient();

    void start();
    /// Stop the receiver before: its last acknowledgement still wants the stream.
    void stop();

    /// Any thread; has no effect without a connection to that probe (the next Hello says the same).
    void acknowledge(engine::Position position);
    /// Asks about a file; the answer comes with the stream, if at all. Any thread. False: there is no connection.
    bool ask(const v1::FileQuestion& question);
    /// What the probe is to collect, now and after each reconnect; plan.revision() is new. Waits for `patience` until it
    /// does. Any thread.
    void set_filters(v1::FilterPlan plan, std::chrono::milliseconds patience);
    /// What the kernel need not send while the plan that it names is in force. Any thread.
    void discard(const v1::Discard& discard);
    /// Any thread; without a connection it has no effect.
    void answer(v1::Answer answer);
    bool connected() const { return connected_; }
    /// Connected, and the probe collects what set_filters() said last. Any thread.
    bool watching() const;

   private:
    struct Session;

    void run();
    Result<> run_session();
    Result<> read_all(Session& session);
    std::shared_ptr<Session> session();
    void greet(const std::shared_ptr<Session>& session, v1::SubscribeRequest& request);
    void note_filters(uint64_t revision);
    void publish(std::shared_ptr<Session> session);
    void set_connected(bool connected);
    void note_unwatched(uint64_t instance);
    bool wait_before_retry(std::chrono::milliseconds time);

    ClientOptions options_;
    Logger& logger_;
    std::shared_ptr<Health::Component> health_;
    Counter& connections_;
    Counter& unwatched_;
    Gauge& connected_gauge_;

    mutable std::mutex mutex_;
    std::condition_variable stop_requested_;
    std::condition_variable filters_applied_;
    std::shared_ptr<Session> session_;  ///< the one in use, under mutex_
    v1::FilterPlan filters_;            ///< revision 0: none yet; under mutex_
    uint64_t applied_revision_ = 0;     ///< in this session; under mutex_
    bool stopping_ = false;
    std::atomic<bool> connected_ = false;
    std::atomic<bool> welcomed_ = false;  ///< in this attempt
    uint64_t instance_ = 0;               ///< of the probe that was last welcomed; client's thread
    bool wanted_ = true;                  ///< the receiver has not stopped; client's thread
    std::chrono::steady_clock::time_point ended_;  ///< when its stream did
    std::thread thread_;
};

}  // namespace vedette::probe_client
