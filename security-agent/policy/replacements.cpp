// SPDX-License-Identifier: Apache-2.0
#include "security-agent/policy/replacements.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace vedette::policy {
namespace {

using secl::Severity;
using Target = std::optional<size_t>;

std::vector<Target> find_targets(const std::vector<PolicyFile>& files,
                                 const std::vector<PolicyReport>& reports,
                                 secl::Diagnostics& diagnostics) {
    std::vector<Target> targets(files.size());
    for (size_t i = 0; i < files.size(); ++i) {
        if (!files[i].replaces) {
            continue;
        }
        const std::string& id = files[i].replaces->id;
        const auto it = std::find_if(reports.begin(), reports.end(), [&](const PolicyReport& r) {
            return r.name == id || r.name == id + ".policy";
        });
        if (it == reports.end()) {
            diagnostics.add(Severity::kWarning, files[i].replaces->place, {0, 1},
                            fmt::format("there is no policy '{}' to replace", id),
                            "the id of a policy is its file name");
        } else {
            targets[i] = static_cast<size_t>(it - reports.begin());
        }
    }
    return targets;
}

// Every policy has at most one target: following them either ends or comes back.
bool in_circle(const std::vector<Target>& targets, size_t start) {
    Target at = targets[start];
    for (size_t steps = 0; at && steps < targets.size(); ++steps) {
        if (*at == start) {
            return true;
        }
        at = targets[*at];
    }
    return false;
}

void break_circles(const std::vector<PolicyFile>& files, const std::vector<PolicyReport>& reports,
                   std::vector<Target>& targets, secl::Diagnostics& diagnostics) {
    std::vector<size_t> circular;
    for (size_t i = 0; i < targets.size(); ++i) {
        if (in_circle(targets, i)) {
            circular.push_back(i);
        }
    }
    for (const size_t i : circular) {
        diagnostics.add(Severity::kError, files[i].replaces->place, {0, 1},
                        *targets[i] == i ? std::string("a policy cannot replace itself")
                                         : fmt::format("'{}' and '{}' replace each other",
                                                       reports[i].name, reports[*targets[i]].name));
    }
    for (const size_t i : circular) {
        targets[i].reset();
    }
}

}  // namespace

std::vector<Target> find_replacements(const std::vector<PolicyFile>& files,
                                      const std::vector<PolicyReport>& reports,
                                      secl::Diagnostics& diagnostics) {
    std::vector<Target> targets = find_targets(files, reports, diagnostics);
    break_circles(files, reports, targets, diagnostics);
    std::vector<size_t> replacers(files.size(), 0);  // of each that are not yet decided upon
    for (const Target& target : targets) {
        replacers[target.value_or(0)] += target ? 1 : 0;
    }
    std::vector<size_t> ready;
    for (size_t i = files.size(); i-- > 0;) {
        if (replacers[i] == 0) {
            ready.push_back(i);
        }
    }
    std::vector<Target> replaced_by(files.size());
    while (!ready.empty()) {
        const size_t i = ready.back();
        ready.pop_back();
        if (!targets[i]) {
            continue;
        }
        const size_t target = *targets[i];
        const bool stays = !replaced_by[i] && files[i].readable;
        if (stays && (!replaced_by[target] || i < *replaced_by[target])) {
            replaced_by[target] = i;
        }
        if (--replacers[target] == 0) {
            ready.push_back(target);
        }
    }
    return replaced_by;
}

}  // namespace vedette::policy
