// SPDX-License-Identifier: Apache-2.0
//
// Forks, execs and exits for whoever listens besides the agent. Stands between the resolver and its sink, because an event
// of this feed carries its process whole.
#pragma once

#include <memory>
#include <vector>

#include "system-probe/resolvers/process_resolver.h"
#include "vedette/v1/event_monitoring.pb.h"

namespace vedette::probe {

/// Thread-safe; does not block.
class ProcessListener {
   public:
    virtual ~ProcessListener() = default;
    /// False: it is gone and gets no more.
    virtual bool push(std::shared_ptr<const v1::ProcessEvent> event) = 0;
    /// For now there is no more: what was pushed may leave.
    virtual void flush() = 0;
    /// Nothing follows.
    virtual void close(const std::string& reason) = 0;
};

/// Pipeline thread.
class ProcessFeed : public NodeSink {
   public:
    static constexpr size_t kMaxListeners = 8;

    /// Both must outlive it.
    ProcessFeed(NodeSink& next, const Names& names) : next_(next), names_(names) {}

    void changed(const Image& image) override;
    void ended(const Image& image) override;
    void gone(const Image& image) override { next_.gone(image); }
    void about_to_change(const Image& image) override { next_.about_to_change(image); }
    /// After the resolver has applied it.
    void event(const v1::Event& event);

    /// When all records that were there have been dealt with.
    void flush();

    /// False: there are too many. With `resolver`, first what it knows.
    bool add(std::shared_ptr<ProcessListener> listener, const ProcessResolver* resolver);
    /// Ends all calls.
    void close(const std::string& reason);

   private:
    void remember(const Image& image);
    void push(v1::ProcessEvent event);

    NodeSink& next_;
    const Names& names_;
    std::vector<std::shared_ptr<ProcessListener>> listeners_;
    std::vector<v1::ProcessNode> changed_;  ///< since the last event; empty while nobody listens
};

}  // namespace vedette::probe
