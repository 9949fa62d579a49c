// SPDX-License-Identifier: Apache-2.0
//
// The agent as a list of named start steps, and the same list backwards for the stop (agent.cpp). Between the two the
// main thread runs the io_context: signals, timers, API and telemetry.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <optional>
#include <string>

#include "common/config/settings.h"
#include "common/grpc_runtime.h"
#include "common/health.h"
#include "common/log.h"
#include "common/memory_keeper.h"
#include "common/metrics.h"
#include "common/os/pid_file.h"
#include "security-agent/api/server.h"
#include "security-agent/app/certificate_keeper.h"
#include "security-agent/app/live_views.h"
#include "security-agent/app/onlookers.h"
#include "security-agent/app/policy_manager.h"
#include "security-agent/app/policy_watcher.h"
#include "security-agent/app/probe_metrics.h"
#include "security-agent/engine/evaluation.h"
#include "security-agent/flare/flare.h"
#include "security-agent/outputs/outputs.h"
#include "security-agent/probe_client/probe_client.h"
#include "security-agent/replay/recorder.h"
#include "security-agent/self_test/self_tester.h"
#include "security-agent/status/status.h"
#include "security-agent/telemetry/server.h"

namespace vedette::app {

struct AgentOptions {
    std::string pid_file;  ///< empty: none
};

class Agent {
   public:
    Agent(Settings settings, std::shared_ptr<Logger> logger, AgentOptions options);
    ~Agent();

    /// Starts everything, waits for a signal or /agent/stop, stops everything. Returns the exit code. Main thread.
    int run();

   private:
    struct Step;
    static const Step kSteps[];

    Result<> start_process();
    Result<> start_pid_file();
    Result<> start_state_dir();
    Result<> start_signals();
    Result<> start_outputs();
    Result<> start_engine();
    Result<> start_policies();
    Result<> start_probe_client();
    Result<> start_evaluation();
    Result<> start_status();
    Result<> start_telemetry();
    Result<> start_api();
    Result<> start_self_test();
    Result<> start_heartbeat();
    void stop_pid_file();
    void stop_signals();
    void stop_outputs();
    void stop_evaluation();
    void stop_policies();
    void stop_probe_client();
    void stop_telemetry();
    void stop_api();
    void stop_self_test();
    void stop_heartbeat();

    engine::FileOptions file_options();
    void stop_from(size_t steps);
    void wait_for_signal();
    void on_signal(int signal);
    void request_stop(const std::string& reason);
    void heartbeat();
    void reload();
    void load_policies(const char* trigger);
    v1::Answer answer(const v1::Question& question);
    std::unique_ptr<PolicyWatcher> watch_policies();
    std::shared_ptr<Onlookers> make_onlookers();
    telemetry::Dependencies telemetry_dependencies();

    Settings settings_;
    std::shared_ptr<Logger> logger_;
    AgentOptions options_;
    Metrics metrics_;
    Health health_;

    boost::asio::io_context io_{1};
    boost::asio::signal_set signals_{io_};
    MemoryKeeper memory_{io_};
    std::optional<GrpcRuntime> grpc_;  ///< outlives all that follows
    boost::asio::steady_timer heartbeat_timer_{io_};
    boost::asio::thread_pool worker_{1};   ///< policies are compiled here
    boost::asio::thread_pool answers_{1};  ///< questions that the probe passes on
    bool stopping_ = false;

    std::optional<PidFile> pid_file_;
    std::optional<ipc::Token> token_;
    std::optional<CertificateKeeper> certificate_;
    std::string hostname_;
    std::unique_ptr<outputs::Outputs> outputs_;
    std::shared_ptr<Onlookers> onlookers_ = make_onlookers();  ///< shared with those who look
    Views views_{metrics_, [of = onlookers_](bool begins) { of->look(begins); }};
    std::unique_ptr<engine::Engine> engine_;
    std::unique_ptr<replay::Recorder> recorder_;
    std::unique_ptr<engine::Evaluation> evaluation_;
    std::unique_ptr<PolicyManager> policies_;
    std::unique_ptr<PolicyWatcher> policy_watcher_;  ///< null: they are not watched
    std::unique_ptr<probe_client::ProbeClient> probe_client_;
    std::unique_ptr<self_test::SelfTester> self_tester_;
    std::unique_ptr<ProbeFigures> probe_figures_;
    std::unique_ptr<status::StatusProvider> status_;
    std::unique_ptr<flare::FlareMaker> flare_;
    std::unique_ptr<telemetry::Server> telemetry_;
    std::unique_ptr<api::Server> api_;
};

}  // namespace vedette::app
