// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/discarder_map.h"

#include <bpf/bpf.h>

#include <ctime>

namespace vedette::probe {
namespace {

uint64_t boot_ns() {
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

/// One path may be of no use to several types.
void merge(int map_fd, const vdt_discarder_key& key, vdt_discarder value) {
    vdt_discarder before = {};
    if (bpf_map_lookup_elem(map_fd, &key, &before) == 0 && before.revision == value.revision)
        value.types |= before.types;
    bpf_map_update_elem(map_fd, &key, &value, BPF_ANY);
}

std::vector<StoredDiscarder> read_all(int map_fd, uint32_t revision) {
    std::vector<StoredDiscarder> out;
    vdt_discarder_key key = {};
    vdt_discarder_key next = {};
    bool first = true;
    // An entry that goes meanwhile makes the walk begin anew: hence the bound.
    for (size_t i = 0; i < size_t{2} * VDT_DISCARDERS && out.size() < VDT_DISCARDERS; ++i) {
        if (bpf_map_get_next_key(map_fd, first ? nullptr : &key, &next) != 0)
            break;
        first = false;
        key = next;
        vdt_discarder value = {};
        if (bpf_map_lookup_elem(map_fd, &key, &value) == 0 && value.revision == revision)
            out.emplace_back(key, value);
    }
    return out;
}

}  // namespace

void DiscarderMap::add(const Discarder& discarder, uint32_t revision) {
    if (!post_)
        return;
    vdt_discarder value = discarder.value;
    value.revision = revision;
    value.created_ns = boot_ns();
    // What does not fit into the thread's queue is only not discarded.
    post_([fd = map_fd_, key = discarder.key, value] { merge(fd, key, value); });
}

bool DiscarderMap::read(uint32_t revision,
                        std::function<void(std::vector<StoredDiscarder>)> done) const {
    return post_ && post_([fd = map_fd_, revision, done = std::move(done)] {
               done(read_all(fd, revision));
           });
}

}  // namespace vedette::probe
