// SPDX-License-Identifier: Apache-2.0
#include "security-agent/app/policy_watcher.h"

#include <unistd.h>

#include <utility>

namespace vedette::app {
namespace {

constexpr int kLongest =
    6;  // times `quiet`: a directory that is never quiet is loaded nevertheless

}  // namespace

PolicyWatcher::PolicyWatcher(boost::asio::io_context& io, PolicyWatch watch,
                             std::chrono::steady_clock::duration quiet,
                             std::function<void()> changed)
    : watch_(std::move(watch)),
      descriptor_(io),
      timer_(io),
      debounce_(quiet, kLongest * quiet),
      changed_(std::move(changed)) {}

void PolicyWatcher::start() {
    boost::system::error_code error;
    // The descriptor's own copy: closing it must not close the watch's.
    descriptor_.assign(dup(watch_.fd()), error);
    if (!error)
        wait();
}

void PolicyWatcher::stop() {
    boost::system::error_code ignored;
    descriptor_.close(ignored);
    timer_.cancel();
}

void PolicyWatcher::forget() {
    watch_.drain();
    watch_.changed();
    debounce_.reset();
    timer_.cancel();
}

void PolicyWatcher::wait() {
    descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                           [this](const boost::system::error_code& error) {
                               if (error)
                                   return;
                               on_events();
                               wait();
                           });
}

void PolicyWatcher::on_events() {
    if (!watch_.drain())
        return;
    debounce_.note(Debounce::Clock::now());
    timer_.expires_at(*debounce_.due());
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error)
            on_quiet();
    });
}

void PolicyWatcher::on_quiet() {
    debounce_.reset();
    if (watch_.changed())
        changed_();
}

}  // namespace vedette::app
