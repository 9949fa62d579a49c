// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/process_mirror.h"

#include <algorithm>
#include <utility>

#include "security-agent/engine/scopes.h"

namespace vedette::engine {
namespace {

/// Of one image in the queues and indexes, about.
constexpr size_t kIndexBytes = 128;
/// In one call of pack_idle(): less than a millisecond of the thread that events wait for.
constexpr size_t kMaxPacked = 256;
/// Calls of pack_idle(): most processes that end soon are forgotten before they were worth it.
constexpr uint32_t kIdleCalls = 5;

/// Keys in the two queues that no longer stand for anything are swept out once they outnumber the nodes.
void sweep(std::deque<uint64_t>& keys, const auto& nodes) {
    if (keys.size() <= 2 * nodes.size() + 64)
        return;
    std::erase_if(keys, [&nodes](uint64_t key) { return !nodes.contains(key); });
}

}  // namespace

void ProcessMirror::apply(v1::ProcessNode&& node) {
    kin_ = {};
    const uint64_t key = node.key();
    const auto [found, is_new] = nodes_.try_emplace(key);
    Entry& entry = found->second;
    v1::ProcessNode& known = look(key, entry);
    const bool had_ended = known.exit_time() != 0;
    move_container(key, known.container().id(), node.container().id());
    join_scopes(node);  // before it leaves those of before: most stay the same
    if (!is_new)
        leave_scopes(known);
    known = std::move(node);
    entry.revision = ++revisions_;
    measure(entry);
    if (is_new)
        arrived_.push_back(key);
    if (known.exit_time() != 0 && !had_ended)
        ended_.push_back(key);
    if (known.exit_time() == 0)
        living_[known.pid()] = key;
    else if (const auto at = living_.find(known.pid()); at != living_.end() && at->second == key)
        living_.erase(at);
    sweep(arrived_, nodes_);
    sweep(ended_, nodes_);
    sweep(open_, nodes_);
    evict();
}

void ProcessMirror::end(uint64_t key, uint64_t exit_time) {
    const auto found = nodes_.find(key);
    if (found == nodes_.end() || exit_time == 0)
        return;
    v1::ProcessNode& node = look(key, found->second);
    if (node.exit_time() == 0)
        ended_.push_back(key);
    node.set_exit_time(exit_time);
    found->second.revision = ++revisions_;
    measure(found->second);
    if (const auto at = living_.find(node.pid()); at != living_.end() && at->second == key)
        living_.erase(at);
    sweep(ended_, nodes_);
}

void ProcessMirror::erase(uint64_t key) {
    const auto found = nodes_.find(key);
    if (found == nodes_.end())
        return;
    Entry entry = std::move(found->second);
    kin_ = {};
    bytes_ -= entry.bytes;
    nodes_.erase(found);
    const v1::ProcessNode& node = entry.stored.open();
    if (const auto at = living_.find(node.pid()); at != living_.end() && at->second == key)
        living_.erase(at);
    move_container(key, node.container().id(), {});
    leave_scopes(node);
}

v1::ProcessNode& ProcessMirror::look(uint64_t key, const Entry& entry) const {
    entry.used = packings_;
    if (entry.stored.is_open())
        return entry.stored.open();
    open_.push_back(key);
    v1::ProcessNode& node = entry.stored.open();
    measure(entry);
    return node;
}

void ProcessMirror::measure(const Entry& entry) const {
    bytes_ -= entry.bytes;
    entry.bytes = entry.stored.bytes() + sizeof(Entry) + kIndexBytes;
    bytes_ += entry.bytes;
}

void ProcessMirror::pack_idle() {
    ++packings_;
    kin_ = {};  // the next look at them counts as one
    for (size_t left = std::min(open_.size(), kMaxPacked); left > 0; --left) {
        const uint64_t key = open_.front();
        open_.pop_front();
        const auto found = nodes_.find(key);
        if (found == nodes_.end())
            continue;
        const Entry& entry = found->second;
        if (packings_ - entry.used <= kIdleCalls) {
            open_.push_back(key);
            continue;
        }
        pack(entry);
    }
}

void ProcessMirror::pack(const Entry& entry) const {
    kin_ = {};
    entry.stored.pack();
    measure(entry);
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
    const auto found = nodes_.find(key);
    if (found == nodes_.end())
        return;
    use(look(key, found->second));
    found->second.revision = ++revisions_;
    measure(found->second);
}

void ProcessMirror::change_container(const std::string& id,
                                     const std::function<void(v1::ProcessNode&)>& use) {
    const auto members = containers_.find(id);
    if (members == containers_.end())
        return;
    for (const uint64_t key : members->second)
        change(key, use);
}

void ProcessMirror::clear() {
    kin_ = {};
    nodes_.clear();
    living_.clear();
    containers_.clear();
    ended_.clear();
    arrived_.clear();
    open_.clear();
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
    // What somebody has looked at lately takes twice the room and more: that is given up first.
    for (; bytes_ > max_bytes_ && open_.size() > 1; open_.pop_front())
        if (const auto found = nodes_.find(open_.front()); found != nodes_.end())
            pack(found->second);
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
    return found == nodes_.end() ? nullptr : &look(key, found->second);
}

ProcessMirror::Kin ProcessMirror::kin(uint64_t key) const {
    if (kin_.process == nullptr || kin_key_ != key) {
        const v1::ProcessNode* process = find(key);
        kin_ = {process, process ? parent(*process) : nullptr};
        kin_key_ = key;
    }
    return kin_;
}

uint64_t ProcessMirror::revision(const v1::ProcessNode& node) const {
    const auto found = nodes_.find(node.key());
    const bool is_ours = found != nodes_.end() && found->second.stored.is_open() &&
                         &found->second.stored.open() == &node;
    return is_ours ? found->second.revision : 0;
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
        use(look(key, entry));
}

}  // namespace vedette::engine
