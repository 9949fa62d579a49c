// SPDX-License-Identifier: Apache-2.0
#include "system-probe/app/app.h"

#include <sys/random.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <thread>
#include <utility>

#include "common/config/paths.h"
#include "common/os/host.h"
#include "common/version.h"
#include "system-probe/app/host_facts.h"
#include "system-probe/app/privileges.h"
#include "system-probe/app/run_dir.h"
#include "system-probe/commands/command_service.h"
#include "system-probe/decode/replay_source.h"
#include "system-probe/ebpf/kernel_source.h"
#include "system-probe/resolvers/snapshot.h"
#include "system-probe/stream/event_service.h"

namespace vedette::probe {
namespace {

/// An orderly stop takes no longer, trampolines of Linux 5.18 to 6.12 included, a tenth of a second each: then SIGALRM ends
/// the process, one second before systemd would.
constexpr unsigned kStopDeadlineSeconds = 14;

/// How long the agent has to read the last batches.
constexpr auto kDrainPatience = std::chrono::seconds(3);

/// /proc/<pid> of a reader in the initial pid namespace shows the pids that records have.
constexpr uint64_t kInitialPidNamespace = 0xEFFFFFFC;

uint64_t random_id() {
    uint64_t id = 0;
    while (id == 0) {
        if (getrandom(&id, sizeof id, 0) != sizeof id)
            id = static_cast<uint64_t>(wall_time_ns());
    }
    return id;
}

void fill(const RunCosts& costs, v1::ProbeStatus& out) {
    out.mutable_costs()->set_counted(costs.counted);
    out.mutable_costs()->set_problem(costs.problem);
    for (const ProgramRuns& program : costs.programs) {
        if (program.misses > 0) {
            v1::ProgramMisses& missed = *out.add_missed();
            missed.set_program(program.name);
            missed.set_count(program.misses);
        }
        if (!costs.counted)
            continue;
        v1::ProgramCost& one = *out.mutable_costs()->add_programs();
        one.set_name(program.name);
        one.set_runs(program.runs);
        one.set_run_ns(program.ns);
    }
    if (std::string warning = explain_misses(costs.programs); !warning.empty())
        out.add_warnings(std::move(warning));
}

bool process_exists(uint32_t pid) {
    return kill(static_cast<pid_t>(pid), 0) == 0 || errno != ESRCH;
}

}  // namespace

std::span<const App::Step> App::steps() {
    static constexpr std::array<Step, 10> kSteps = {{
        {"signals", &App::start_signals, nullptr},
        {"run directory", &App::start_run_dir, nullptr},
        {"sockets", &App::start_sockets, &App::stop_sockets},
        {"event source", &App::start_source, &App::stop_source},
        {"process snapshot", &App::start_pipeline_state, &App::stop_pipeline_state},
        {"privileges", &App::start_unprivileged, &App::stop_privileged},
        {"servers", &App::start_servers, &App::stop_servers},
        {"pipeline", &App::start_pipeline, &App::stop_pipeline},
        {"listeners", &App::start_listeners, &App::stop_listeners},
        {"ready", &App::start_ready, &App::stop_ready},
    }};
    return kSteps;
}

App::App(const Settings& settings, std::shared_ptr<Logger> logger)
    : settings_(settings),
      logger_(std::move(logger)),
      dumps_(settings.string("run_dir") + "/dumps") {}

App::~App() = default;

int App::run() {
    logger_->info("system-probe {} starts", version().text);
    choose_grpc_poller();
    share_heaps();
    size_t started = 0;
    bool failed = false;
    for (const auto& step : steps()) {
        logger_->debug("start: {}", step.name);
        if (auto done = (this->*step.start)(); !done) {
            logger_->critical("start failed at {}: {}", step.name, done.error().message);
            failed = true;
            break;
        }
        ++started;
    }
    if (!failed) {
        io_.run();
        name_what_is_stuck();
    }
    alarm(kStopDeadlineSeconds);
    while (started > 0) {
        const auto& step = steps()[--started];
        logger_->debug("stop: {}", step.name);
        if (step.stop != nullptr)
            (this->*step.stop)();
    }
    alarm(0);
    logger_->info("system-probe stopped");
    logger_->flush();
    return failed ? 1 : 0;
}

void App::name_what_is_stuck() {
    const uint64_t before = pipeline_->heartbeat();
    pipeline_->post([] {});  // who waits for records beats at once
    for (int i = 0; i < 30; ++i) {
        if (pipeline_->heartbeat() != before)
            return;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    logger_->warn("stopping while 'pipeline' is not healthy");
}

void App::warn(std::string warning) {
    logger_->warn("{}", warning);
    warnings_.push_back(std::move(warning));
}

Result<> App::start_signals() {
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
        boost::system::error_code error;
        signals_.add(signal, error);
        if (error)
            return fail(ErrorCode::kIo, "signal {}: {}", signal, error.message());
    }
    std::signal(SIGPIPE, SIG_IGN);
    wait_for_signal();
    return {};
}

void App::wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error)
            return;
        if (signal != SIGHUP) {
            logger_->info("{} received", strsignal(signal));
            io_.stop();
            return;
        }
        if (auto reopened = reopen_log(*logger_); !reopened) {
            logger_->error("{}", reopened.error().message);
        }
        wait_for_signal();
    });
}

Result<> App::start_run_dir() {
    const auto run_dir = settings_.string("run_dir");
    if (auto made = prepare_run_dir(run_dir); !made)
        return made;
    auto lock = FileLock::acquire(run_dir + "/system-probe.lock");
    if (!lock)
        return forward_error(lock);
    lock_ = std::move(*lock);
    return {};
}

void App::find_agent_user() {
    peers_.own_uid = geteuid();
    const auto name = settings_.string("system_probe_config.agent_user");
    const auto user = find_user(name);
    if (!user) {
        warn(fmt::format("the agent's user may not connect: {} (system_probe_config.agent_user)",
                         user.error().message));
        return;
    }
    peers_.agent_uid = user->uid;
    if (geteuid() == 0)
        agent_gid_ = user->gid;
}

Result<> App::start_sockets() {
    find_agent_user();
    auto events = UnixSocket::listen(events_socket_path(settings_), agent_gid_);
    if (!events)
        return forward_error(events);
    event_socket_.emplace(std::move(*events));
    auto commands = UnixSocket::listen(command_socket_path(settings_), agent_gid_);
    if (!commands) {
        event_socket_.reset();
        return forward_error(commands);
    }
    command_socket_.emplace(std::move(*commands));
    return {};
}

void App::stop_sockets() {
    command_socket_.reset();
    event_socket_.reset();
}

Result<> App::start_source() {
    if (replaying()) {
        auto replay = ReplaySource::open(settings_.string("system_probe_config.replay"));
        if (!replay)
            return forward_error(replay);
        replay_boot_time_ns_ = (*replay)->boot_time_ns();
        source_ = std::move(*replay);
        return {};
    }
    KernelSourceOptions options;
    options.ring_bytes =
        static_cast<uint64_t>(settings_.integer("system_probe_config.ring_buffer_size"));
    options.reserved_ring_bytes =
        static_cast<uint64_t>(settings_.integer("system_probe_config.reserved_ring_buffer_size"));
    options.packet_rate = static_cast<uint32_t>(
        settings_.integer("event_monitoring_config.network.raw_packet.limiter_rate"));
    options.flow_period = settings_.duration("event_monitoring_config.network.flow_monitor.period");
    auto backend = parse_backend(settings_.string("system_probe_config.backend"));
    if (!backend)
        return forward_error(backend);
    options.backend = *backend;
    options.disabled_programs = settings_.list("system_probe_config.disabled_programs");
    options.bpf_stats = settings_.boolean("system_probe_config.bpf_stats");
    auto kernel = open_kernel_source(options, *logger_);
    if (!kernel) {
        kernel.error().message +=
            "; without the kernel: --set system_probe_config.replay=FILE feeds a recording (./dev "
            "run "
            "--replay)";
        return forward_error(kernel);
    }
    source_ = std::move(*kernel);
    return {};
}

void App::stop_source() {
    source_.reset();
}

/// The hooks are live: what happens from now on waits in the ring while the snapshot is taken.
Result<> App::start_pipeline_state() {
    ProcFs procfs;
    Pipeline::Options options;
    options.resolver.max_bytes =
        static_cast<size_t>(settings_.integer("system_probe_config.process_cache_size"));
    options.resolver.cgroup_mount_id = replaying() ? 0 : cgroup_mount_id();
    options.resolver.envs_with_value = settings_.list("event_monitoring_config.envs_with_value");
    options.resolver.ssh_sessions =
        settings_.boolean("runtime_security_config.user_sessions.ssh.enabled");
    options.stream_bytes =
        static_cast<size_t>(settings_.integer("system_probe_config.stream_buffer_size"));
    options.instance_id = random_id();
    const auto period = settings_.duration("event_monitoring_config.network.flow_monitor.period");
    options.keep_exited_of_flows_ns =
        options.resolver.keep_exited_ns + static_cast<uint64_t>(period.count());
    options.live = !replaying();
    options.runtimes = make_runtime_watch();
    options.filter_in_kernel = settings_.boolean("system_probe_config.kernel_filters");
    options.clock_offset = boot_time_ns;
    if (replaying()) {
        options.clock_offset = [offset = replay_boot_time_ns_] { return offset; };
    } else if (procfs.own_pid_namespace() == kInitialPidNamespace) {
        options.process_exists = process_exists;
        options.look_up_login = [this](const v1::UserSession& session,
                                       std::function<void(SshLogin)> found) {
            files_->look_up_login(address_text(session.ssh_client_ip()), session.ssh_client_port(),
                                  std::move(found));
        };
    }
    if (const auto path = settings_.string("system_probe_config.record"); !path.empty()) {
        auto writer = RecordWriter::create(path, options.clock_offset());
        if (!writer)
            return forward_error(writer);
        options.recording = std::move(*writer);
        logger_->info("recording to '{}'", path);
    }
    source_->apply(plan_before_agent(), {});
    auto records = take_snapshot(*source_, replaying() ? nullptr : &procfs);
    if (!records)
        return forward_error(records);
    pipeline_ = std::make_unique<Pipeline>(*source_, std::move(options), *logger_, metrics_);
    pipeline_->add_snapshot(*records);
    logger_->info("{} processes found", records->size());
    return {};
}

/// It takes questions at once, and asks when its thread starts, without capabilities.
RuntimeQuestions App::make_runtime_watch() {
    auto sockets = settings_.list("container_runtimes.sockets");
    if (sockets.empty() || replaying())
        return {};
    WorkloadFinder::Options options;
    options.refresh = std::chrono::duration_cast<std::chrono::milliseconds>(
        settings_.duration("container_runtimes.refresh"));
    runtimes_ = std::make_unique<RuntimeWatch>(std::move(sockets), options);
    return {.ask = [this](const std::string& id) { return runtimes_->ask(id); },
            .forget = [this](const std::string& id) { return runtimes_->forget(id); }};
}

void App::stop_pipeline_state() {
    pipeline_.reset();
}

Result<> App::start_unprivileged() {
    auto worker = PrivilegedWorker::start();
    if (!worker)
        return forward_error(worker);
    privileged_ = std::move(*worker);
    auto options = FileRoom::options_from(settings_);
    if (!options)
        return forward_error(options);
    files_ = std::make_unique<FileRoom>(
        std::move(*options), settings_.list("runtime_security_config.user_sessions.ssh.log_files"));
    if (auto started = files_->start_opener(); !started)
        return started;
    pipeline_->leave_out_opens_of(files_->opener_tid());
    source_->set_privileged([worker = privileged_.get()](std::function<void()> job) {
        return worker->post(std::move(job));
    });
    auto dropped = drop_privileges(settings_.boolean("core_dumps"));
    if (!dropped)
        return forward_error(dropped);
    for (auto& warning : *dropped)
        warn(std::move(warning));
    grpc_.emplace();
    if (auto started = files_->start(); !started)
        return started;
    if (runtimes_) {
        runtimes_->start(
            {.found = [this](v1::Workload found) { pipeline_->workload_found(std::move(found)); },
             .ended = [this](const std::string& id) { pipeline_->workload_ended(id); }});
    }
    return {};
}

void App::stop_privileged() {
    if (runtimes_)
        runtimes_->stop();
    files_.reset();
    privileged_.reset();
}

Result<> App::start_servers() {
    StreamHandlers handlers = pipeline_->stream_handlers();
    handlers.file_question = [this](v1::FileQuestion question, const FileReply& reply) {
        files_->ask(std::move(question), reply);
    };
    std::vector<Route> routes = command_routes(command_handlers());
    routes.push_back(event_route(pipeline_->queue(), std::move(handlers)));
    routes.push_back(monitoring_route(pipeline_->listen_handler()));
    auto server = GrpcServer::start(std::move(routes));
    if (!server)
        return forward_error(server);
    server_ = std::move(*server);
    return {};
}

void App::stop_servers() {
    server_->shutdown(kDrainPatience);
    if (const BatchQueue& queue = pipeline_->queue(); !queue.drained())
        logger_->warn("no agent took them in time: up to {} events that were kept end here",
                      queue.counts().held_events);
    server_.reset();
}

Result<> App::start_pipeline() {
    const auto kernel = kernel_info();
    facts_.set_version(std::string(version().text));
    facts_.set_pid(static_cast<uint32_t>(getpid()));
    facts_.set_start_time(static_cast<uint64_t>(wall_time_ns()));
    facts_.set_kernel(kernel.release);
    facts_.set_arch(kernel.machine);
    facts_.set_lockdown(kernel_lockdown());
    for (const auto& warning : warnings_)
        facts_.add_warnings(warning);
    pipeline_->start();
    return {};
}

void App::stop_pipeline() {
    pipeline_->stop();
}

CommandHandlers App::command_handlers() {
    CommandHandlers out;
    out.status = [this](v1::ProbeStatus& status, std::function<void(bool)> done) {
        provide_status(status, std::move(done));
    };
    out.config = [this](v1::ProbeConfig& config) {
        config.set_runtime_enabled(settings_.boolean("runtime_security_config.enabled"));
        config.set_yaml(settings_.to_yaml());
    };
    out.dump_processes = [this](const v1::DumpProcessCacheRequest& request,
                                std::function<void(Result<std::string>)> done) {
        dump_processes(request, std::move(done));
    };
    out.dump_discarders = [this](std::function<void(Result<std::string>)> done) {
        dump_discarders(std::move(done));
    };
    out.ask_agent = [this](v1::Question::Kind kind, AgentQuestions::Done done) {
        pipeline_->ask_agent(kind, std::move(done));
    };
    out.dump_networks = [this](const v1::DumpNetworkNamespaceRequest& request,
                               std::function<void(Result<NetworkFilenames>)> done) {
        dump_networks(request, std::move(done));
    };
    return out;
}

void App::dump_processes(const v1::DumpProcessCacheRequest& request,
                         std::function<void(Result<std::string>)> done) {
    const bool posted = pipeline_->post([this, request, done] {
        auto path = dumps_.processes(
            request, [this](const Dumps::NodeVisitor& visit) { pipeline_->for_each_node(visit); },
            Dumps::Clock::now());
        if (path)
            logger_->info("the process cache was dumped to '{}' on request", *path);
        else
            logger_->warn("dump of the process cache: {}", path.error().message);
        done(std::move(path));
    });
    if (!posted)
        done(fail(ErrorCode::kUnavailable, "the probe is stopping"));
}

/// Found and written on the pipeline's thread; in between the privileged one reads.
void App::dump_networks(const v1::DumpNetworkNamespaceRequest& request,
                        std::function<void(Result<NetworkFilenames>)> done) {
    struct Found {
        std::vector<NetworkNamespace> namespaces;
        std::vector<Result<NetworkFiles>> files;
        uint64_t left_out = 0;
    };
    auto found = std::make_shared<Found>();
    const auto stopping = [done] {
        done(fail(ErrorCode::kUnavailable, "the probe is stopping, or has too much to do"));
    };
    const auto write = [this, found, done] {
        for (size_t i = 0; i < found->files.size(); ++i) {
            if (found->files[i])
                parse_network_files(*found->files[i], found->namespaces[i]);
            else
                found->namespaces[i].problem = found->files[i].error().message;
        }
        auto files = dumps_.networks(found->namespaces, found->left_out);
        if (files)
            logger_->info("the network namespaces were dumped to '{}' on request", files->dump);
        else
            logger_->warn("dump of the network namespaces: {}", files.error().message);
        done(std::move(files));
    };
    const auto read = [this, found, write, stopping] {
        for (const NetworkNamespace& one : found->namespaces)
            found->files.push_back(read_network_files("/proc", one));
        if (!pipeline_->post(write))
            stopping();
    };
    const bool posted = pipeline_->post([=, this] {
        auto namespaces = dumps_.find_networks(
            [this](const Dumps::NodeVisitor& visit) { pipeline_->for_each_node(visit); },
            Dumps::Clock::now());
        if (!namespaces)
            return done(forward_error(namespaces));
        found->left_out = namespaces->left_out();
        found->namespaces = namespaces->take();
        if (!request.snapshot_interfaces())
            write();
        else if (!privileged_->post(read))
            stopping();
    });
    if (!posted)
        stopping();
}

void App::dump_discarders(std::function<void(Result<std::string>)> done) {
    const auto stopping = [](const std::function<void(Result<std::string>)>& answer) {
        answer(fail(ErrorCode::kUnavailable, "the probe is stopping"));
    };
    // The privileged thread reads the kernel's table, the pipeline's has the dumps.
    auto write = [this, done, stopping](Result<DiscarderDump> dump) {
        if (!dump)
            return done(forward_error(dump));
        const bool posted = pipeline_->post([this, done, dump = std::move(*dump)] {
            auto path = dumps_.discarders(dump, Dumps::Clock::now());
            if (path)
                logger_->info("the discarders were dumped to '{}' on request", *path);
            else
                logger_->warn("dump of the discarders: {}", path.error().message);
            done(std::move(path));
        });
        if (!posted)
            stopping(done);
    };
    if (!pipeline_->post([this, write] { pipeline_->read_discarders(write); }))
        stopping(done);
}

void App::provide_status(v1::ProbeStatus& out, std::function<void(bool)> done) {
    const bool posted = pipeline_->post([this, &out, done] {
        out = facts_;
        pipeline_->fill_status(out);
        files_->fill_status(out);
        if (runtimes_)
            runtimes_->fill_status(*out.mutable_workloads());
        out.mutable_stream()->set_refused_peers(refused_peers_);
        out.set_rss_bytes(resident_bytes());
        const auto with_costs = [&out, done](const RunCosts& costs) {
            fill(costs, out);
            done(true);
        };
        if (!source_->read_costs(with_costs))
            done(true);
    });
    if (!posted)
        done(false);
}

Result<> App::start_listeners() {
    event_listener_ = std::make_unique<PeerListener>(
        io_, event_socket_->fd(), event_socket_->path(), peers_,
        [this](UniqueFd peer) { server_->serve(std::move(peer)); }, refused_peers_, *logger_);
    command_listener_ = std::make_unique<PeerListener>(
        io_, command_socket_->fd(), command_socket_->path(), peers_,
        [this](UniqueFd peer) { server_->serve(std::move(peer)); }, refused_peers_, *logger_);
    if (auto started = event_listener_->start(); !started)
        return started;
    return command_listener_->start();
}

void App::stop_listeners() {
    event_listener_->stop();
    command_listener_->stop();
}

Result<> App::start_ready() {
    sd_notify(0, fmt::format("READY=1\nSTATUS=records from {}", source_->name()).c_str());
    if (sd_watchdog_enabled(0, &watchdog_us_) > 0)
        beat_watchdog();
    memory_.start();
    logger_->info("ready: records from {}, events on '{}'", source_->name(), event_socket_->path());
    return {};
}

void App::stop_ready() {
    memory_.stop();
    sd_notify(0, "STOPPING=1");
}

/// A pipeline that hangs stops beating, and systemd restarts the service.
void App::beat_watchdog() {
    const uint64_t heartbeat = pipeline_->heartbeat();
    if (std::exchange(last_heartbeat_, heartbeat) != heartbeat)
        sd_notify(0, "WATCHDOG=1");
    watchdog_.expires_after(std::chrono::microseconds(watchdog_us_ / 3));
    watchdog_.async_wait([this](const boost::system::error_code& error) {
        if (!error)
            beat_watchdog();
    });
}

}  // namespace vedette::probe
