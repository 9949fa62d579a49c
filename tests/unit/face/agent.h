// SPDX-License-Identifier: Apache-2.0
//
// Everything the API needs, real, in a directory of its own; with start(), also listening.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/json/object.hpp>
#include <thread>

#include "common/config/settings.h"
#include "common/health.h"
#include "common/ipc/certificate.h"
#include "common/ipc/token.h"
#include "security-agent/api/client.h"
#include "security-agent/api/server.h"
#include "security-agent/flare/flare.h"
#include "security-agent/status/status.h"
#include "tests/unit/catch.h"
#include "tests/unit/common/support.h"

namespace vedette::test {

inline Settings settings_for(const TemporaryDirectory& directory) {
    Settings::Sources sources;
    sources.command_line = {{"state_dir", directory.path()},
                            {"run_dir", directory.path()},
                            {"runtime_security_config.policies.dir", directory / "policies"},
                            {"security_agent.cmd_port", "0"},
                            {"security_agent.expvar_port", "0"},
                            {"log_file", directory / "agent.log"}};
    auto settings = Settings::load(sources);
    REQUIRE(settings);
    return std::move(*settings);
}

struct Agent {
    TemporaryDirectory directory;
    Settings settings = settings_for(directory);
    ipc::Token token = ipc::Token::load_or_create(directory / "auth_token").value();
    ipc::Certificate certificate =
        ipc::load_or_create_certificate(directory / "ipc_cert.pem", "127.0.0.1").value();
    std::shared_ptr<Logger> logger =
        make_logger({.name = "agent", .file = directory / "agent.log", .console = false}).value();
    Metrics metrics;
    Health health;
    std::shared_ptr<Health::Component> component =
        health.add("engine", Health::Kind::kLiveness, std::chrono::nanoseconds(0));
    status::StatusProvider status{{.hostname = "node-7"}};
    flare::FlareMaker flare{
        settings, {.directory = directory.path(), .log_files = {directory / "agent.log"}}};
    std::atomic<int> stops = 0;
    std::string changed;
    Result<> change_result;

    Agent() {
        status.add_section("health", [this] { return to_json(health.readiness()); });
    }

    api::Dependencies dependencies() {
        return {.token = token,
                .certificate = certificate,
                .settings = settings,
                .health = health,
                .status = status,
                .flare = flare,
                .logger = *logger,
                .metrics = metrics,
                .hostname = "node-7",
                .on_stop = [this] { ++stops; },
                .on_setting_changed =
                    [this](std::string_view key, std::string_view value) {
                        changed = fmt::format("{}={}", key, value);
                        return change_result;
                    }};
    }
};

/// The io thread of a test.
class Loop {
   public:
    Loop() : guard_(boost::asio::make_work_guard(io)), thread_([this] { io.run(); }) {}
    ~Loop() { stop(); }
    void stop() {
        guard_.reset();
        io.stop();
        if (thread_.joinable())
            thread_.join();
    }
    /// Runs `work` on the io thread and waits for it.
    template <typename Work>
    void on_loop(Work work) {
        std::atomic<bool> done = false;
        boost::asio::post(io, [&] {
            work();
            done = true;
            done.notify_one();
        });
        done.wait(false);
    }
    boost::asio::io_context io{1};

   private:
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
    std::thread thread_;
};

/// Listening, with its loop.
struct RunningAgent : Agent {
    RunningAgent() {
        component->beat();
        const auto started = server.start();
        INFO((started ? "" : started.error().message));
        REQUIRE(started);
    }
    ~RunningAgent() {
        loop.on_loop([this] { server.stop(); });
        loop.stop();
    }
    api::ClientOptions client() const {
        return {.host = "127.0.0.1",
                .port = server.port(),
                .token = token.text(),
                .certificate_pem = certificate.certificate_pem,
                .timeout = std::chrono::seconds(10)};
    }
    Loop loop;
    api::Server server{loop.io, dependencies()};
};

}  // namespace vedette::test
