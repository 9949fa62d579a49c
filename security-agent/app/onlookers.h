// SPDX-License-Identifier: Apache-2.0
//
// Who looks at events themselves, not at what rules make of them: a live view, `top`, a recording. While there is one, the
// probe delivers every fork, exec and exit, which it otherwise keeps back where no rule can match.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <utility>

namespace vedette::app {

class Onlookers {
   public:
    struct Hooks {
        /// Whether there are any, when that may have changed; not called twice at a time.
        std::function<void(bool any)> tell;
        /// Runs it on another thread.
        std::function<void(std::function<void()>)> later;
    };

    explicit Onlookers(Hooks hooks) : hooks_(std::move(hooks)) {}

    /// Somebody begins to look: returns when it has been told, on any thread that may wait. Or ceases to: returns at once.
    void look(bool begins);
    /// From here on it is told, or no longer.
    void open();
    void close() { open_ = false; }

   private:
    void settle();

    const Hooks hooks_;
    std::atomic<int> present_ = 0;
    std::atomic<bool> open_ = false;
    std::mutex telling_;
    bool told_ = false;  ///< last; under telling_
};

}  // namespace vedette::app
