// SPDX-License-Identifier: Apache-2.0
#include "security-agent/app/agent.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <boost/json/object.hpp>
#include <cerrno>
#include <csignal>
#include <utility>

#include "common/config/paths.h"
#include "common/os/core_dumps.h"
#include "common/os/host.h"
#include "common/version.h"
#include "security-agent/app/answers.h"
#include "security-agent/app/recording.h"
#include "security-agent/app/status_sections.h"
#include "security-agent/app/workload_list.h"
#include "security-agent/engine/filter_message.h"
#include "security-agent/engine/handlers.h"
#include "security-agent/policy/report_json.h"
#include "security-agent/policy/version.h"
#include "security-agent/probe_client/command_client.h"

namespace vedette::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kOutputPatience = seconds(2);
constexpr milliseconds kFilterPatience = seconds(1);
constexpr unsigned kStopDeadline = 10;  // seconds; then the process ends as it stands

engine::AgentFacts agent_facts() {
    const KernelInfo kernel = kernel_info();
    engine::AgentFacts facts;
    facts.version = version().text;
    facts.arch = kernel.machine;
    facts.kernel_version = kernel.release;
    facts.distribution = distribution_name();
    return facts;
}

int64_t steady_ns() {
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

}  // namespace

struct Agent::Step {
    const char* name;
    Result<> (Agent::*start)();
    void (Agent::*stop)();  ///< null: nothing to undo
};

// The ports come before everything that others would notice: a second agent ends there, before it has touched the
// alerts file or taken the event stream over. The engine is stopped before the probe client, which stays to pass on the
// last acknowledgements; the outputs after both, with everybody's alerts in them.
const Agent::Step Agent::kSteps[] = {
    {"process", &Agent::start_process, nullptr},
    {"pid file", &Agent::start_pid_file, &Agent::stop_pid_file},
    {"state directory", &Agent::start_state_dir, nullptr},
    {"signals", &Agent::start_signals, &Agent::stop_signals},
    {"status", &Agent::start_status, nullptr},
    {"telemetry", &Agent::start_telemetry, &Agent::stop_telemetry},
    {"API", &Agent::start_api, &Agent::stop_api},
    {"outputs", &Agent::start_outputs, &Agent::stop_outputs},
    {"engine", &Agent::start_engine, nullptr},
    {"probe client", &Agent::start_probe_client, &Agent::stop_probe_client},
    {"evaluation", &Agent::start_evaluation, &Agent::stop_evaluation},
    {"policies", &Agent::start_policies, &Agent::stop_policies},
    {"self-test", &Agent::start_self_test, &Agent::stop_self_test},
    {"heartbeat", &Agent::start_heartbeat, &Agent::stop_heartbeat},
};

Agent::Agent(Settings settings, std::shared_ptr<Logger> logger, AgentOptions options)
    : settings_(std::move(settings)), logger_(std::move(logger)), options_(std::move(options)) {}

Agent::~Agent() = default;

int Agent::run() {
    choose_grpc_poller();
    share_heaps();
    size_t started = 0;
    for (const Step& step : kSteps) {
        if (Result<> result = (this->*step.start)(); !result) {
            logger_->critical("cannot start ({}): {}", step.name, result.error().message);
            stop_from(started);
            return 1;
        }
        ++started;
    }
    sd_notify(0, "READY=1\nSTATUS=watching");
    logger_->info("security-agent {} is running", version().text);
    memory_.start();
    io_.run();
    memory_.stop();
    sd_notify(0, "STOPPING=1");
    for (const std::string& name : health_.liveness().unhealthy)
        logger_->warn("stopping while '{}' is not healthy", name);
    alarm(kStopDeadline);
    stop_from(started);
    alarm(0);
    logger_->info("security-agent has stopped");
    logger_->flush();
    return 0;
}

void Agent::stop_from(size_t steps) {
    while (steps > 0) {
        const Step& step = kSteps[--steps];
        if (step.stop)
            (this->*step.stop)();
    }
}

Result<> Agent::start_process() {
    std::signal(SIGPIPE, SIG_IGN);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return fail_errno(errno, "PR_SET_NO_NEW_PRIVS");
    if (Result<> set = set_core_dumps(settings_.boolean("core_dumps")); !set)
        logger_->warn("{}", set.error().message);
    grpc_.emplace();
    hostname_ = host_name(settings_.string("hostname"));
    constexpr const char* kRanges = "event_monitoring_config.network.private_ip_ranges";
    Result<> ranges = engine::handlers::use_private_ranges(settings_.list(kRanges));
    if (!ranges)
        return forward_error(ranges, "{}", kRanges);
    return {};
}

Result<> Agent::start_pid_file() {
    if (options_.pid_file.empty())
        return {};
    Result<PidFile> file = PidFile::create(options_.pid_file);
    if (!file)
        return forward_error(file);
    pid_file_ = std::move(*file);
    return {};
}

void Agent::stop_pid_file() {
    pid_file_.reset();
}

Result<> Agent::start_state_dir() {
    const std::string directory = settings_.string("state_dir");
    if (mkdir(directory.c_str(), 0750) != 0 && errno != EEXIST)
        return fail_errno(errno, "state_dir '{}'", directory);
    Result<ipc::Token> token = ipc::Token::load_or_create(auth_token_path(settings_));
    if (!token)
        return forward_error(token);
    token_ = std::move(*token);
    certificate_.emplace(io_, ipc_cert_path(settings_), settings_.string("cmd_host"), *logger_);
    return certificate_->load();
}

Result<> Agent::start_signals() {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP})
        signals_.add(signal);
    wait_for_signal();
    return {};
}

void Agent::stop_signals() {
    signals_.cancel();
}

void Agent::wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error)
            return;
        on_signal(signal);
        wait_for_signal();
    });
}

void Agent::on_signal(int signal) {
    if (signal == SIGHUP)
        return reload();
    request_stop(signal == SIGTERM ? "SIGTERM" : "SIGINT");
}

void Agent::request_stop(const std::string& reason) {
    if (std::exchange(stopping_, true))
        return;
    logger_->info("stopping: {}", reason);
    io_.stop();
}

void Agent::reload() {
    logger_->info(
        "SIGHUP: opening logs and outputs again, reloading policies and the API's certificate");
    if (Result<> opened = reopen_log(*logger_); !opened)
        logger_->error("log file: {}", opened.error().message);
    outputs_->reopen();
    certificate_->refresh();
    load_policies("SIGHUP");
}

void Agent::load_policies(const char* trigger) {
    if (policy_watcher_)
        policy_watcher_->forget();
    boost::asio::post(worker_, [this, trigger] { policies_->load(trigger); });
}

Result<> Agent::start_outputs() {
    Result<std::unique_ptr<outputs::Outputs>> made =
        outputs::make_outputs(settings_, metrics_, *logger_);
    if (!made)
        return forward_error(made);
    outputs_ = std::move(*made);
    views_.pass_on_to(*outputs_);
    if (outputs_->names().empty())
        logger_->warn(
            "no output is on: alerts are only counted (outputs.stdout, outputs.file.path)");
    return {};
}

void Agent::stop_outputs() {
    outputs_->stop(kOutputPatience);
}

Result<> Agent::start_status() {
    status::Facts facts;
    facts.hostname = hostname_;
    facts.run_dir = settings_.string("run_dir");
    facts.state_dir = settings_.string("state_dir");
    facts.policies_dir = settings_.string("runtime_security_config.policies.dir");
    facts.config_files = settings_.files();
    facts.log_file = settings_.string("log_file");
    status_ = std::make_unique<status::StatusProvider>(std::move(facts));
    status_->add_section("runtimeSecurityStatus", [this] {
        auto section = runtime_section(*engine_, probe_client_ && probe_client_->connected(),
                                       outputs_->names());
        section["watching"] = probe_client_ && probe_client_->watching();
        section["policyLoad"] = to_json(policies_->status());
        section["selfTests"] = to_json(self_tester_->last());
        return section;
    });
    status_->add_section("probe",
                         [path = command_socket_path(settings_)] { return probe_section(path); });
    status_->add_section("health", [this] { return to_json(health_.readiness()); });

    flare::FlareOptions flare_options;
    if (const std::string log = settings_.string("log_file"); !log.empty())
        flare_options.log_files = {log};
    flare_ = std::make_unique<flare::FlareMaker>(settings_, flare_options);
    probe_figures_ = std::make_unique<ProbeFigures>(command_socket_path(settings_));
    flare::add_daemon_items(*flare_, telemetry_dependencies());
    flare_->add({"probe-settings.yaml", [path = command_socket_path(settings_)] {
                     return probe_client::probe_settings(path, seconds(2));
                 }});
    return {};
}

Result<> Agent::start_engine() {
    engine::EngineOptions options;
    options.agent = agent_facts();
    options.hostname = hostname_;
    options.variables.max_bytes =
        static_cast<size_t>(settings_.integer("runtime_security_config.variables.max_bytes"));
    options.limit.burst = settings_.integer("runtime_security_config.event_server.burst");
    options.limit.period_ns =
        1'000'000'000 / settings_.integer("runtime_security_config.event_server.rate");
    options.steady_ns = steady_ns;
    options.wall_ns = wall_time_ns;
    options.files = file_options();
    options.label_tags = settings_.list("container_runtimes.labels_as_tags");
    options.discard = [this](const v1::Discard& discard) { probe_client_->discard(discard); };
    options.tap = &views_.tap();
    engine_ = std::make_unique<engine::Engine>(std::move(options), views_, metrics_, *logger_);
    return {};
}

engine::FileOptions Agent::file_options() {
    engine::FileOptions options;
    options.hashes = settings_.boolean("runtime_security_config.hash_resolver.enabled");
    options.max_file_size = static_cast<uint64_t>(
        settings_.integer("runtime_security_config.hash_resolver.max_file_size"));
    options.hashed_events = settings_.list("runtime_security_config.hash_resolver.event_types");
    options.metadata = settings_.boolean("runtime_security_config.file_metadata_resolver.enabled");
    options.packages = settings_.boolean("runtime_security_config.package_resolver.enabled");
    options.ask = [this](const v1::FileQuestion& question) {
        return probe_client_ && probe_client_->ask(question);
    };
    return options;
}

Result<> Agent::start_probe_client() {
    probe_client::ClientOptions options;
    options.socket_path = events_socket_path(settings_);
    options.agent_version = version().text;
    options.position = [this] { return engine_->position(); };
    options.receive = [this](const engine::StreamMessage& message) {
        return evaluation_->receive(message);
    };
    options.question = [this](const v1::Question& question) {
        boost::asio::post(answers_, [this, question] { probe_client_->answer(answer(question)); });
    };
    probe_client_ = std::make_unique<probe_client::ProbeClient>(
        std::move(options), metrics_, *logger_,
        health_.add("probe", Health::Kind::kReadiness, seconds(0)));
    return {};
}

v1::Answer Agent::answer(const v1::Question& question) {
    v1::Answer answer;
    answer.set_id(question.id());
    switch (question.kind()) {
        case v1::Question::KIND_SELF_TEST:
            logger_->info("the probe was asked for a self-test");
            *answer.mutable_self_test() = to_proto(self_tester_->run());
            break;
        case v1::Question::KIND_RELOAD_POLICIES:
            logger_->info("the probe was asked to reload the policies");
            *answer.mutable_reload_policies() = to_proto(policies_->load("probe"));
            break;
        case v1::Question::KIND_RULE_SET_REPORT:
            *answer.mutable_rule_set_report() = rule_set_report(*engine_->policies());
            break;
        default:
            break;
    }
    return answer;
}

void Agent::stop_probe_client() {
    probe_client_->stop();
}

Result<> Agent::start_evaluation() {
    evaluation_ = std::make_unique<engine::Evaluation>(
        *engine_, [this](engine::Position position) { probe_client_->acknowledge(position); },
        health_.add("engine", Health::Kind::kLiveness), recorder_.get());
    evaluation_->start();
    return {};
}

void Agent::stop_evaluation() {
    evaluation_->stop();
}

Result<> Agent::start_policies() {
    PolicyOptions options;
    options.directory = settings_.string("runtime_security_config.policies.dir");
    constexpr const char* kVersion = "runtime_security_config.emulated_version";
    options.emulated_version = settings_.string(kVersion);
    if (auto parsed = policy::parse_version(options.emulated_version); !parsed)
        return forward_error(parsed, "{}", kVersion);
    options.collect = [this](v1::FilterPlan plan, bool wait) {
        probe_client_->set_filters(std::move(plan), wait ? kFilterPatience : seconds(0));
    };
    policy_watcher_ = watch_policies();  // before the first look: no change falls between the two
    policies_ = std::make_unique<PolicyManager>(
        std::move(options), *engine_, metrics_, *logger_,
        health_.add("policies", Health::Kind::kReadiness, seconds(0)));
    onlookers_->open();
    policies_->load("start");
    // Only now: the first event finds the rules in force.
    probe_client_->start();
    return {};
}

std::unique_ptr<PolicyWatcher> Agent::watch_policies() {
    if (!settings_.boolean("runtime_security_config.policies.watch_dir"))
        return nullptr;
    Result<PolicyWatch> watch =
        PolicyWatch::create(settings_.string("runtime_security_config.policies.dir"));
    if (!watch) {
        logger_->warn("changes of policies are not noticed, send SIGHUP: {}",
                      watch.error().message);
        return nullptr;
    }
    auto watcher = std::make_unique<PolicyWatcher>(
        io_, std::move(*watch),
        settings_.duration("runtime_security_config.policies.watch_debounce"),
        [this] { load_policies("directory"); });
    watcher->start();
    return watcher;
}

void Agent::stop_policies() {
    if (policy_watcher_)
        policy_watcher_->stop();
    onlookers_->close();
    worker_.join();
}

std::shared_ptr<Onlookers> Agent::make_onlookers() {
    return std::make_shared<Onlookers>(Onlookers::Hooks{
        .tell = [this](bool any) { policies_->deliver_lifecycle(any); },
        .later =
            [this](std::function<void()> run) { boost::asio::post(worker_, std::move(run)); }});
}

telemetry::Dependencies Agent::telemetry_dependencies() {
    return {settings_, health_,  *status_,
            *logger_,  metrics_, [this](Metrics& out) { probe_figures_->fill(out); }};
}

Result<> Agent::start_telemetry() {
    telemetry_ = std::make_unique<telemetry::Server>(io_, telemetry_dependencies());
    return telemetry_->start();
}

void Agent::stop_telemetry() {
    telemetry_->stop();
}

Result<> Agent::start_api() {
    recorder_ = std::make_unique<replay::Recorder>(
        replay::StreamInfo{agent_facts(), hostname_, 0},
        [] { return std::chrono::nanoseconds(steady_ns()); }, wall_time_ns,
        [of = onlookers_](bool begins) { of->look(begins); });
    api_ = std::make_unique<api::Server>(
        io_, api::Dependencies{
                 *token_, certificate_->current(), settings_, health_, *status_, *flare_, *logger_,
                 metrics_, hostname_, [this] { request_stop("/agent/stop"); },
                 [this](std::string_view key, std::string_view value) -> Result<> {
                     return key == "log_level" ? set_log_level(*logger_, value) : Result<>();
                 },
                 [this] { return to_json(policies_->load("API")); },
                 [this] {
                     auto out = to_json(policies_->status());
                     out["policies"] = policy::policies_json(engine_->policies()->policies);
                     return out;
                 },
                 [this] { return to_json(self_tester_->run()); },
                 [this] { return dump_discarders(command_socket_path(settings_)); },
                 recording_of(*recorder_), views_.answers([this]() -> Views::Sources {
                     return {*engine_, probe_client_->connected(), command_socket_path(settings_)};
                 }),
                 workload_list_of(engine_)});
    certificate_->start(
        [this](const ipc::Certificate& certificate) { return api_->use_certificate(certificate); });
    return api_->start();
}

void Agent::stop_api() {
    certificate_->stop();
    api_->stop();
}

Result<> Agent::start_self_test() {
    self_test::Options options;
    options.directory = settings_.string("state_dir");
    options.scheduled = settings_.boolean("runtime_security_config.self_test.enabled");
    self_test::Hooks hooks;
    hooks.watch = [this](std::shared_ptr<const engine::Watch> watch) {
        const bool ends = watch == nullptr;
        v1::FilterPlan needed = ends ? v1::FilterPlan() : engine::filter_message(*watch->policies);
        engine_->watch(std::move(watch));
        policies_->also_collect(std::move(needed));
    };
    hooks.connected = [this] { return probe_client_->connected(); };
    hooks.report = [this,
                    send = settings_.boolean("runtime_security_config.self_test.send_report")](
                       engine::SelfTest test) {
        if (send)
            engine_->self_test_done(std::move(test));
    };
    self_tester_ = std::make_unique<self_test::SelfTester>(std::move(options), std::move(hooks),
                                                           metrics_, *logger_);
    self_tester_->start();
    return {};
}

void Agent::stop_self_test() {
    self_tester_->stop();
    answers_.stop();
    answers_.join();
}

Result<> Agent::start_heartbeat() {
    heartbeat();
    return {};
}

void Agent::stop_heartbeat() {
    heartbeat_timer_.cancel();
}

/// Tells systemd that we live; not while the engine is stuck, so that it restarts us.
void Agent::heartbeat() {
    if (health_.liveness().ok())
        sd_notify(0, "WATCHDOG=1");
    heartbeat_timer_.expires_after(seconds(5));
    heartbeat_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error)
            heartbeat();
    });
}

}  // namespace vedette::app
