// SPDX-License-Identifier: Apache-2.0
//
// The agent's copy of the probe's process tree: images by key, each naming its predecessor (previous image of the
// same process, else the creator). Engine thread only.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "vedette/v1/process.pb.h"

namespace vedette::engine {

class ProcessMirror {
   public:
    /// Longest chain that ancestors() follows: a bound against a cycle in what the probe sent.
    static constexpr size_t kMaxAncestors = 1024;

    explicit ProcessMirror(size_t max_bytes) : max_bytes_(max_bytes) {}

    /// Takes what the probe says of one image. Over the memory bound the images that ended first are forgotten.
    void apply(v1::ProcessNode&& node);
    void erase(uint64_t key);
    void clear();

    /// Null when it is not known. Valid until the next apply(), erase() or clear().
    const v1::ProcessNode* find(uint64_t key) const;

    /// The process before `node` in the tree that is not an earlier image of itself; null when unknown.
    const v1::ProcessNode* parent(const v1::ProcessNode& node) const;

    /// Nearest first, earlier images of the same process included; appended to `out` as v1::ProcessNode.
    void ancestors(const v1::ProcessNode& node, std::vector<const void*>& out) const;

    size_t size() const { return nodes_.size(); }
    size_t bytes() const { return bytes_; }
    uint64_t evicted() const { return evicted_; }

   private:
    struct Entry {
        std::unique_ptr<v1::ProcessNode> node;
        size_t bytes = 0;
    };
    void evict();

    boost::unordered_flat_map<uint64_t, Entry> nodes_;
    std::deque<uint64_t>
        ended_;  ///< keys of images that have ended, oldest first; may hold erased ones
    std::deque<uint64_t>
        arrived_;  ///< every key, oldest first: the last resort when nothing has ended
    size_t bytes_ = 0;
    size_t max_bytes_;
    uint64_t evicted_ = 0;
};

}  // namespace vedette::engine
