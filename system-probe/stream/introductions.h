// SPDX-License-Identifier: Apache-2.0
//
// The agent is told of a process when an event is about to name it, with its ancestors, in the state of that moment; or
// when it lives on. Most processes of a busy host are over before either, and then nobody was told of them. Of a process
// that it knows the agent hears everything: state that rules keep with a process ends when its last image is gone.
#pragma once

#include <cstddef>

#include "system-probe/resolvers/process_resolver.h"

namespace vedette::probe {

/// Pipeline thread. What reaches the next sink names only images that it has, parents first.
class Introductions : public NodeSink {
   public:
    /// By one tick(), so that a burst of processes does not hold up the events behind it.
    static constexpr size_t kMaxByTick = 1024;

    /// `next` must outlive it.
    explicit Introductions(NodeSink& next) : next_(next) {}

    void changed(const Image& image) override;
    void ended(const Image& image) override;
    void gone(const Image& image) override;
    void about_to_change(const Image& image) override { introduce(image); }

    /// Before an event that names it.
    void introduce(const Image& image);
    /// Whether each image is told as soon as it is known, for who counts what lives in a container or a cgroup.
    /// From now on, and those that wait at once.
    void tell_all(bool all, ProcessResolver& resolver);
    /// Tells of those that live on, a while after they came.
    void tick(ProcessResolver& resolver);
    /// tick() has something to do.
    bool some_wait() const { return some_wait_; }
    /// The agent gets all there is by another way.
    void all_are_told(const ProcessResolver& resolver);

   private:
    void tell_living(ProcessResolver& resolver, size_t max);

    NodeSink& next_;
    bool all_ = false;
    bool some_wait_ = false;
};

}  // namespace vedette::probe
