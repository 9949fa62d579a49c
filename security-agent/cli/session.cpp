// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/session.h"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "common/config/paths.h"
#include "common/ipc/certificate.h"
#include "common/ipc/token.h"
#include "common/log.h"
#include "security-agent/cli/client_commands.h"

namespace vedette::cli {
namespace {

tl::unexpected<Failure> failure(int exit_code, std::string message) {
    return tl::unexpected<Failure>(Failure{std::move(message), exit_code});
}

/// A missing file means that no agent has run here, one that cannot be read that this is not its user.
tl::unexpected<Failure> no_secret(const Error& error) {
    if (error.code == ErrorCode::kNotFound)
        return failure(
            kExitNotRunning,
            "the agent has not run here yet (or with another state_dir): " + error.message);
    if (error.sys_errno == EACCES || error.sys_errno == EPERM)
        return failure(kExitFailed, error.message + ": use the agent's user or root");
    return failure(kExitFailed, error.message);
}

}  // namespace

std::string error_of(const api::ClientResponse& response) {
    boost::system::error_code error;
    const auto value = boost::json::parse(response.body, error);
    if (!error && value.is_object())
        if (const auto* text = value.get_object().if_contains("error"); text && text->is_string())
            return std::string(text->get_string());
    return printable(std::string_view(response.body).substr(0, 500));
}

Outcome<Settings> settings_for_client(const SettingsArguments& arguments) {
    auto settings = load_settings("security-agent", arguments);
    if (!settings)
        return failure(kExitUsage, settings.error().message);
    return std::move(*settings);
}

Outcome<api::ClientOptions> client_options(const Settings& settings) {
    const auto token = ipc::Token::load(auth_token_path(settings));
    if (!token)
        return no_secret(token.error());
    const auto certificate = ipc::load_certificate(ipc_cert_path(settings));
    if (!certificate)
        return no_secret(certificate.error());
    return api::ClientOptions{
        .host = settings.string("cmd_host"),
        .port = static_cast<uint16_t>(settings.integer("security_agent.cmd_port")),
        .token = token->text(),
        .certificate_pem = certificate->certificate_pem,
        .timeout = std::chrono::duration_cast<std::chrono::milliseconds>(
            settings.duration("server_timeout"))};
}

Outcome<std::string> call(const SettingsArguments& arguments, const std::string& method,
                          const std::string& target, const std::string& body) {
    const auto settings = settings_for_client(arguments);
    if (!settings)
        return tl::unexpected<Failure>(settings.error());
    const auto options = client_options(*settings);
    if (!options)
        return tl::unexpected<Failure>(options.error());
    auto response = api::request(*options, method, target, body);
    if (!response) {
        const bool away = response.error().code == ErrorCode::kUnavailable;
        return failure(away ? kExitNotRunning : kExitFailed, response.error().message);
    }
    if (response->status != 200)
        return failure(kExitFailed, fmt::format("the agent answered {}: {}", response->status,
                                                error_of(*response)));
    return std::move(response->body);
}

}  // namespace vedette::cli
