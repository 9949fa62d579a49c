// SPDX-License-Identifier: Apache-2.0
#include "system-probe/resolvers/workload_table.h"

#include <google/protobuf/util/message_differencer.h>

#include <utility>

namespace vedette::probe {

void WorkloadTable::appeared(const std::shared_ptr<const Container>& container) {
    if (!runtimes_.ask)
        return;
    const std::string& id = container->id;
    if (!entries_.contains(id) && entries_.size() >= kMaxWorkloads)
        return;
    Entry& entry = entries_[id];
    entry.container = container;
    entry.in_use = true;
    const bool asked = runtimes_.ask(id);
    if (!entry.workload.container_id().empty())
        return;  // what is known of it holds until they answer
    v1::Workload fresh;
    fresh.set_container_id(id);
    fresh.set_metadata(asked ? v1::Workload::METADATA_PENDING : v1::Workload::METADATA_UNKNOWN);
    set(entry, std::move(fresh));
}

void WorkloadTable::found(v1::Workload workload) {
    const bool known = entries_.contains(workload.container_id());
    const bool says_something = workload.metadata() == v1::Workload::METADATA_KNOWN;
    if (!known && (!says_something || entries_.size() >= kMaxWorkloads))
        return;
    Entry& entry = entries_[workload.container_id()];
    // A runtime that is away for a moment does not make what it said untrue.
    if (!says_something && entry.workload.metadata() == v1::Workload::METADATA_KNOWN)
        return;
    set(entry, std::move(workload));
}

void WorkloadTable::set(Entry& entry, v1::Workload workload) {
    if (google::protobuf::util::MessageDifferencer::Equals(entry.workload, workload))
        return;
    entry.workload = std::move(workload);
    sink_.workload_changed(entry.workload);
}

void WorkloadTable::ended(const std::string& id) {
    const auto found = entries_.find(id);
    if (found == entries_.end() || !found->second.container.expired())
        return;  // it has come back since
    entries_.erase(found);
    sink_.workload_gone(id);
}

void WorkloadTable::sweep() {
    for (auto& [id, entry] : entries_) {
        if (entry.in_use && entry.container.expired())
            entry.in_use =
                !runtimes_.forget(id);  // when it is not taken, the next sweep says it again
    }
}

void WorkloadTable::for_each(const std::function<void(const v1::Workload&)>& visit) const {
    for (const auto& [id, entry] : entries_)
        visit(entry.workload);
}

}  // namespace vedette::probe
