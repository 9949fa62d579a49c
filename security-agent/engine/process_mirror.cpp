// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/process_mirror.h"

#include <algorithm>
#include <utility>

#include "security-agent/engine/scopes.h"

namespace vedette::engine {
namespace {

/// Of one image in the queues and indexes, about.
constexpr size_t kIndexBytes = 128;

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
    move_container(key, known ? entry.node->container().id() : std::string(),
                   node.container().id());
    join_scopes(node);  // before it leaves those of before: most stay the same
    if (known)
        leave_scopes(*entry.node);
    *entry.node = std::move(node);
    entry.bytes = entry.node->SpaceUsedLong() + sizeof(Entry) + kIndexBytes;
    bytes_ += entry.bytes;
    if (!known)
        arrived_.push_back(key);
    if (entry.node->exit_time() != 0 && !had_ended)
        ended_.push_back(key);
    if (entry.node->exit_time() == 0)
        living_[entry.node->pid()] = key;
    else if (const auto at = living_.find(entry.node->pid());
             at != living_.end() && at->second == key)
        living_.erase(at);
    sweep(arrived_, nodes_);
    sweep(ended_, nodes_);
    evict();
}

void ProcessMirror::end(uint64_t key, uint64_t exit_time) {
    const auto found = nodes_.find(key);
    if (found == nodes_.end() || exit_time == 0)
        return;
    v1::ProcessNode& node = *found->second.node;
    if (node.exit_time() == 0)
        ended_.push_back(key);
    node.set_exit_time(exit_time);
    if (const auto at = living_.find(node.pid()); at != living_.end() && at->second == key)
        living_.erase(at);
    sweep(ended_, nodes_);
}

void ProcessMirror::erase(uint64_t key) {
    const auto found = nodes_.find(key);
    if (found == nodes_.end())
        return;
    const std::unique_ptr<v1::ProcessNode> node = std::move(found->second.node);
    bytes_ -= found->second.bytes;
    nodes_.erase(found);
    if (const auto at = living_.find(node->pid()); at != living_.end() && at->second == key)
        living_.erase(at);
    move_container(key, node->container().id(), {});
    leave_scopes(*node);
}

void ProcessMirror::move_container(uint64_t key, const std::string& from, const std::string& to) {
    if (from == to)
        return;
    if (const auto at = containers_.find(from); at != containers_.end()) {
        at->second.erase(key);
        if (at->second.empty())
            containers_.erase(at);
    }
    if (!to.empty())
        containers_[to].insert(key);
}

void ProcessMirror::change(uint64_t key, const std::function<void(v1::ProcessNode&)>& use) {
    if (const auto found = nodes_.find(key); found != nodes_.end())
        change(found->second, use);
}

void ProcessMirror::change_container(const std::string& id,
                                     const std::function<void(v1::ProcessNode&)>& use) {
    const auto members = containers_.find(id);
    if (members == containers_.end())
        return;
    for (const uint64_t key : members->second)
        change(key, use);
}

void ProcessMirror::change(Entry& entry, const std::function<void(v1::ProcessNode&)>& use) {
    use(*entry.node);
    bytes_ -= entry.bytes;
    entry.bytes = entry.node->SpaceUsedLong() + sizeof(Entry) + kIndexBytes;
    bytes_ += entry.bytes;
}

void ProcessMirror::clear() {
    nodes_.clear();
    living_.clear();
    containers_.clear();
    ended_.clear();
    arrived_.clear();
    bytes_ = 0;
    for (auto& members : members_)
        members.clear();
}

bool ProcessMirror::has_scope(secl::Scope scope, std::string_view key) const {
    return members_[static_cast<size_t>(scope)].contains(std::string(key));
}

void ProcessMirror::join_scopes(const v1::ProcessNode& node) {
    const auto join = [this](secl::Scope scope, std::string_view key) {
        if (!key.empty())
            ++members_[static_cast<size_t>(scope)][std::string(key)];
    };
    join(secl::Scope::kProcess, view(process_scope_key(node.process_key())));
    join(secl::Scope::kContainer, node.container().id());
    join(secl::Scope::kCgroup, cgroup_scope_key(node.cgroup()));
}

void ProcessMirror::leave_scopes(const v1::ProcessNode& node) {
    leave(secl::Scope::kProcess, view(process_scope_key(node.process_key())));
    leave(secl::Scope::kContainer, node.container().id());
    leave(secl::Scope::kCgroup, cgroup_scope_key(node.cgroup()));
}

void ProcessMirror::leave(secl::Scope scope, std::string_view key) {
    auto& members = members_[static_cast<size_t>(scope)];
    const auto found = members.find(std::string(key));
    if (found == members.end() || --found->second > 0)
        return;
    members.erase(found);
    if (scope_end_)
        scope_end_(scope, key);
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

const v1::ProcessNode* ProcessMirror::find_pid(uint32_t pid) const {
    const auto found = living_.find(pid);
    return found == living_.end() ? nullptr : find(found->second);
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

void ProcessMirror::each(const std::function<void(const v1::ProcessNode&)>& use) const {
    for (const auto& [key, entry] : nodes_)
        use(*entry.node);
}

}  // namespace vedette::engine
