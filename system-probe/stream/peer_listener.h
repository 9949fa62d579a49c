// SPDX-License-Identifier: Apache-2.0
//
// Accepts connections and asks the kernel who is on the other side (SO_PEERCRED: it cannot be forged, and stays what it
// was at connect(2)). Only root, this process's own user and the agent's user get further.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/log.h"
#include "common/os/fd.h"
#include "common/result.h"

namespace boost::asio {
class io_context;
}

namespace vedette::probe {

/// Who may connect.
struct PeerPolicy {
    uid_t own_uid = 0;
    std::optional<uid_t> agent_uid;

    bool allows(uid_t uid) const { return uid == 0 || uid == own_uid || uid == agent_uid; }
};

/// Main thread.
class PeerListener {
   public:
    using Accepted = std::function<void(UniqueFd)>;

    /// `fd`: a listening socket, non-blocking; not owned. `path`: for messages. `refused`: counts up.
    PeerListener(boost::asio::io_context& io, int fd, std::string path, PeerPolicy policy,
                 Accepted accepted, std::atomic<uint64_t>& refused, Logger& logger);
    ~PeerListener();

    Result<> start();
    void stop();

   private:
    class Impl;
    std::shared_ptr<Impl> impl_;
    int fd_;
};

}  // namespace vedette::probe
