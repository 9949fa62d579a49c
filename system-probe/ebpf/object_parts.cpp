// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/object_parts.h"

#include <bpf/libbpf.h>
#include <sched.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "common/log.h"
#include "system-probe/ebpf/libbpf_log.h"
#include "system-probe/ebpf/object_bytes.h"

namespace vedette::probe {
namespace {

/// Each takes a megabyte for as long as the probe runs, and reads all types of the kernel while it loads.
constexpr int kMaxParts = 2;

/// One for each CPU that this thread may use.
int count_parts() {
    cpu_set_t cpus;
    // EINVAL: there are more CPUs than the set has room for.
    return ::sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? std::min(CPU_COUNT(&cpus), kMaxParts)
                                                           : kMaxParts;
}

Result<> share_maps(const bpf_object& from, bpf_object& to) {
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, &to) {
        const int fd = bpf_object__find_map_fd_by_name(&from, bpf_map__name(map));
        if (fd < 0 || bpf_map__reuse_fd(map, fd) != 0)
            return fail_errno(errno, "sharing the BPF map {}", bpf_map__name(map));
    }
    return {};
}

std::optional<LoadFailure> load_part(bpf_object* part) {
    const LibbpfLog log;
    const int error = -bpf_object__load(part);
    if (error == 0)
        return {};
    return LoadFailure{log.failed_program(), error, log.text()};
}

}  // namespace

void BpfObjectClose::operator()(bpf_object* object) const {
    bpf_object__close(object);
}

Result<BpfObject> open_built_in_object() {
    const auto bytes = bpf_object_bytes();
    LIBBPF_OPTS(bpf_object_open_opts, options);
    options.object_name = "vedette";
    BpfObject object(bpf_object__open_mem(bytes.data(), bytes.size(), &options));
    if (!object)
        return fail_errno(errno, "opening the built-in BPF object");
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object.get()) bpf_program__set_autoload(program, false);
    return object;
}

std::vector<size_t> divide_programs(const std::vector<size_t>& instructions, size_t parts) {
    std::vector<size_t> largest_first(instructions.size());
    std::iota(largest_first.begin(), largest_first.end(), 0);
    std::ranges::stable_sort(largest_first, std::greater<>(),
                             [&](size_t program) { return instructions[program]; });
    std::vector<size_t> loads(parts);
    std::vector<size_t> part_of(instructions.size());
    for (const size_t program : largest_first) {
        const auto least = std::ranges::min_element(loads);
        *least += instructions[program];
        part_of[program] = static_cast<size_t>(least - loads.begin());
    }
    return part_of;
}

Result<ObjectParts> ObjectParts::open(const bpf_object& maps,
                                      const std::vector<std::string>& names) {
    ObjectParts self;
    for (int i = count_parts(); i > 0; i--) {
        auto part = open_built_in_object();
        if (!part)
            return forward_error(part);
        if (auto shared = share_maps(maps, **part); !shared)
            return forward_error(shared);
        self.parts_.push_back(std::move(*part));
    }
    std::vector<size_t> instructions;
    for (const std::string& name : names) {
        const bpf_program* program =
            bpf_object__find_program_by_name(self.parts_.front().get(), name.c_str());
        if (program == nullptr)
            return fail(ErrorCode::kInvalid, "there is no BPF program '{}'", printable(name));
        instructions.push_back(bpf_program__insn_cnt(program));
    }
    const auto part_of = divide_programs(instructions, self.parts_.size());
    for (size_t i = 0; i < names.size(); i++)
        bpf_program__set_autoload(
            bpf_object__find_program_by_name(self.parts_[part_of[i]].get(), names[i].c_str()),
            true);
    return self;
}

std::vector<LoadFailure> ObjectParts::load() {
    std::vector<std::future<std::optional<LoadFailure>>> others;
    for (size_t i = 1; i < parts_.size(); i++)
        others.push_back(start_beside([part = parts_[i].get()] { return load_part(part); }));
    std::vector<LoadFailure> failures;
    if (auto failure = load_part(parts_.front().get()))
        failures.push_back(std::move(*failure));
    for (auto& other : others)
        if (auto failure = other.get())
            failures.push_back(std::move(*failure));
    return failures;
}

bpf_program* ObjectParts::find_program(std::string_view name) const {
    const std::string key(name);
    for (const BpfObject& part : parts_) {
        bpf_program* program = bpf_object__find_program_by_name(part.get(), key.c_str());
        if (program != nullptr && bpf_program__autoload(program))
            return program;
    }
    return nullptr;
}

void ObjectParts::for_each_program(const std::function<void(const bpf_program&)>& use) const {
    for (const BpfObject& part : parts_) {
        bpf_program* program = nullptr;
        bpf_object__for_each_program(program, part.get()) {
            if (bpf_program__autoload(program))
                use(*program);
        }
    }
}

void ObjectParts::for_each_map(const std::function<void(const bpf_map&)>& use) const {
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, parts_.front().get()) use(*map);
}

int ObjectParts::map_fd(const char* name) const {
    return bpf_object__find_map_fd_by_name(parts_.front().get(), name);
}

}  // namespace vedette::probe
