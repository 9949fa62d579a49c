// SPDX-License-Identifier: Apache-2.0
//
// What monitoring reads, on plain loopback HTTP without a token: /debug/vars (expvar-shaped JSON), /telemetry
// (Prometheus text, while telemetry.enabled), /live, /ready, and while security_agent.internal_profiling.enabled
// /debug/profile?seconds=N. Holds no secret and changes nothing. With telemetry.listen_host a second listener for other
// machines, a scraper or a kubelet, has /telemetry, /live and /ready only: no settings, no profiles.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/log.h"
#include "common/metrics.h"
#include "common/result.h"

namespace boost::asio {
class io_context;
}
namespace boost::json {
class object;
}
namespace vedette {
class Settings;
class Health;
}  // namespace vedette
namespace vedette::status {
class StatusProvider;
}

namespace vedette::telemetry {

/// All referenced objects must outlive the server.
struct Dependencies {
    const Settings& settings;
    const Health& health;
    const status::StatusProvider& status;
    Logger& logger;
    Metrics& metrics;
    /// Adds what is asked for anew each time: the probe's figures. Null: nothing. May take a while.
    std::function<void(Metrics&)> others;
};

/// The document of /debug/vars.
boost::json::object expvar_document(const Dependencies& dependencies);
/// What /telemetry serves.
std::string metrics_text(const Dependencies& dependencies);

class Server {
   public:
    Server(boost::asio::io_context& io, Dependencies dependencies);
    ~Server();

    /// Binds 127.0.0.1:security_agent.expvar_port, and telemetry.listen_host when that is set. Errors: as
    /// api::HttpServer::start.
    Result<> start();
    void stop();
    uint16_t port() const;

   private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace vedette::telemetry
