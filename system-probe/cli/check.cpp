// SPDX-License-Identifier: Apache-2.0
#include "system-probe/cli/check.h"

#include <unistd.h>

#include <algorithm>
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

Result<CheckReport> make_report(const Settings& settings) {
    CheckReport report;
    const auto kernel = kernel_info();
    report.kernel = kernel.release;
    report.arch = kernel.machine;
    report.lockdown = kernel_lockdown();
    report.btf = kernel_has_btf();
    report.root = geteuid() == 0;
    auto logger = make_logger({.name = "system-probe", .level = "error"});
    if (!logger)
        return forward_error(logger);
    auto backend = parse_backend(settings.string("system_probe_config.backend"));
    if (!backend)
        return forward_error(backend);
    auto source = open_kernel_source(
        {.ring_bytes = kSmallRing, .reserved_ring_bytes = kSmallRing, .backend = *backend},
        **logger);
    if (source) {
        report.hooks = (*source)->hooks();
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

std::string to_text(const CheckReport& report) {
    std::string out = fmt::format(
        "kernel      {} {}\nlockdown    {}\nBTF         {}\nroot        {}\n", report.kernel,
        report.arch, report.lockdown, report.btf ? "yes" : "no", report.root ? "yes" : "no");
    if (!report.problem.empty()) {
        return out + fmt::format("\nNothing can be loaded: {}\n", report.problem);
    }
    out += fmt::format("\n{:<12} {:<8} {:<11} {}\n", "event", "state", "backend", "programs");
    for (const auto& hook : report.hooks) {
        out += fmt::format("{:<12} {:<8} {:<11} {}\n", hook.event_type, hook.state,
                           hook.backend.empty() ? "-" : hook.backend, joined(hook.programs));
        if (!hook.reason.empty())
            out += fmt::format("{:<12} {}\n", "", hook.reason);
    }
    return out;
}

std::string to_json(const CheckReport& report) {
    boost::json::array hooks;
    for (const auto& hook : report.hooks) {
        hooks.push_back({{"event_type", hook.event_type},
                         {"state", hook.state},
                         {"backend", hook.backend},
                         {"programs", boost::json::value_from(hook.programs)},
                         {"reason", hook.reason}});
    }
    const boost::json::object out = {{"ok", report.ok()},         {"kernel", report.kernel},
                                     {"arch", report.arch},       {"lockdown", report.lockdown},
                                     {"btf", report.btf},         {"root", report.root},
                                     {"problem", report.problem}, {"hooks", std::move(hooks)}};
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
