// SPDX-License-Identifier: Apache-2.0
//
// The agent's copy of the probe's process tree: images by key, each naming its predecessor (previous image of the
// same process, else the creator). Under the engine's lock.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "security-agent/engine/stored_node.h"
#include "security-agent/secl/variables.h"
#include "vedette/v1/process.pb.h"

namespace vedette::engine {

class ProcessMirror {
   public:
    /// Longest chain that ancestors() follows: a bound against a cycle in what the probe sent.
    static constexpr size_t kMaxAncestors = 1024;

    /// A process, container or cgroup of which no image is left; `key` as scopes.h makes it.
    using ScopeEnd = std::function<void(secl::Scope scope, std::string_view key)>;

    explicit ProcessMirror(size_t max_bytes, ScopeEnd scope_end = {})
        : max_bytes_(max_bytes), scope_end_(std::move(scope_end)) {}

    /// Takes what the probe says of one image. Over the memory bound the images that ended first are forgotten.
    void apply(v1::ProcessNode&& node);
    /// It has ended, and is otherwise as it was. Nothing happens when the key is not known.
    void end(uint64_t key, uint64_t exit_time);
    void erase(uint64_t key);
    /// Changes what is not part of a scope, nor of the tree. Nothing happens when the key is not known.
    void change(uint64_t key, const std::function<void(v1::ProcessNode&)>& use);
    /// The same, of every image in that container.
    void change_container(const std::string& id, const std::function<void(v1::ProcessNode&)>& use);
    /// Ends no scope: a snapshot of the same processes may follow.
    void clear();
    /// Some image belongs to it.
    bool has_scope(secl::Scope scope, std::string_view key) const;

    /// Packs images that nobody has asked for since some calls ago, a bounded number of them. Call it every second or so.
    void pack_idle();

    /// Null when it is not known. Valid until the next apply(), erase(), clear() or pack_idle(), as all pointers here.
    const v1::ProcessNode* find(uint64_t key) const;

    /// A process and the one before it, as find() and parent() say; null: not known. Asking again for the same is cheap.
    struct Kin {
        const v1::ProcessNode* process = nullptr;
        const v1::ProcessNode* parent = nullptr;
    };
    Kin kin(uint64_t key) const;

    /// The living process with this pid, its newest image; null when there is none.
    const v1::ProcessNode* find_pid(uint32_t pid) const;

    /// The process before `node` in the tree that is not an earlier image of itself; null when unknown.
    const v1::ProcessNode* parent(const v1::ProcessNode& node) const;

    /// Nearest first, earlier images of the same process included; appended to `out` as v1::ProcessNode.
    void ancestors(const v1::ProcessNode& node, std::vector<const void*>& out) const;

    /// Every image, in no order.
    void each(const std::function<void(const v1::ProcessNode&)>& use) const;

    /// Another number whenever that very object, which find() gave, says something else; 0: it is none of the mirror's.
    uint64_t revision(const v1::ProcessNode& node) const;

    size_t size() const { return nodes_.size(); }
    size_t bytes() const { return bytes_; }
    uint64_t evicted() const { return evicted_; }

   private:
    /// Looking at an image unpacks it: how it is stored is not part of what the mirror says.
    struct Entry {
        mutable StoredNode stored;
        mutable size_t bytes = 0;
        uint64_t revision = 0;
        mutable uint32_t used = 0;  ///< calls of pack_idle() before the last look at it
    };
    v1::ProcessNode& look(uint64_t key, const Entry& entry) const;
    void measure(const Entry& entry) const;
    void pack(const Entry& entry) const;
    void move_container(uint64_t key, const std::string& from, const std::string& to);
    void evict();
    void join_scopes(const v1::ProcessNode& node);
    void leave_scopes(const v1::ProcessNode& node);
    void leave(secl::Scope scope, std::string_view key);

    boost::unordered_flat_map<uint64_t, Entry> nodes_;
    boost::unordered_flat_map<uint32_t, uint64_t> living_;  ///< pid to key of the newest image
    std::array<boost::unordered_flat_map<std::string, size_t>, 4> members_;  ///< images by scope
    boost::unordered_flat_map<std::string, boost::unordered_flat_set<uint64_t>> containers_;
    std::deque<uint64_t>
        ended_;  ///< keys of images that have ended, oldest first; may hold erased ones
    std::deque<uint64_t>
        arrived_;  ///< every key, oldest first: the last resort when nothing has ended
    mutable std::deque<uint64_t>
        open_;  ///< keys of images that are not packed; may hold erased ones
    uint32_t packings_ = 0;
    mutable size_t bytes_ = 0;
    uint64_t revisions_ = 0;
    size_t max_bytes_;
    ScopeEnd scope_end_;
    uint64_t evicted_ = 0;
    mutable uint64_t kin_key_ = 0;
    mutable Kin
        kin_;  ///< of kin_key_, where the process is not null: events come in runs of the same process
};

}  // namespace vedette::engine
