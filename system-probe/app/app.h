// SPDX-License-Identifier: Apache-2.0
//
// The daemon: a list of named start steps, and the same list backwards for the stop.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/config/settings.h"
#include "common/grpc_runtime.h"
#include "common/log.h"
#include "common/memory_keeper.h"
#include "common/metrics.h"
#include "common/result.h"
#include "system-probe/app/pipeline.h"
#include "system-probe/app/privileged_worker.h"
#include "system-probe/commands/command_service.h"
#include "system-probe/commands/dumps.h"
#include "system-probe/files/file_room.h"
#include "system-probe/runtimes/runtime_watch.h"
#include "system-probe/stream/file_lock.h"
#include "system-probe/stream/grpc_server.h"
#include "system-probe/stream/peer_listener.h"
#include "system-probe/stream/unix_socket.h"
#include "vedette/v1/command.pb.h"

namespace vedette::probe {

/// Main thread.
class App {
   public:
    App(const Settings& settings, std::shared_ptr<Logger> logger);
    ~App();

    /// Until SIGTERM or SIGINT. Returns the exit code: 0, or 1 when a step failed (it is logged).
    int run();

   private:
    struct Step {
        std::string_view name;
        Result<> (App::*start)();
        void (App::*stop)();  ///< may be nullptr; runs only after `start` succeeded
    };
    static std::span<const Step> steps();

    Result<> start_signals();
    Result<> start_run_dir();
    Result<> start_sockets();
    void stop_sockets();
    Result<> start_source();
    void stop_source();
    Result<> start_pipeline_state();
    void stop_pipeline_state();
    Result<> start_unprivileged();
    void stop_privileged();
    Result<> start_servers();
    void stop_servers();
    Result<> start_pipeline();
    void stop_pipeline();
    Result<> start_listeners();
    void stop_listeners();
    Result<> start_ready();
    void stop_ready();

    RuntimeQuestions make_runtime_watch();
    bool replaying() const { return !settings_.string("system_probe_config.replay").empty(); }
    void find_agent_user();
    void wait_for_signal();
    void beat_watchdog();
    void name_what_is_stuck();
    CommandHandlers command_handlers();
    void provide_status(v1::ProbeStatus& out, std::function<void(bool)> done);
    void dump_discarders(std::function<void(Result<std::string>)> done);
    void dump_processes(const v1::DumpProcessCacheRequest& request,
                        std::function<void(Result<std::string>)> done);
    void dump_networks(const v1::DumpNetworkNamespaceRequest& request,
                       std::function<void(Result<NetworkFilenames>)> done);
    void warn(std::string warning);

    const Settings& settings_;
    std::shared_ptr<Logger> logger_;
    Metrics metrics_;
    boost::asio::io_context io_{1};
    boost::asio::signal_set signals_{io_};
    MemoryKeeper memory_{io_};
    std::optional<GrpcRuntime> grpc_;  ///< outlives all that follows
    boost::asio::steady_timer watchdog_{io_};
    uint64_t watchdog_us_ = 0;
    uint64_t last_heartbeat_ = 0;

    std::optional<FileLock> lock_;
    PeerPolicy peers_;
    std::optional<gid_t> agent_gid_;
    std::optional<UnixSocket> event_socket_;
    std::optional<UnixSocket> command_socket_;
    std::unique_ptr<RecordSource> source_;
    int64_t replay_boot_time_ns_ = 0;
    std::unique_ptr<Pipeline> pipeline_;
    std::unique_ptr<PrivilegedWorker> privileged_;
    std::unique_ptr<FileRoom> files_;
    std::unique_ptr<RuntimeWatch> runtimes_;  ///< null: no container runtime is asked
    Dumps dumps_;                             ///< pipeline thread
    std::unique_ptr<GrpcServer> server_;
    std::unique_ptr<PeerListener> event_listener_;
    std::unique_ptr<PeerListener> command_listener_;

    std::atomic<uint64_t> refused_peers_ = 0;
    std::vector<std::string> warnings_;  ///< of the start; constant once threads run
    v1::ProbeStatus facts_;              ///< what does not change; constant once threads run
};

}  // namespace vedette::probe
