// SPDX-License-Identifier: Apache-2.0
//
// What container runtimes say of the containers that processes are in, and of those that run without one. Each is sent
// once and again when it changes; what a runtime says late amends. Bounded: a container beyond the bound is one without
// metadata.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "system-probe/resolvers/workloads.h"
#include "vedette/v1/workload.pb.h"

namespace vedette::probe {

/// Where changes go, in order with the events.
class WorkloadSink {
   public:
    virtual ~WorkloadSink() = default;
    virtual void workload_changed(v1::Workload workload) = 0;
    virtual void workload_gone(const std::string& container_id) = 0;
};

/// Whom it asks, by a container's id (runtimes/runtime_watch.h). False: they will not answer.
struct RuntimeQuestions {
    std::function<bool(const std::string& id)> ask;     ///< empty: there is nobody
    std::function<bool(const std::string& id)> forget;  ///< no process is in it any more
};

/// Pipeline thread.
class WorkloadTable {
   public:
    static constexpr size_t kMaxWorkloads = 8192;

    /// `sink` must outlive it.
    WorkloadTable(RuntimeQuestions runtimes, WorkloadSink& sink)
        : runtimes_(std::move(runtimes)), sink_(sink) {}

    /// A process is in it: the first one that is known.
    void appeared(const std::shared_ptr<const Container>& container);
    /// What a runtime says, or that none does.
    void found(v1::Workload workload);
    /// It does not run any more, as far as runtimes say.
    void ended(const std::string& id);
    /// Call every so often: finds the containers of which every process has been forgotten.
    void sweep();

    void for_each(const std::function<void(const v1::Workload&)>& visit) const;

   private:
    struct Entry {
        v1::Workload workload;
        std::weak_ptr<const Container> container;  ///< as long as a process of it is known
        bool in_use = false;
    };
    void set(Entry& entry, v1::Workload workload);

    RuntimeQuestions runtimes_;
    WorkloadSink& sink_;
    std::unordered_map<std::string, Entry> entries_;
};

}  // namespace vedette::probe
