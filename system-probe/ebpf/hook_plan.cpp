// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/hook_plan.h"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::probe {
namespace {

bool is_wanted(const HookRow& row, const std::vector<vdt_type>& types) {
    return row.lifecycle || types.empty() ||
           std::find(types.begin(), types.end(), row.type) != types.end();
}

std::string refusal_of(const HookSet& set, const Refusal& refusal) {
    for (const HookProgram& program : set.programs) {
        if (std::string reason = refusal(program); !reason.empty() && reason != kNoSuchCall)
            return fmt::format("{}: {}", program.name, reason);
    }
    for (const std::string_view handler : handlers_of(set)) {
        if (std::string reason = refusal({handler, "", 0, ""}); !reason.empty())
            return fmt::format("{}: {}", handler, reason);
    }
    return {};
}

void plan_programs(PlannedHook& hook, const Refusal& refusal) {
    if (hook.set == nullptr)
        return;
    for (const HookProgram& program : hook.set->programs) {
        if (refusal(program) != kNoSuchCall)
            hook.programs.push_back(program);
    }
}

void plan_io_uring(PlannedHook& hook, const Refusal& refusal) {
    if (hook.set == nullptr || hook.set->io_uring.empty())
        return;
    for (const HookProgram& program : hook.set->io_uring) {
        const HookProgram* form = &program;
        std::string reason = refusal(*form);
        if (!reason.empty() && form->older != nullptr) {
            form = form->older;
            reason = refusal(*form);
        }
        if (!reason.empty()) {
            hook.io_uring.clear();
            hook.io_uring_refusal = fmt::format("{}: {}", form->name, reason);
            return;
        }
        hook.io_uring.push_back(*form);
    }
}

PlannedHook plan_row(const HookRow& row, Backend backend, const Refusal& refusal) {
    PlannedHook hook{.row = &row};
    if (!row.trampoline.programs.empty() && backend != Backend::kTracepoint) {
        hook.refusal = refusal_of(row.trampoline, refusal);
        if (hook.refusal.empty()) {
            hook.set = &row.trampoline;
            hook.trampoline = true;
            return hook;
        }
    }
    std::string reason = refusal_of(row.tracepoint, refusal);
    if (reason.empty())
        hook.set = &row.tracepoint;
    else
        hook.refusal = hook.refusal.empty() ? reason : hook.refusal + "; " + reason;
    return hook;
}

void add_once(std::vector<std::string>& names, std::string_view name) {
    if (std::find(names.begin(), names.end(), name) == names.end())
        names.emplace_back(name);
}

/// Why events by this entry are not seen; empty: they are.
std::string unseen_reason(const PlannedHook& hook, Entry entry) {
    if (hook.set == nullptr)
        return hook.refusal;
    if (entry == Entry::kIoUring && !hook.io_uring_refusal.empty())
        return hook.io_uring_refusal;
    const auto& unseen = hook.set->unseen;
    if (std::find(unseen.begin(), unseen.end(), entry) == unseen.end())
        return {};
    return fmt::format("no hook of the {} backend sees it",
                       hook.trampoline ? "trampoline" : "tracepoint");
}

std::vector<EntryCoverage> coverage_of(const PlannedHook& hook) {
    std::vector<EntryCoverage> coverage;
    for (const Entry entry : hook.row->entries) {
        std::string reason = unseen_reason(hook, entry);
        const bool seen = reason.empty();
        coverage.push_back({std::string(to_string(entry)), seen, std::move(reason)});
    }
    return coverage;
}

std::string reason_of(const PlannedHook& hook) {
    std::string text;
    const auto add = [&text](std::string_view part) {
        if (part.empty())
            return;
        if (!text.empty())
            text += "; ";
        text += part;
    };
    if (hook.set != nullptr) {
        for (const Entry entry : hook.row->entries) {
            if (const std::string reason = unseen_reason(hook, entry); !reason.empty())
                add(fmt::format("blind to {}: {}", to_string(entry), reason));
        }
        if (!hook.set->blind.empty())
            add(fmt::format("blind to {}", hook.set->blind));
        add(hook.set->note);
    }
    if (!hook.refusal.empty())
        add(hook.set == nullptr ? hook.refusal
                                : fmt::format("trampolines not used: {}", hook.refusal));
    return text;
}

}  // namespace

std::vector<PlannedHook> plan_hooks(const KernelSourceOptions& options, const Refusal& refusal) {
    std::vector<PlannedHook> plan;
    for (const HookRow& row : hook_table()) {
        if (!is_wanted(row, options.event_types))
            continue;
        PlannedHook& hook = plan.emplace_back(plan_row(row, options.backend, refusal));
        plan_programs(hook, refusal);
        plan_io_uring(hook, refusal);
    }
    return plan;
}

std::vector<HookProgram> attached_programs(const PlannedHook& hook) {
    std::vector<HookProgram> programs = hook.programs;
    programs.insert(programs.end(), hook.io_uring.begin(), hook.io_uring.end());
    return programs;
}

std::vector<std::string> programs_of(const std::vector<PlannedHook>& plan) {
    std::vector<std::string> names;
    for (const PlannedHook& hook : plan) {
        for (const HookProgram& program : attached_programs(hook))
            add_once(names, program.name);
        if (hook.set == nullptr)
            continue;
        for (const std::string_view handler : handlers_of(*hook.set))
            add_once(names, handler);
    }
    return names;
}

std::vector<std::string> needed_programs(const std::vector<PlannedHook>& plan,
                                         const std::function<bool(vdt_type)>& wanted) {
    std::vector<std::string> names;
    for (const PlannedHook& hook : plan) {
        if (!wanted(hook.row->type))
            continue;
        for (const HookProgram& program : attached_programs(hook))
            add_once(names, program.name);
    }
    return names;
}

std::map<vdt_type, AttachedType> attached_types(const std::vector<PlannedHook>& plan) {
    std::map<vdt_type, AttachedType> attached;
    for (const PlannedHook& hook : plan) {
        if (hook.set == nullptr)
            continue;
        AttachedType& type = attached[hook.row->type];
        type.wanted =
            static_cast<uint8_t>(VDT_WANTED | (hook.io_uring.empty() ? 0 : VDT_WANTED_IO_URING));
        type.calls = hook.set->calls;
    }
    return attached;
}

std::vector<HookReport> report_hooks(const std::vector<PlannedHook>& plan) {
    std::vector<HookReport> reports;
    for (const PlannedHook& hook : plan) {
        HookReport report{.event_type = std::string(hook.row->event)};
        if (hook.set != nullptr) {
            report.backend = hook.trampoline ? "trampoline" : "tracepoint";
            for (const HookProgram& program : attached_programs(hook))
                report.programs.emplace_back(program.name);
            for (const std::string_view handler : handlers_of(*hook.set))
                report.programs.emplace_back(handler);
        }
        report.coverage = coverage_of(hook);
        const bool whole = hook.set != nullptr && hook.set->blind.empty() &&
                           std::ranges::all_of(report.coverage, &EntryCoverage::seen);
        report.state = hook.set == nullptr ? "missing" : whole ? "full" : "partial";
        report.reason = reason_of(hook);
        reports.push_back(std::move(report));
    }
    return reports;
}

}  // namespace vedette::probe
