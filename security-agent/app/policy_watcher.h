// SPDX-License-Identifier: Apache-2.0
//
// A PolicyWatch on an io_context: waits, debounces, calls.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>

#include "security-agent/app/policy_watch.h"

namespace vedette::app {

/// io thread only.
class PolicyWatcher {
   public:
    /// `changed` is called once the policies differ and have been quiet for `quiet`.
    PolicyWatcher(boost::asio::io_context& io, PolicyWatch watch,
                  std::chrono::steady_clock::duration quiet, std::function<void()> changed);

    void start();
    void stop();
    /// The policies are about to be loaded for another reason: what changed until now is no news any more.
    void forget();

   private:
    void wait();
    void on_events();
    void on_quiet();

    PolicyWatch watch_;
    boost::asio::posix::stream_descriptor descriptor_;
    boost::asio::steady_timer timer_;
    Debounce debounce_;
    std::function<void()> changed_;
};

}  // namespace vedette::app
