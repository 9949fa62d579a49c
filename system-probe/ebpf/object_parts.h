// SPDX-License-Identifier: Apache-2.0
//
// The built-in BPF object in the kernel. Three quarters of a start are the verifier's, on one program after the other, and
// libbpf loads a bpf_object whole: so the object is opened several times, each with a part of the programs for a thread of
// its own, and all share the maps of one more that has no programs.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

struct bpf_map;
struct bpf_object;
struct bpf_program;

namespace vedette::probe {

struct BpfObjectClose {
    void operator()(bpf_object* object) const;
};
using BpfObject = std::unique_ptr<bpf_object, BpfObjectClose>;

/// None of its programs is to be loaded.
Result<BpfObject> open_built_in_object();

/// Why one of the parts did not load.
struct LoadFailure {
    std::string program;  ///< that the kernel or libbpf refused; empty: it was not a program
    int error = 0;        ///< errno
    std::string log;      ///< libbpf's and the verifier's
};

/// Programs that share maps. One thread at a time.
class ObjectParts {
   public:
    /// The programs of `names`, to be loaded with the maps of `maps`, which are there already and stay when it is closed.
    /// At most one part for each CPU that this thread may use.
    static Result<ObjectParts> open(const bpf_object& maps, const std::vector<std::string>& names);

    /// Empty: all are loaded, by threads with the privileges of this one. Else the whole is of no use.
    std::vector<LoadFailure> load();

    /// nullptr: there is none, or it is not to be loaded.
    bpf_program* find_program(std::string_view name) const;
    void for_each_program(const std::function<void(const bpf_program&)>& use) const;
    void for_each_map(const std::function<void(const bpf_map&)>& use) const;
    /// The object keeps it open; negative: there is none.
    int map_fd(const char* name) const;

   private:
    ObjectParts() = default;
    std::vector<BpfObject> parts_;
};

/// On a thread of its own with the privileges of this one; where there can be none, here, when it is waited for.
template <typename Work>
auto start_beside(Work work) {
    return std::async(std::launch::async | std::launch::deferred, std::move(work));
}

/// Which of `parts` each program goes to: the one with the fewest instructions so far, the largest program first.
std::vector<size_t> divide_programs(const std::vector<size_t>& instructions, size_t parts);

}  // namespace vedette::probe
