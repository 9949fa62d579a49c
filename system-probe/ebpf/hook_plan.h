// SPDX-License-Identifier: Apache-2.0
//
// From the table, the settings and what the kernel refuses: which programs to load for which event type. Pure, so that
// every combination is a unit test.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "system-probe/ebpf/hook_table.h"
#include "system-probe/ebpf/kernel_source.h"
#include "system-probe/filters/filter_set.h"

namespace vedette::probe {

struct PlannedHook {
    const HookRow* row = nullptr;
    const HookSet* set = nullptr;  ///< nullptr: nothing can be attached
    bool trampoline = false;
    std::vector<HookProgram> programs;  ///< of set->programs, without calls that the kernel has not
    std::vector<HookProgram> io_uring;  ///< of set->io_uring, each in the form that the kernel has
    std::string io_uring_refusal;
    std::string refusal;  ///< why it is not the other backend, or nothing at all
};

/// What a refusal says of a system call's function where the kernel has no such call.
inline constexpr std::string_view kNoSuchCall = "the kernel has no such system call";

/// Empty: the program can be used; else why not.
using Refusal = std::function<std::string(const HookProgram&)>;

std::vector<PlannedHook> plan_hooks(const KernelSourceOptions& options, const Refusal& refusal);

/// What is attached while its type is wanted.
std::vector<HookProgram> attached_programs(const PlannedHook& hook);
/// Names of the programs to load, without repetition; handlers and the dispatcher included.
std::vector<std::string> programs_of(const std::vector<PlannedHook>& plan);
/// Names of the programs that must be attached while the types that `wanted` says are needed, without repetition.
std::vector<std::string> needed_programs(const std::vector<PlannedHook>& plan,
                                         const std::function<bool(vdt_type)>& wanted);
/// Types that something is planned for.
std::map<vdt_type, AttachedType> attached_types(const std::vector<PlannedHook>& plan);
std::vector<HookReport> report_hooks(const std::vector<PlannedHook>& plan);

}  // namespace vedette::probe
