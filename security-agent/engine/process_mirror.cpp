// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/process_mirror.h"

#include <algorithm>
#include <utility>

namespace vedette::engine {
namespace {

/// Keys in the two queues that no longer stand for anything are swept out once they outnumber the nodes.
void sweep(std::deque<uint64_t>& keys, const auto& nodes) {
    if (keys.size() <= 2 * nodes.size() + 64)
        return;
    std::erase_if(keys, [&nodes](uint64_t key) { return !nodes.contains(key); });
}

}  // namespace

void ProcessMirror::apply(v1::ProcessNode&& node) {
    const uint64_t key = node.key();
    Entry& entry = nodes_[key];
    const bool known = entry.node != nullptr;
    const bool had_ended = known && entry.node->exit_time() != 0;
    bytes_ -= entry.bytes;
    if (!known)
        entry.node = std::make_unique<v1::ProcessNode>();
    *entry.node = std::move(node);
    entry.bytes = entry.node->SpaceUsedLong() + sizeof(Entry) + 3 * sizeof(uint64_t);
    bytes_ += entry.bytes;
    if (!known)
        arrived_.push_back(key);
    if (entry.node->exit_time() != 0 && !had_ended)
        ended_.push_back(key);
    sweep(arrived_, nodes_);
    sweep(ended_, nodes_);
    evict();
}

void ProcessMirror::erase(uint64_t key) {
    const auto found = nodes_.find(key);
    if (found == nodes_.end())
        return;
    bytes_ -= found->second.bytes;
    nodes_.erase(found);
}

void ProcessMirror::clear() {
    nodes_.clear();
    ended_.clear();
    arrived_.clear();
    bytes_ = 0;
}

void ProcessMirror::evict() {
    // The newest image always stays: the event that it came for is next.
    while (bytes_ > max_bytes_ && nodes_.size() > 1) {
        std::deque<uint64_t>& keys = ended_.empty() ? arrived_ : ended_;
        const uint64_t key = keys.front();
        keys.pop_front();
        if (!nodes_.contains(key))
            continue;
        erase(key);
        ++evicted_;
    }
}

const v1::ProcessNode* ProcessMirror::find(uint64_t key) const {
    const auto found = nodes_.find(key);
    return found == nodes_.end() ? nullptr : found->second.node.get();
}

const v1::ProcessNode* ProcessMirror::parent(const v1::ProcessNode& node) const {
    const v1::ProcessNode* at = &node;
    for (size_t i = 0; i < kMaxAncestors; ++i) {
        at = at->parent_key() ? find(at->parent_key()) : nullptr;
        if (!at || at->process_key() != node.process_key())
            return at;
    }
    return nullptr;
}

void ProcessMirror::ancestors(const v1::ProcessNode& node, std::vector<const void*>& out) const {
    const v1::ProcessNode* at = &node;
    for (size_t i = 0; i < kMaxAncestors; ++i) {
        at = at->parent_key() ? find(at->parent_key()) : nullptr;
        if (!at || at == &node)
            return;
        out.push_back(at);
    }
}

}  // namespace vedette::engine
