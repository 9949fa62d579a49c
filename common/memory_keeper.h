// SPDX-License-Identifier: Apache-2.0
//
// A daemon's memory between bursts: what its start, a load of policies or a flood needed is the host's again afterwards.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

namespace vedette {

/// For the first thread, before there are others: threads share heaps, which so have fewer holes.
void share_heaps();

/// Lives on the thread that runs `io`.
class MemoryKeeper {
   public:
    explicit MemoryKeeper(boost::asio::io_context& io) : timer_(io) {}

    /// Gives back at once, soon again, and then every two minutes. Until stop().
    void start();
    void stop() { timer_.cancel(); }

   private:
    void wait(std::chrono::seconds time);

    boost::asio::steady_timer timer_;
};

}  // namespace vedette
