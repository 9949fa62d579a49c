// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/hook_plan.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "system-probe/decode/event_type.h"
#include "system-probe/ebpf/object_bytes.h"
#include "system-probe/ebpf/trampoline_trial.h"
#include "tests/unit/catch.h"

using namespace vedette::probe;

namespace {

std::string accept(const HookProgram&) {
    return {};
}
bool is_trampoline(const HookProgram& program) {
    return !program.function.empty() && TrampolineTrial::is_function(program.function);
}
std::string refuse_trampolines(const HookProgram& program) {
    return program.function.empty() ? std::string() : "no trampolines here";
}

const PlannedHook& of(const std::vector<PlannedHook>& plan, vdt_type type) {
    return *std::find_if(plan.begin(), plan.end(),
                         [type](const auto& h) { return h.row->type == type; });
}

bool has(const std::vector<std::string>& names, std::string_view name) {
    return std::count(names.begin(), names.end(), name) == 1;
}

}  // namespace

TEST_CASE("every record type but the snapshot has one row") {
    std::set<int> types;
    for (const HookRow& row : hook_table())
        CHECK(types.insert(row.type).second);
    for (const EventType& type : event_types())
        CHECK(types.contains(type.type) == (type.type != VDT_SNAPSHOT));
    CHECK(types.size() == event_types().size() - 1);
}

TEST_CASE("every program of the table is in the BPF object, and no other but the iterators") {
    const auto bytes = bpf_object_bytes();
    const std::unique_ptr<bpf_object, void (*)(bpf_object*)> object(
        bpf_object__open_mem(bytes.data(), bytes.size(), nullptr), bpf_object__close);
    REQUIRE(object);
    std::set<std::string> built;
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object.get()) built.insert(bpf_program__name(program));

    std::set<std::string> named{std::string(kSnapshotProgram), std::string(kSocketSnapshotProgram),
                                std::string(kOnDemandTemplate), std::string(kEntryDispatcher.name)};
    for (const HookRow& row : hook_table()) {
        for (const HookSet* set : {&row.tracepoint, &row.trampoline}) {
            for (const HookProgram& one : set->programs)
                named.emplace(one.name);
            for (const HookProgram& one : set->io_uring) {
                named.emplace(one.name);
                named.emplace(one.older->name);
            }
            for (const std::string_view handler : handlers_of(*set))
                named.emplace(handler);
        }
    }
    CHECK(named == built);
}

TEST_CASE("auto takes trampolines where all of a type's programs attach") {
    const auto plan = plan_hooks({}, accept);
    CHECK(of(plan, VDT_OPEN).trampoline);
    CHECK(of(plan, VDT_CONNECT).trampoline);
    CHECK(of(plan, VDT_EXEC).trampoline);
    CHECK_FALSE(of(plan, VDT_FORK).trampoline);  // has none of its own
    const auto attached = attached_types(plan);
    CHECK_FALSE(attached.at(VDT_MOUNT).calls.empty());
    const auto calls = attached.at(VDT_OPEN).calls;
    CHECK(std::ranges::find(calls, VDT_CALL_OPENAT) == calls.end());
    CHECK(std::ranges::find(calls, VDT_CALL_TRUNCATE) != calls.end());  // has none of its own
}

TEST_CASE("one refused trampoline puts its type, and no other, on tracepoints") {
    const auto plan = plan_hooks({}, [](const HookProgram& program) -> std::string {
        return program.name == "handle_do_file_open_root" ? "other arguments" : "";
    });
    CHECK_FALSE(of(plan, VDT_OPEN).trampoline);
    CHECK(of(plan, VDT_CONNECT).trampoline);
    const auto names = programs_of(plan);
    CHECK(has(names, "handle_open"));
    CHECK_FALSE(has(names, "handle_do_filp_open"));
    CHECK_THAT(of(plan, VDT_OPEN).refusal,
               ContainsSubstring("handle_do_file_open_root: other arguments"));
}

TEST_CASE("an io_uring is seen by the form of its tracepoints that the kernel has") {
    const auto refuse = [](std::string_view which) {
        return [which](const HookProgram& program) -> std::string {
            return program.name.ends_with(which) ? "not here" : "";
        };
    };
    const auto newer = programs_of(plan_hooks({}, accept));
    CHECK(has(newer, "handle_ring_name_submit"));
    CHECK_FALSE(has(newer, "handle_ring_name_submit_sqe"));
    const auto older = plan_hooks({}, refuse("_submit"));
    CHECK(has(programs_of(older), "handle_ring_name_submit_sqe"));
    CHECK(has(programs_of(older), "handle_ring_name_complete"));
    CHECK(of(older, VDT_MKDIR).io_uring_refusal.empty());
    const auto none = plan_hooks({}, [](const HookProgram& program) -> std::string {
        return program.function.starts_with("btf_trace_io_uring") ? "not here" : "";
    });
    CHECK(of(none, VDT_MKDIR).io_uring.empty());
    CHECK(of(none, VDT_MKDIR).io_uring_refusal == "handle_ring_name_submit_sqe: not here");
}

TEST_CASE(
    "with trampolines the default policy's types need nothing that other system calls pay for") {
    const std::set<vdt_type> types{VDT_FORK,    VDT_EXEC,  VDT_EXIT,   VDT_CGROUP, VDT_SETUID,
                                   VDT_SETGID,  VDT_COMM,  VDT_CAPSET, VDT_OPEN,   VDT_NAMESPACES,
                                   VDT_CONNECT, VDT_CHMOD, VDT_CHOWN};
    const auto wanted = [&types](vdt_type type) { return types.contains(type); };
    const auto needed = needed_programs(plan_hooks({}, accept), wanted);
    CHECK_FALSE(has(needed, kDispatcher.name));
    CHECK_FALSE(has(needed, kEntryDispatcher.name));
    CHECK(has(needed, "after_chmod"));
    CHECK(has(needed, "handle_fix_setuid"));
    const auto without = needed_programs(plan_hooks({}, refuse_trampolines), wanted);
    CHECK(has(without, kDispatcher.name));
    CHECK_FALSE(has(without, "after_chmod"));
}

TEST_CASE("a call that the kernel has not is left out, and one that cannot be followed is not") {
    const auto answer = [](std::string_view text) {
        return plan_hooks({}, [text](const HookProgram& program) -> std::string {
            return program.name.starts_with("after_fchmodat2") ? std::string(text) : "";
        });
    };
    const auto older = answer(kNoSuchCall);
    CHECK(of(older, VDT_CHMOD).trampoline);
    CHECK(has(programs_of(older), "after_fchmodat"));
    CHECK_FALSE(has(programs_of(older), "after_fchmodat2"));
    const auto odd = answer("no such function in its BTF");
    CHECK_FALSE(of(odd, VDT_CHMOD).trampoline);
    CHECK(has(programs_of(odd), "handle_chmod"));
    CHECK_FALSE(has(programs_of(odd), "after_fchmodat"));
    CHECK(of(odd, VDT_CHOWN).trampoline);
}

TEST_CASE("types that share what sees the end of calls share its programs, too") {
    std::map<std::string_view, std::vector<std::string_view>> programs;
    for (const HookRow& row : hook_table()) {
        if (row.trampoline.function_handler.empty())
            continue;
        std::vector<std::string_view> names;
        for (const HookProgram& program : row.trampoline.programs)
            names.push_back(program.name);
        const auto [known, added] = programs.emplace(row.trampoline.function_handler, names);
        CHECK(known->second == names);
    }
    CHECK(programs.size() == 5);
}

TEST_CASE("the tracepoint backend tries no trampoline") {
    bool tried = false;
    KernelSourceOptions options;
    options.backend = Backend::kTracepoint;
    const auto plan = plan_hooks(options, [&tried](const HookProgram& program) -> std::string {
        tried |= is_trampoline(program);
        return {};
    });
    CHECK_FALSE(tried);
    CHECK(has(programs_of(plan), kDispatcher.name));
    CHECK(has(programs_of(plan), "handle_connect"));
}

TEST_CASE("unwanted types load nothing, lifecycle always does") {
    KernelSourceOptions options;
    options.event_types = {VDT_CONNECT};
    options.backend = Backend::kTracepoint;
    const auto names = programs_of(plan_hooks(options, accept));
    CHECK(has(names, "handle_connect"));
    CHECK(has(names, "handle_fork"));
    CHECK(has(names, "handle_exec"));
    CHECK(has(names, "handle_exit"));
    CHECK_FALSE(has(names, "handle_open"));
    CHECK(has(names, "handle_setuid"));
}

TEST_CASE("a report says what is blind and why") {
    const auto reports = report_hooks(plan_hooks({}, refuse_trampolines));
    const auto open = std::find_if(reports.begin(), reports.end(),
                                   [](const auto& r) { return r.event_type == "open"; });
    REQUIRE(open != reports.end());
    CHECK(open->backend == "tracepoint");
    CHECK(open->state == "partial");
    CHECK(open->programs == std::vector<std::string>{"dispatch_sys_exit", "handle_open"});
    CHECK_THAT(open->reason, ContainsSubstring("blind to io_uring"));
    CHECK_THAT(open->reason, ContainsSubstring("no trampolines here"));
    REQUIRE(open->coverage.size() == 4);
    for (const EntryCoverage& entry : open->coverage)
        CHECK(entry.seen == (entry.entry != "io_uring"));
}

TEST_CASE("what has no hook is seen through no entry, with the reason") {
    const auto reports = report_hooks(plan_hooks({}, [](const HookProgram& program) -> std::string {
        return program.name == "handle_mount" ? "refused" : "";
    }));
    const auto mount = std::find_if(reports.begin(), reports.end(),
                                    [](const auto& r) { return r.event_type == "mount"; });
    REQUIRE(mount != reports.end());
    CHECK(mount->state == "missing");
    REQUIRE_FALSE(mount->coverage.empty());
    for (const EntryCoverage& entry : mount->coverage) {
        CHECK_FALSE(entry.seen);
        CHECK_THAT(entry.reason, ContainsSubstring("refused"));
    }
}

TEST_CASE("a type with no usable hook is missing, with the reason of each backend") {
    const auto reports = report_hooks(plan_hooks({}, [](const HookProgram& program) -> std::string {
        if (program.name == kDispatcher.name)
            return "no sys_exit";
        return is_trampoline(program) ? "no trampolines here" : "";
    }));
    for (const auto& report : reports) {
        const auto row = std::ranges::find(hook_table(), report.event_type, &HookRow::event);
        const bool on_sys_exit = std::ranges::any_of(
            row->tracepoint.programs,
            [](const HookProgram& program) { return program.name == kDispatcher.name; });
        CHECK((report.state == "missing") == on_sys_exit);
        if (on_sys_exit) {
            CHECK(report.backend.empty());
            CHECK(report.programs.empty());
            CHECK_THAT(report.reason, ContainsSubstring("no sys_exit"));
        }
    }
}

TEST_CASE("backend names") {
    CHECK(*parse_backend("auto") == Backend::kAuto);
    CHECK(*parse_backend("tracepoint") == Backend::kTracepoint);
    CHECK(*parse_backend("trampoline") == Backend::kTrampoline);
    auto wrong = parse_backend("kprobe\x1b");
    REQUIRE_FALSE(wrong);
    CHECK_THAT(wrong.error().message, ContainsSubstring("choose auto, tracepoint or trampoline"));
    CHECK_THAT(wrong.error().message, !ContainsSubstring("\x1b"));
}
