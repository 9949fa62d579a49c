// SPDX-License-Identifier: Apache-2.0
#include "security-agent/api/server.h"

#include "common/config/settings.h"
#include "security-agent/api/auth.h"
#include "security-agent/api/http_server.h"
#include "security-agent/api/routes.h"

namespace vedette::api {
namespace {

HttpServerOptions server_options(const Dependencies& d) {
    return {.name = "api",
            .host = d.settings.string("cmd_host"),
            .port = static_cast<uint16_t>(d.settings.integer("security_agent.cmd_port")),
            .port_setting = "security_agent.cmd_port",
            .certificate = d.certificate};
}

}  // namespace

class Server::Impl {
   public:
    Impl(boost::asio::io_context& io, Dependencies dependencies)
        : dependencies_(std::move(dependencies)),
          host_(dependencies_.settings.string("cmd_host")),
          authenticator_(dependencies_.token, dependencies_.logger, dependencies_.metrics),
          router_(make_routes(dependencies_)),
          http_(
              io, server_options(dependencies_),
              [this](const Request& request) { return answer(request); }, dependencies_.logger,
              dependencies_.metrics) {}

    HttpServer& http() { return http_; }

   private:
    Response answer(const Request& request) {
        if (!host_allowed(request.header("host"), host_)) {
            auto response = Response::error(421, "the Host header names another server");
            response.close = true;
            return response;
        }
        if (auto refused = authenticator_.check(request))
            return std::move(*refused);
        return router_.route(request);
    }

    Dependencies dependencies_;
    std::string host_;
    Authenticator authenticator_;
    Router router_;
    HttpServer http_;  // last: its workers use all of the above
};

Server::Server(boost::asio::io_context& io, Dependencies dependencies)
    : impl_(std::make_unique<Impl>(io, std::move(dependencies))) {}
Server::~Server() = default;

Result<> Server::start() {
    return impl_->http().start();
}
void Server::stop() {
    impl_->http().stop();
}
Result<> Server::use_certificate(const ipc::Certificate& certificate) {
    return impl_->http().use_certificate(certificate);
}
uint16_t Server::port() const {
    return impl_->http().port();
}

}  // namespace vedette::api
