// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/alerting.h"

#include <array>
#include <utility>
#include <vector>

#include "security-agent/engine/variable_json.h"

namespace vedette::engine {
namespace {

/// The values that tell the buckets of the rule apart.
std::string limiter_token(const policy::RuleInfo& rule, const secl::EvalContext& context) {
    constexpr std::array<size_t, secl::kMaxRegisters> kNoElement{};
    std::string out;
    for (const secl::FieldRead& read : rule.limiter_fields) {
        secl::SlotValues values;
        secl::read_values(read, context, kNoElement, values);
        for (const std::string_view text : values.strings)
            (out += text) += '\0';
        for (const int64_t number : values.ints)
            (out += std::to_string(number)) += '\0';
        out += ';';
    }
    return out;
}

}  // namespace

Alerting::Alerting(Options options, VariableStore& store, FindProcess find_process, AlertSink& sink,
                   Metrics& metrics, Logger& logger)
    : options_(std::move(options)),
      store_(store),
      find_process_(std::move(find_process)),
      sink_(sink),
      logger_(logger),
      latency_(metrics.histogram("vedette_agent_alert_latency_seconds",
                                 "From the event to its alert line.",
                                 {.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 60})) {}

void Alerting::keep_limits_of(const RuleBook& book) {
    limiter_.keep([&book](const std::string& rule) { return book.figures.contains(rule); });
}

void Alerting::handle(const Match& match) {
    ActionContext context{store_, *match.book.variables, match.subject, find_process_,
                          match.context};
    context.event.settle = true;
    for (const uint32_t rule : match.rules) {
        const RuleState& state = match.book.rules[rule];
        state.hits->Increment();
        ++state.figures->hits;
        context.event.rule_tags = state.tags;
        perform_sets(match.book.info(rule), context);
    }
    std::vector<uint32_t> loud;
    for (const uint32_t rule : match.rules) {
        const RuleState& state = match.book.rules[rule];
        const policy::RuleInfo& info = match.book.info(rule);
        if ((info.silent && !state.logs) || !within_limit(match.book, rule, match.context))
            continue;
        context.event.rule_tags = state.tags;
        perform_logs(info, context, logger_);
        if (!info.silent)
            loud.push_back(rule);
    }
    if (!loud.empty())
        write(match, loud);
}

void Alerting::write(const Match& match, std::span<const uint32_t> loud) {
    EventSubject& subject = match.subject;
    std::vector<const policy::RuleInfo*> infos;
    for (const uint32_t rule : match.rules)
        infos.push_back(&match.book.info(rule));
    const auto variables = [&](secl::Scope scope) {
        return variables_json(store_, *match.book.variables, subject, scope, match.context.now_ns);
    };
    AlertSubject about{subject.event(),
                       subject.type().name,
                       subject.type().category,
                       subject.process(),
                       subject.parent(),
                       subject.ancestors(),
                       subject.target_lineage(),
                       infos,
                       {variables(secl::Scope::kGlobal), variables(secl::Scope::kProcess),
                        variables(secl::Scope::kContainer), variables(secl::Scope::kCgroup)},
                       options_.source,
                       match.decided};
    const boost::json::object event = event_part(about);
    for (const uint32_t rule : loud) {
        sink_.write(alert_line(options_.agent, match.book.info(rule), event));
        const RuleState& state = match.book.rules[rule];
        state.alerts->Increment();
        ++state.figures->alerts;
    }
    const int64_t age = options_.wall_ns() - static_cast<int64_t>(subject.event().timestamp());
    latency_.Observe(static_cast<double>(age) * 1e-9);
    alerts_ += loud.size();
}

bool Alerting::within_limit(const RuleBook& book, uint32_t rule, const secl::EvalContext& context) {
    const RuleState& state = book.rules[rule];
    const std::string token = limiter_token(book.info(rule), context);
    if (limiter_.allow(book.info(rule).id, token, state.limit, options_.steady_ns()))
        return true;
    state.limited->Increment();
    ++state.figures->limited;
    ++limited_;
    return false;
}

}  // namespace vedette::engine
