// SPDX-License-Identifier: Apache-2.0
//
// The API's certificate over the agent's life: read or made at the start, read again on SIGHUP, renewed before it
// expires. The file is replaced first, then the server shows the new one: who reads the file next can pin it.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <string>

#include "common/ipc/certificate.h"
#include "common/log.h"

namespace vedette::app {

/// On the io thread.
class CertificateKeeper {
   public:
    CertificateKeeper(boost::asio::io_context& io, std::string path, std::string host,
                      Logger& logger);

    /// Errors: as ipc::load_or_renew_certificate.
    Result<> load();
    const ipc::Certificate& current() const { return current_; }

    /// From now on `use` gets each new one; it is looked at once a day.
    void start(std::function<Result<>(const ipc::Certificate&)> use);
    /// Looks now. What is wrong is logged, and the one in use stays.
    void refresh();
    void stop() { timer_.cancel(); }

   private:
    void wait();

    boost::asio::steady_timer timer_;
    std::string path_;
    std::string host_;
    Logger& logger_;
    ipc::Certificate current_;
    std::function<Result<>(const ipc::Certificate&)> use_;
};

}  // namespace vedette::app
