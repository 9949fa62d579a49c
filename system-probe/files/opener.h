// SPDX-License-Identifier: Apache-2.0
//
// Lets the privileged thread open something, and waits for it, but not for ever: a file system that does not answer costs
// the files of this host that are asked for meanwhile, and nothing else.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>

#include "common/os/fd.h"
#include "common/result.h"
#include "system-probe/app/privileged_worker.h"

namespace vedette::probe {

/// One thread asks; any may ask whether it is stuck.
class Opener {
   public:
    using Open = std::function<Result<UniqueFd>()>;

    /// `worker` must outlive it; nullptr: this thread opens, with what it may.
    explicit Opener(PrivilegedWorker* worker,
                    std::chrono::milliseconds patience = std::chrono::seconds(1))
        : worker_(worker), patience_(patience) {}

    /// `open` owns what it needs: it may run, or end, after this has returned. Errors: its; kUnavailable: it takes too
    /// long, or an earlier one still does.
    Result<UniqueFd> run(Open open);

    /// Something that was opened does not come back.
    bool stuck() const { return stuck_; }

   private:
    PrivilegedWorker* worker_;
    std::chrono::milliseconds patience_;
    std::shared_ptr<std::atomic<bool>> busy_ = std::make_shared<std::atomic<bool>>(false);
    std::atomic<bool> stuck_ = false;
};

}  // namespace vedette::probe
