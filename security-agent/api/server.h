// SPDX-License-Identifier: Apache-2.0
//
// The agent's REST API: /agent/... over TLS, every route behind the session token.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/ipc/certificate.h"
#include "common/ipc/token.h"
#include "common/log.h"
#include "common/metrics.h"
#include "common/result.h"
#include "security-agent/api/live_routes.h"
#include "security-agent/api/record_routes.h"
#include "security-agent/api/workload_routes.h"

namespace boost::asio {
class io_context;
}
namespace vedette {
class Settings;
class Health;
}  // namespace vedette
namespace vedette::status {
class StatusProvider;
}
namespace vedette::flare {
class FlareMaker;
}

namespace vedette::api {

/// All referenced objects must outlive the server. Callbacks run on a worker thread of the server.
struct Dependencies {
    const ipc::Token& token;
    const ipc::Certificate& certificate;
    Settings& settings;
    const Health& health;
    const status::StatusProvider& status;
    flare::FlareMaker& flare;
    Logger& logger;
    Metrics& metrics;
    std::string hostname;
    /// POST /agent/stop: called once the answer is written, on the io thread.
    std::function<void()> on_stop;
    /// A setting was changed through the API and is already stored: make it so.
    std::function<Result<>(std::string_view key, std::string_view value)> on_setting_changed;
    /// POST /agent/policies/reload: loads them and says what came of it. Null, as the next: there is no such route.
    std::function<boost::json::object()> reload_policies;
    /// GET /agent/policies: how the last load went, and the policies in force.
    std::function<boost::json::object()> policies;
    /// POST /agent/self-test: runs it, and says what came of it.
    std::function<boost::json::object()> self_test;
    /// POST /agent/discarders/dump: has the probe write them to a file of its own, and says its name.
    std::function<boost::json::object()> dump_discarders;
    /// /agent/record; without `start` there is no such route.
    Recording recording;
    /// What `tail`, `top` and `tree` ask for; without `stream` there are no such routes.
    LiveViews live;
    WorkloadList workloads;
};

class Server {
   public:
    Server(boost::asio::io_context& io, Dependencies dependencies);
    ~Server();

    /// Binds cmd_host:security_agent.cmd_port. Errors: as HttpServer::start.
    Result<> start();
    void stop();
    /// As HttpServer::use_certificate. On the io thread.
    Result<> use_certificate(const ipc::Certificate& certificate);
    uint16_t port() const;

   private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace vedette::api
