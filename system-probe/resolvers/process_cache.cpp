// SPDX-License-Identifier: Apache-2.0
#include "system-probe/resolvers/process_cache.h"

#include <algorithm>
#include <boost/container_hash/hash.hpp>
#include <vector>

namespace vedette::probe {
namespace {

/// What malloc and the maps add to an object, about, and strings too long to stand inside it.
constexpr size_t kBookkeepingBytes = 96;
constexpr size_t kImageBytes = sizeof(Image) + kBookkeepingBytes;
constexpr size_t kProcessBytes = sizeof(Process) + kBookkeepingBytes;

/// How many candidates an eviction looks at before it takes the next best: keeps its cost constant.
constexpr int kEvictionSteps = 64;

/// An image with more children is not taken out of a lineage: each of them must be told.
constexpr size_t kMaxHandedChildren = 8;

bool has_more_children(const Image& image, size_t limit) {
    size_t count = 0;
    for (auto it = image.children.begin(); it != image.children.end(); ++it) {
        if (++count > limit)
            return true;
    }
    return false;
}

/// Damaged records could name a descendant as parent: the forest must have no ring.
bool is_below(const Image* candidate, const Image& image) {
    for (; candidate != nullptr; candidate = candidate->parent) {
        if (candidate == &image)
            return true;
    }
    return false;
}

}  // namespace

size_t ProcessCache::ProcessIdHash::operator()(const ProcessId& id) const {
    size_t seed = 0;
    boost::hash_combine(seed, id.pid);
    boost::hash_combine(seed, id.start_ns);
    return seed;
}

ProcessCache::ProcessCache(size_t max_bytes, Observer observer)
    : max_bytes_(max_bytes), observer_(std::move(observer)) {}

ProcessCache::~ProcessCache() {
    for (auto& images : lists_) {
        for (auto& image : images)
            image.children.clear();
    }
    for (auto& images : lists_)
        images.clear_and_dispose([](Image* image) { delete image; });
}

Process* ProcessCache::find(uint32_t pid, uint64_t start_ns) {
    const auto it = processes_.find(ProcessId{pid, start_ns});
    return it == processes_.end() ? nullptr : it->second.get();
}

Process* ProcessCache::find_alive(uint32_t pid) {
    const auto it = alive_.find(pid);
    return it == alive_.end() ? nullptr : it->second;
}

void ProcessCache::identify(Process& process, uint64_t start_ns, uint64_t exec_id) {
    const auto node = processes_.find(ProcessId{process.pid, process.start_ns});
    auto owner = std::move(node->second);
    processes_.erase(node);
    process.start_ns = start_ns;
    process.from_proc = false;
    for (auto* image : process.images) {
        image->start_ns = start_ns;
        image->exec_id = exec_id;
    }
    processes_[ProcessId{process.pid, start_ns}] = std::move(owner);
}

Image* ProcessCache::find_image(Process& process, uint64_t exec_id) {
    const auto& images = process.images;
    if (exec_id > images.back()->exec_id)
        return nullptr;
    for (auto it = images.rbegin(); it != images.rend(); ++it) {
        if ((*it)->exec_id <= exec_id)
            return *it;
    }
    return images.front();
}

Image& ProcessCache::make_image(Process& process, uint64_t exec_id) {
    auto* image = new Image;
    image->key = next_key_++;
    image->process_key = process.key;
    image->process = &process;
    image->pid = process.pid;
    image->start_ns = process.start_ns;
    image->exec_id = exec_id;
    bytes_ += kImageBytes;
    return *image;
}

Image& ProcessCache::add_process(uint32_t pid, uint64_t start_ns, uint64_t exec_id, Image* parent) {
    auto owner = std::make_unique<Process>();
    auto& process = *owner;
    process.key = next_key_++;
    process.pid = pid;
    process.start_ns = start_ns;
    processes_[ProcessId{pid, start_ns}] = std::move(owner);
    bytes_ += kProcessBytes;
    auto& image = make_image(process, exec_id);
    process.images.push_back(&image);
    auto*& alive = alive_[pid];
    if (alive == nullptr || alive->start_ns < start_ns)
        alive = &process;
    link_parent(image, parent);
    set_state(image);
    return image;
}

Image& ProcessCache::add_image(Process& process, uint64_t exec_id, Image* creator) {
    auto& images = process.images;
    auto& image = make_image(process, exec_id);
    const auto newer =
        std::ranges::find_if(images, [&](const Image* other) { return other->exec_id > exec_id; });
    if (newer == images.end()) {
        link_parent(image, images.back());
        images.push_back(&image);
        alive_[process.pid] = &process;
    } else {
        auto& next = **newer;
        const bool creator_fits = newer == images.begin() && !is_below(creator, next);
        link_parent(image, creator_fits ? creator : next.parent);
        unlink_parent(next);
        link_parent(next, &image);
        images.insert(newer, &image);
    }
    set_state(image);
    bound_chain(process);
    return image;
}

void ProcessCache::set_parent(Image& image, Image* parent) {
    if (image.parent == parent || is_below(parent, image))
        return;
    unlink_parent(image);
    link_parent(image, parent);
}

void ProcessCache::update(Image& image) {
    set_state(image);
    if (image.exit_time == 0 || image.process == nullptr)
        return;
    const auto it = alive_.find(image.pid);
    if (it != alive_.end() && it->second == image.process &&
        image.process->images.back() == &image) {
        alive_.erase(it);
    }
}

void ProcessCache::link_parent(Image& image, Image* parent) {
    image.parent = parent;
    if (parent == nullptr)
        return;
    parent->children.push_back(image);
    if (parent->state_link.is_linked())
        set_state(*parent);
}

void ProcessCache::unlink_parent(Image& image) {
    Image* parent = std::exchange(image.parent, nullptr);
    if (parent == nullptr)
        return;
    parent->children.erase(parent->children.iterator_to(image));
    set_state(*parent);
}

void ProcessCache::set_state(Image& image) {
    const auto state =
        image.exit_time == 0
            ? (image.is_exec ? ImageState::kLiveExecuted : ImageState::kLiveForked)
            : (image.children.empty() ? ImageState::kExitedLeaf : ImageState::kExitedParent);
    if (image.state_link.is_linked()) {
        if (image.state == state)
            return;
        auto& old = list(image.state);
        old.erase(old.iterator_to(image));
    }
    image.state = state;
    list(state).push_back(image);
}

/// Keeps the images that say where the process comes from and the newest; one in between goes for each new one.
void ProcessCache::bound_chain(Process& process) {
    auto& images = process.images;
    while (images.size() > kMaxImages) {
        auto& victim = *images[kFirstImages];
        auto& next = *images[kFirstImages + 1];
        images.erase(images.begin() + kFirstImages);
        victim.process = nullptr;
        next.lineage_dropped += victim.lineage_dropped + 1;
        unlink_parent(next);
        link_parent(next, victim.parent);
        ++counts_.chain_dropped;
        observer_.changed(next);
    }
}

void ProcessCache::forget(Image& image) {
    observer_.forgotten(image);
    unlink_parent(image);
    auto& images = list(image.state);
    images.erase(images.iterator_to(image));
    if (auto* process = image.process) {
        const bool was_current = process->images.back() == &image;
        process->images.erase(std::ranges::find(process->images, &image));
        const auto alive = alive_.find(process->pid);
        if (was_current && alive != alive_.end() && alive->second == process)
            alive_.erase(alive);
        if (process->images.empty()) {
            bytes_ -= kProcessBytes;
            processes_.erase(ProcessId{process->pid, process->start_ns});
        }
    }
    bytes_ -= kImageBytes;
    delete &image;
}

/// Hands the children to the parent, then forgets the image.
void ProcessCache::splice_out(Image& image) {
    Image* parent = image.parent;
    while (!image.children.empty()) {
        auto& child = image.children.front();
        child.lineage_dropped += image.lineage_dropped + 1;
        unlink_parent(child);
        link_parent(child, parent);
        observer_.changed(child);
    }
    forget(image);
}

void ProcessCache::enforce_bound(const Image& pinned) {
    while (bytes_ > max_bytes_) {
        if (evict_exited(pinned))
            continue;
        if (evict_lineage(pinned))
            continue;
        if (evict_live(ImageState::kLiveForked, pinned))
            continue;
        if (!evict_live(ImageState::kLiveExecuted, pinned))
            return;
    }
}

bool ProcessCache::evict_exited(const Image& pinned) {
    for (auto& image : list(ImageState::kExitedLeaf)) {
        if (&image == &pinned)
            continue;
        ++counts_.evicted_exited;
        forget(image);
        return true;
    }
    return false;
}

bool ProcessCache::evict_lineage(const Image& pinned) {
    int steps = 0;
    for (auto& image : list(ImageState::kExitedParent)) {
        if (++steps > kEvictionSteps)
            return false;
        if (&image == &pinned || has_more_children(image, kMaxHandedChildren))
            continue;
        ++counts_.evicted_lineage;
        splice_out(image);
        return true;
    }
    return false;
}

/// The youngest leaf, else (all are links of a long chain) the youngest.
bool ProcessCache::evict_live(ImageState state, const Image& pinned) {
    Image* youngest = nullptr;
    auto& images = list(state);
    int steps = 0;
    for (auto it = images.rbegin(); it != images.rend() && steps < kEvictionSteps; ++it, ++steps) {
        if (&*it == &pinned)
            continue;
        if (youngest == nullptr)
            youngest = &*it;
        if (it->children.empty()) {
            youngest = &*it;
            break;
        }
    }
    if (youngest == nullptr)
        return false;
    ++counts_.evicted_live;
    splice_out(*youngest);
    return true;
}

void ProcessCache::expire(uint64_t boot_ns, uint64_t held_sequence) {
    auto& images = list(ImageState::kExitedLeaf);
    while (!images.empty()) {
        auto& oldest = images.front();
        if (oldest.exited_boot_ns >= boot_ns || oldest.last_sequence >= held_sequence)
            return;
        forget(oldest);
    }
}

void ProcessCache::for_each(const std::function<void(const Image&)>& visit) const {
    std::vector<const Image*> open;
    for (const auto& images : lists_) {
        for (const auto& root : images) {
            if (root.parent != nullptr)
                continue;
            open.push_back(&root);
            while (!open.empty()) {
                const Image* image = open.back();
                open.pop_back();
                visit(*image);
                for (const auto& child : image->children)
                    open.push_back(&child);
            }
        }
    }
}

void ProcessCache::for_each_alive(const std::function<void(Process&)>& visit) {
    std::vector<Process*> alive;  // `visit` may end a process
    alive.reserve(alive_.size());
    for (const auto& [pid, process] : alive_)
        alive.push_back(process);
    for (auto* process : alive)
        visit(*process);
}

CacheCounts ProcessCache::counts() const {
    auto counts = counts_;
    counts.alive = alive_.size();
    counts.exited = list(ImageState::kExitedLeaf).size() + list(ImageState::kExitedParent).size();
    counts.bytes = bytes_;
    return counts;
}

}  // namespace vedette::probe
