// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/ondemand_functions.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <utility>

#include "bpf/abi/kernel_records.h"
#include "bpf/abi/programs.h"
#include "common/log.h"
#include "system-probe/ebpf/attachments.h"
#include "system-probe/ebpf/bpf_error.h"
#include "system-probe/ebpf/control_map.h"
#include "system-probe/ebpf/hook_table.h"
#include "system-probe/ebpf/libbpf_log.h"
#include "system-probe/ebpf/object_bytes.h"
#include "system-probe/ebpf/object_parts.h"
#include "system-probe/ebpf/syscall_names.h"
#include "system-probe/ebpf/trampoline_trial.h"

namespace vedette::probe {
namespace {

/// How many parameters the function has; negative: there is none of that name.
int parameters_of(const std::string& function) {
    const std::unique_ptr<btf, decltype(&btf__free)> types(btf__load_vmlinux_btf(), btf__free);
    const int id =
        types ? btf__find_by_name_kind(types.get(), function.c_str(), BTF_KIND_FUNC) : -1;
    if (id < 0)
        return -1;
    const btf_type* type = btf__type_by_id(types.get(), static_cast<uint32_t>(id));
    return btf_vlen(btf__type_by_id(types.get(), type->type));
}

bpf_program* find_template(const bpf_object& object) {
    return bpf_object__find_program_by_name(&object, std::string(kOnDemandTemplate).c_str());
}

Result<> set_constants(bpf_map& map, const OnDemandPoint& point, uint32_t arguments) {
    size_t size = 0;
    const auto* now = static_cast<const std::byte*>(bpf_map__initial_value(&map, &size));
    std::vector<std::byte> constants(now, now + size);
    if (!set_function_constants(constants, point.name, arguments, point.strings))
        return fail(ErrorCode::kInvalid, "the built-in BPF object has other constants");
    if (bpf_map__set_initial_value(&map, constants.data(), size) != 0)
        return fail_errno(errno, "setting the constants of the program");
    return {};
}

/// Nothing but the template is loaded, and every map but the constants is the running object's.
Result<> prepare(bpf_object& object, const OnDemandPoint& point, uint32_t arguments,
                 const OnDemandFunctions::MapFd& maps) {
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, &object) {
        if (std::string_view(bpf_map__name(map)).ends_with(".rodata")) {
            if (auto set = set_constants(*map, point, arguments); !set)
                return set;
            continue;
        }
        const int fd = maps(bpf_map__name(map));
        if (fd < 0 || bpf_map__reuse_fd(map, fd) != 0)
            return fail(ErrorCode::kUnsupported, "map {} cannot be shared", bpf_map__name(map));
    }
    bpf_program__set_autoload(find_template(object), true);
    return {};
}

}  // namespace

struct OnDemandFunctions::Watched {
    uint32_t strings = 0;
    BpfObject object;
    BpfLink link;  // goes before the object
};

OnDemandFunctions::OnDemandFunctions() = default;
OnDemandFunctions::~OnDemandFunctions() = default;

void OnDemandFunctions::watch(std::span<const OnDemandPoint> points, const MapFd& maps) {
    std::vector<std::string> warnings;
    std::erase_if(watched_, [points](const auto& entry) {
        return std::ranges::find(points, OnDemandPoint{entry.first, entry.second->strings}) ==
               points.end();
    });
    size_t room = VDT_ONDEMAND_MAX;
    for (const OnDemandPoint& point : points) {
        auto done = check(point);
        if (done && room == 0)
            done = fail(ErrorCode::kUnsupported, "only {} names are watched", VDT_ONDEMAND_MAX);
        if (done && system_call_of(point).empty() && !watched_.contains(point.name))
            done = add(point, maps);
        if (done)
            --room;
        else
            warnings.push_back(fmt::format("ondemand: {} is not watched: {}", printable(point.name),
                                           done.error().message));
    }
    const std::lock_guard lock(mutex_);
    warnings_ = std::move(warnings);
}

std::vector<std::string> OnDemandFunctions::warnings() const {
    const std::lock_guard lock(mutex_);
    return warnings_;
}

Result<> OnDemandFunctions::check(const OnDemandPoint& point) {
    if (point.name.size() >= VDT_ONDEMAND_NAME)
        return fail(ErrorCode::kInvalid, "the name is longer than {} bytes", VDT_ONDEMAND_NAME - 1);
    const auto call = system_call_of(point);
    if (!call.empty() && !find_system_call(call).known())
        return fail(ErrorCode::kNotFound, "no system call has that name");
    return {};
}

Result<> OnDemandFunctions::add(const OnDemandPoint& point, const MapFd& maps) {
    const HostFacts facts = read_host_facts();
    const int parameters = parameters_of(point.name);
    if (parameters < 0)
        return fail(ErrorCode::kNotFound, "kernel {} has no function of that name", facts.kernel);
    TrampolineTrial trial(facts);
    if (auto reason = trial.refusal(point.name, static_cast<unsigned>(parameters)); !reason.empty())
        return fail(ErrorCode::kUnsupported, "{}", reason);

    const LibbpfLog log;
    auto watched = std::make_unique<Watched>();
    watched->strings = point.strings;
    auto opened = open_built_in_object();
    if (!opened)
        return forward_error(opened);
    watched->object = std::move(*opened);
    bpf_object& object = *watched->object;
    const auto arguments = std::min<uint32_t>(static_cast<uint32_t>(parameters), VDT_ONDEMAND_ARGS);
    if (auto prepared = prepare(object, point, arguments, maps); !prepared)
        return prepared;
    bpf_program* program = find_template(object);
    if (bpf_program__set_attach_target(program, 0, point.name.c_str()) != 0 ||
        bpf_object__load(&object) != 0)
        return fail(ErrorCode::kUnsupported, "{}",
                    explain_bpf_error(errno, BpfStep::kLoadProgram, facts));
    watched->link.reset(bpf_program__attach(program));
    if (!watched->link)
        return fail(ErrorCode::kUnsupported, "{}",
                    explain_bpf_error(errno, BpfStep::kTrampoline, facts));
    watched_.emplace(point.name, std::move(watched));
    return {};
}

}  // namespace vedette::probe
