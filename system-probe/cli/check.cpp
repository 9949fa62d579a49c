// SPDX-License-Identifier: Apache-2.0
#include "system-probe/cli/check.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <iostream>

#include "common/log.h"
#include "common/os/host.h"
#include "system-probe/app/host_facts.h"
#include "system-probe/ebpf/kernel_source.h"

namespace vedette::probe {
namespace {

/// The check reads no record.
constexpr uint64_t kSmallRing = 64 * 1024;

std::string joined(const std::vector<std::string>& parts) {
    std::string out;
    for (const auto& part : parts)
        out += (out.empty() ? "" : " ") + part;
    return out;
}

/// operation x entry path: what is seen, "-" where there is no such entry.
std::string coverage_text(const CheckReport& report) {
    static constexpr std::array kEntries = {"64-bit", "32-bit", "io_uring", "handle"};
    std::string out = fmt::format("\n{:<14}", "coverage");
    for (const char* entry : kEntries)
        out += fmt::format(" {:<8}", entry);
    for (const auto& hook : report.hooks) {
        out += fmt::format("\n{:<14}", hook.event_type);
        for (const std::string_view entry : kEntries) {
            const auto found = std::ranges::find(hook.coverage, entry, &EntryCoverage::entry);
            out += fmt::format(" {:<8}", found == hook.coverage.end() ? "-"
                                         : found->seen                ? "seen"
                                                                      : "UNSEEN");
        }
    }
    return out + "\n";
}

Result<CheckReport> make_report(const Settings& settings) {
    CheckReport report;
    const auto kernel = kernel_info();
    report.kernel = kernel.release;
    report.arch = kernel.machine;
    report.lockdown = kernel_lockdown();
    report.lsm = kernel_lsms();
    report.btf = kernel_has_btf();
    report.root = geteuid() == 0;
    auto logger = make_logger({.name = "system-probe", .level = "error"});
    if (!logger)
        return forward_error(logger);
    KernelSourceOptions options{.ring_bytes = kSmallRing, .reserved_ring_bytes = kSmallRing};
    options.disabled_programs = settings.list("system_probe_config.disabled_programs");
    auto backend = parse_backend(settings.string("system_probe_config.backend"));
    if (!backend)
        return forward_error(backend);
    options.backend = *backend;
    auto source = open_kernel_source(options, **logger);
    if (source) {
        report.hooks = (*source)->hooks();
        report.programs = (*source)->programs();
    } else {
        report.problem = source.error().message;
    }
    return report;
}

}  // namespace

bool CheckReport::ok() const {
    return problem.empty() && !hooks.empty() &&
           std::ranges::none_of(hooks, [](const auto& hook) { return hook.state == "missing"; });
}

std::string CheckReport::backend() const {
    const auto uses = [this](std::string_view name) {
        return std::ranges::any_of(hooks, [&](const auto& hook) { return hook.backend == name; });
    };
    return uses("trampoline") ? "trampoline" : uses("tracepoint") ? "tracepoint" : "";
}

std::string to_text(const CheckReport& report) {
    std::string out = fmt::format(
        "kernel      {} {}\nlockdown    {}\nLSM         {}\nBTF         {}\nroot        {}\n",
        report.kernel, report.arch, report.lockdown, joined(report.lsm), report.btf ? "yes" : "no",
        report.root ? "yes" : "no");
    if (!report.problem.empty()) {
        return out + fmt::format("\nNothing can be loaded: {}\n", report.problem);
    }
    out += fmt::format("\n{:<14} {:<8} {:<11} {}\n", "event", "status", "backend", "programs");
    for (const auto& hook : report.hooks) {
        out += fmt::format("{:<14} {:<8} {:<11} {}\n", hook.event_type, hook.state,
                           hook.backend.empty() ? "-" : hook.backend, joined(hook.programs));
        if (!hook.reason.empty())
            out += fmt::format("{:<14} {}\n", "", hook.reason);
    }
    return out + coverage_text(report);
}

std::string to_json(const CheckReport& report) {
    boost::json::array events;
    boost::json::array coverage;
    for (const auto& hook : report.hooks) {
        events.push_back({{"type", hook.event_type},
                          {"status", hook.state},
                          {"backend", hook.backend},
                          {"programs", boost::json::value_from(hook.programs)},
                          {"reason", hook.reason}});
        for (const auto& entry : hook.coverage)
            coverage.push_back({{"operation", hook.event_type},
                                {"entry", entry.entry},
                                {"seen", entry.seen},
                                {"reason", entry.reason}});
    }
    boost::json::array programs;
    for (const auto& program : report.programs)
        programs.push_back(
            {{"name", program.name}, {"verified_instructions", program.verified_instructions}});
    const boost::json::object out = {{"ok", report.ok()},
                                     {"kernel", report.kernel},
                                     {"arch", report.arch},
                                     {"lockdown", report.lockdown},
                                     {"lsm", boost::json::value_from(report.lsm)},
                                     {"btf", report.btf},
                                     {"root", report.root},
                                     {"problem", report.problem},
                                     {"backend", report.backend()},
                                     {"events", std::move(events)},
                                     {"coverage", std::move(coverage)},
                                     {"programs", std::move(programs)}};
    return boost::json::serialize(out) + "\n";
}

int run_check(const Settings& settings, bool json) {
    const auto report = make_report(settings);
    if (!report) {
        std::cerr << "system-probe: " << report.error().message << '\n';
        return 1;
    }
    std::cout << (json ? to_json(*report) : to_text(*report));
    return report->ok() ? 0 : 1;
}

}  // namespace vedette::probe
