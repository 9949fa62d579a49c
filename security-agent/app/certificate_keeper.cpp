// SPDX-License-Identifier: Apache-2.0
#include "security-agent/app/certificate_keeper.h"

#include <utility>

namespace vedette::app {
namespace {

constexpr auto kPeriod = std::chrono::hours(24);

}  // namespace

CertificateKeeper::CertificateKeeper(boost::asio::io_context& io, std::string path,
                                     std::string host, Logger& logger)
    : timer_(io), path_(std::move(path)), host_(std::move(host)), logger_(logger) {}

Result<> CertificateKeeper::load() {
    auto loaded = ipc::load_or_renew_certificate(path_, host_);
    if (!loaded)
        return forward_error(loaded);
    if (loaded->renewed)
        logger_.warn(
            "the API's certificate '{}' had expired, or would have soon: a new one was made",
            path_);
    current_ = std::move(*loaded);
    return {};
}

void CertificateKeeper::start(std::function<Result<>(const ipc::Certificate&)> use) {
    use_ = std::move(use);
    wait();
}

void CertificateKeeper::wait() {
    timer_.expires_after(kPeriod);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error)
            return;
        refresh();
        wait();
    });
}

void CertificateKeeper::refresh() {
    const std::string before = current_.certificate_pem;
    if (auto loaded = load(); !loaded)
        return logger_.error("the API goes on with the certificate it has: {}",
                             loaded.error().message);
    if (current_.certificate_pem == before || !use_)
        return;
    if (auto used = use_(current_); !used)
        return logger_.error("the API goes on with the certificate it had: {}",
                             used.error().message);
    logger_.info("the API shows a new certificate, from '{}'", path_);
}

}  // namespace vedette::app
