// SPDX-License-Identifier: Apache-2.0
#include "system-probe/stream/peer_listener.h"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

#include "system-probe/stream/log_limit.h"

namespace vedette::probe {
namespace {

/// Out of descriptors: accept(2) would fail again at once, for as long as the connection waits.
constexpr auto kAcceptRetry = std::chrono::milliseconds(200);

/// Connections taken in one go, so that signals and timers get their turn.
constexpr int kAcceptsPerWait = 16;

}  // namespace

class PeerListener::Impl : public std::enable_shared_from_this<Impl> {
   public:
    Impl(boost::asio::io_context& io, std::string path, PeerPolicy policy, Accepted accepted,
         std::atomic<uint64_t>& refused, Logger& logger)
        : descriptor_(io),
          retry_(io),
          path_(std::move(path)),
          policy_(policy),
          accepted_(std::move(accepted)),
          refused_(refused),
          logger_(logger) {}

    Result<> start(int fd) {
        const int copy = dup(fd);  // asio closes what it is given
        if (copy < 0)
            return fail_errno(errno, "socket '{}'", path_);
        boost::system::error_code error;
        descriptor_.assign(copy, error);
        if (error)
            return fail(ErrorCode::kIo, "socket '{}': {}", path_, error.message());
        wait();
        return {};
    }

    void stop() {
        boost::system::error_code ignored;
        descriptor_.close(ignored);
        retry_.cancel();
    }

   private:
    void wait() {
        descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                               [self = shared_from_this()](const boost::system::error_code& error) {
                                   if (!error)
                                       self->accept_some();
                               });
    }

    void accept_some() {
        for (int i = 0; i < kAcceptsPerWait; ++i) {
            UniqueFd peer(accept4(descriptor_.native_handle(), nullptr, nullptr,
                                  SOCK_CLOEXEC | SOCK_NONBLOCK));
            if (peer) {
                check(std::move(peer));
                continue;
            }
            if (errno == EINTR || errno == ECONNABORTED)
                continue;
            if (errno != EAGAIN && errno != EWOULDBLOCK)
                return wait_and_retry(errno);
            break;
        }
        wait();
    }

    void wait_and_retry(int error) {
        if (limit_.allow()) {
            logger_.warn("accepting on '{}': {}{}", path_, std::strerror(error), limit_.suffix());
        }
        retry_.expires_after(kAcceptRetry);
        retry_.async_wait([self = shared_from_this()](const boost::system::error_code& canceled) {
            if (!canceled)
                self->wait();
        });
    }

    void check(UniqueFd peer) {
        ucred who = {};
        socklen_t size = sizeof who;
        const bool known =
            getsockopt(peer.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && size == sizeof who;
        if (known && policy_.allows(who.uid))
            return accepted_(std::move(peer));
        ++refused_;
        if (limit_.allow()) {
            logger_.warn("refused a connection to '{}' from pid {} of uid {}{}", path_, who.pid,
                         who.uid, limit_.suffix());
        }
    }

    boost::asio::posix::stream_descriptor descriptor_;
    boost::asio::steady_timer retry_;
    std::string path_;
    PeerPolicy policy_;
    Accepted accepted_;
    std::atomic<uint64_t>& refused_;
    Logger& logger_;
    LogLimit limit_;
};

PeerListener::PeerListener(boost::asio::io_context& io, int fd, std::string path, PeerPolicy policy,
                           Accepted accepted, std::atomic<uint64_t>& refused, Logger& logger)
    : impl_(std::make_shared<Impl>(io, std::move(path), policy, std::move(accepted), refused,
                                   logger)),
      fd_(fd) {}

PeerListener::~PeerListener() {
    stop();
}

Result<> PeerListener::start() {
    return impl_->start(fd_);
}

void PeerListener::stop() {
    impl_->stop();
}

}  // namespace vedette::probe
