// SPDX-License-Identifier: Apache-2.0
//
// What the benchmarks of the engine share: an engine with a policy and a process tree, and batches of events of one kind.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "tests/unit/engine/fixture.h"

namespace vedette::bench {

/// Events of one batch.
inline constexpr int kEvents = 512;
inline constexpr int kAlerts = 32;  ///< of kShadow

enum class Kind : uint8_t {
    kOpen,     ///< of a library: no rule matches
    kExec,     ///< of cat
    kConnect,  ///< to port 443
    kMixed,    ///< six opens, an exec, a connect
    kShadow,   ///< open of /etc/shadow: an alert of the default policy
};

/// By a process with eight ancestors.
v1::Batch events(Kind kind);

/// deploy/policies. Aborts when they have errors, as the next one does.
engine::Policies default_policy();
/// realistic_policy(rules), compiled.
engine::Policies realistic(int rules);

/// An engine whose alerts are counted and thrown away. Its clocks stand still, its rules have no rate limit.
class Bench {
   public:
    explicit Bench(engine::Policies policies);

    /// The same events again and again, as if they were new.
    void run(v1::Batch& batch);
    /// The same from their bytes.
    void run(const engine::StreamMessage& message);
    /// Since the policies were loaded.
    size_t alerts() const { return sink_.lines; }

   private:
    struct CountSink final : engine::AlertSink {
        size_t lines = 0;
        void write(std::string) override { ++lines; }
    };

    CountSink sink_;
    Metrics metrics_;
    std::shared_ptr<Logger> logger_;
    std::unique_ptr<engine::Engine> engine_;
    uint64_t next_ = 1;
};

}  // namespace vedette::bench
