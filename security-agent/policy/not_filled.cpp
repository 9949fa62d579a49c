// SPDX-License-Identifier: Apache-2.0
#include "security-agent/policy/not_filled.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "security-agent/secl/static_fields.h"

namespace vedette::policy {
namespace {

constexpr size_t kMaxNamed = 8;

using Missing = std::map<std::string_view, std::string_view>;  // what, why

void add(const secl::FieldRead& read, Missing& out) {
    if (read.field->subject == secl::Subject::kTemplate) {
        for (const auto& part : static_cast<const secl::Template*>(read.field)->parts) {
            if (part.read.field != nullptr) {
                add(part.read, out);
            }
        }
    } else if (!read.field->not_filled.empty()) {
        out.emplace(read.field->name, read.field->not_filled);
    }
}

void add(const secl::Condition& condition, Missing& out) {
    if (condition.test) {
        std::vector<const secl::FieldRead*> reads;
        secl::collect_reads(*condition.test, reads);
        for (const secl::FieldRead* read : reads) {
            add(*read, out);
        }
    }
    for (const secl::Condition& child : condition.children) {
        add(child, out);
    }
}

}  // namespace

std::string missing_here(std::span<const secl::NumberedRule> rules,
                         const secl::FieldTable& fields) {
    Missing missing;
    std::string out;
    for (const secl::NumberedRule& rule : rules) {
        const auto events = fields.events();
        const auto event =
            std::find_if(events.begin(), events.end(),
                         [&](const secl::EventTypeDef& def) { return def.id == rule.rule.event; });
        if (event != events.end() && !event->not_filled.empty()) {
            out += fmt::format("{}no {} event arrives: {}", out.empty() ? "" : "; ", event->name,
                               event->not_filled);
        } else {
            add(rule.rule.condition, missing);
        }
        if (event != events.end() && event->name == "packet" &&
            secl::static_values(rule.rule.condition, "packet.filter").empty()) {
            out +=
                fmt::format("{}no packet arrives without a filter: write packet.filter == \"...\"",
                            out.empty() ? "" : "; ");
        }
    }
    size_t named = 0;
    for (const auto& [field, why] : missing) {
        if (named == kMaxNamed) {
            out += fmt::format("; and {} more", missing.size() - named);
            break;
        }
        out += fmt::format("{}'{}' is always empty: {}", out.empty() ? "" : "; ", field, why);
        ++named;
    }
    return out;
}

}  // namespace vedette::policy
