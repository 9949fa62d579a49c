// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/actions.h"

#include <algorithm>
#include <variant>

namespace vedette::engine {
namespace {

bool applies(const policy::Action& action, const secl::EvalContext& event) {
    return !action.filter || action.filter->test(event) == secl::Truth::kTrue;
}

void perform_set(const policy::SetAction& set, const ActionContext& context) {
    secl::SlotValues values;
    if (set.source) {
        set.source->value(context.event, values);
        if (set.first_only) {
            values.strings.resize(std::min<size_t>(values.strings.size(), 1));
            values.ints.resize(std::min<size_t>(values.ints.size(), 1));
        }
    } else {
        values.strings.assign(set.value.strings.begin(), set.value.strings.end());
        values.ints.assign(set.value.ints.begin(), set.value.ints.end());
    }
    const int64_t now = context.event.now_ns;
    if (!set.scope_field) {
        context.store.set(context.binding, set.variable, context.source, values, now);
        return;
    }
    secl::SlotValues pid;
    set.scope_field->value(context.event, pid);
    const ProcessScope process =
        pid.ints.empty() ? ProcessScope() : context.find_process(pid.ints.front());
    context.store.set_for_process(context.binding, set.variable, process.key, process.label, values,
                                  now);
}

spdlog::level::level_enum level(policy::LogAction::Level level) {
    switch (level) {
        case policy::LogAction::Level::kDebug:
            return spdlog::level::debug;
        case policy::LogAction::Level::kInfo:
            return spdlog::level::info;
        case policy::LogAction::Level::kWarning:
            return spdlog::level::warn;
        case policy::LogAction::Level::kError:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

}  // namespace

void perform_sets(const policy::RuleInfo& rule, const ActionContext& context) {
    for (const policy::Action& action : rule.actions)
        if (const auto* set = std::get_if<policy::SetAction>(&action.what);
            set && applies(action, context.event))
            perform_set(*set, context);
}

void add_hashed_files(const policy::RuleInfo& rule, const secl::EvalContext& event,
                      uint64_t max_file_size, HashedFiles& out) {
    for (const policy::Action& action : rule.actions)
        if (const auto* hash = std::get_if<policy::HashAction>(&action.what);
            hash && applies(action, event)) {
            uint64_t& max = out[hash->field];
            max = std::max(max, hash->max_file_size ? hash->max_file_size : max_file_size);
        }
}

void perform_logs(const policy::RuleInfo& rule, const ActionContext& context, Logger& logger) {
    for (const policy::Action& action : rule.actions) {
        const auto* log = std::get_if<policy::LogAction>(&action.what);
        if (!log || !applies(action, context.event))
            continue;
        if (log->message.empty())
            logger.log(level(log->level), "Rule {} triggered", rule.id);
        else
            logger.log(level(log->level), "Rule {}: {}", rule.id, printable(log->message));
    }
}

}  // namespace vedette::engine
