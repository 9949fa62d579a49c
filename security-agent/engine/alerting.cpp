// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/alerting.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "security-agent/engine/variable_json.h"
#include "security-agent/engine/workload_json.h"

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

/// Of a name alone: it is not known which file it was.
v1::FileAnswer no_file() {
    v1::FileAnswer answer;
    answer.set_hash_state(v1::File::HASH_STATE_PATH_UNKNOWN);
    return answer;
}

/// An exec and an exit call the program of the acting process their file, too: it has one name here.
HashedFiles with_one_name(const HashedFiles& files, const v1::Event& event, std::string_view type) {
    constexpr std::string_view kProcess = "process.";
    if (!event.has_exec() && !event.has_exit())
        return files;
    HashedFiles out;
    for (const auto& [field, max_size] : files) {
        const bool renamed = field.starts_with(kProcess);
        uint64_t& max =
            out[renamed ? fmt::format("{}.{}", type, field.substr(kProcess.size())) : field];
        max = std::max(max, max_size);
    }
    return out;
}

}  // namespace

Alerting::Alerting(Options options, VariableStore& store, FindProcess find_process,
                   FileFacts& files, ProcessTexts& texts, const WorkloadMirror& workloads,
                   AlertSink& sink, Metrics& metrics, Logger& logger)
    : options_(std::move(options)),
      store_(store),
      find_process_(std::move(find_process)),
      files_(files),
      texts_(texts),
      workloads_(workloads),
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

const RuleTextsPtr& Alerting::texts_of(const RuleBook& book, uint32_t rule) const {
    const RuleState& state = book.rules[rule];
    if (!state.texts)
        state.texts = std::make_shared<const RuleTexts>(options_.agent, book.info(rule));
    return state.texts;
}

void Alerting::write(const Match& match, std::span<const uint32_t> loud) {
    EventSubject& subject = match.subject;
    std::vector<std::string_view> matched;
    for (const uint32_t rule : match.rules)
        matched.push_back(texts_of(match.book, rule)->matched);
    const auto variables = [&](secl::Scope scope) {
        return variables_json(store_, *match.book.variables, subject, scope, match.context.now_ns);
    };
    const std::string& container = subject.process().container().id();
    const WorkloadPtr workload = workloads_.find(container);
    // What has waited until now waits no longer.
    const bool waits = match.decided != "incomplete" && workload &&
                       workload->facts.metadata() == v1::Workload::METADATA_PENDING;
    AlertSubject about{subject.event(),
                       subject.type().name,
                       subject.type().category,
                       subject.process(),
                       subject.parent(),
                       subject.ancestors(),
                       subject.target_lineage(),
                       matched,
                       {variables(secl::Scope::kGlobal), variables(secl::Scope::kProcess),
                        variables(secl::Scope::kContainer), variables(secl::Scope::kCgroup)},
                       options_.source,
                       match.decided,
                       waits ? nullptr : workload.get()};
    HeldAlert alert;
    alert.event = AlertEvent(about, texts_);
    alert.event_ns = static_cast<int64_t>(subject.event().timestamp());
    for (const uint32_t rule : loud) {
        const RuleState& state = match.book.rules[rule];
        alert.rules.push_back(state.texts);
        state.alerts->Increment();
        ++state.figures->alerts;
    }
    ask_about_files(match, loud, alert);
    if (waits)
        alert.container = container;
    if (alert.complete())
        return write_lines(alert);
    alert.deadline_ns = options_.steady_ns() + HeldAlerts::kPatienceNs;
    held_.hold(std::move(alert), [this](HeldAlert& oldest) { write_lines(oldest); });
}

/// What is known by now of the container that the alert waited for.
void Alerting::add_container(HeldAlert& alert) {
    JsonObject container;
    put_workload(container, workloads_.find(alert.container).get());
    alert.event.insert({"container"}, container);
    alert.container.clear();
}

void Alerting::write_lines(HeldAlert& alert) {
    if (!alert.container.empty())
        add_container(alert);
    for (const RuleTextsPtr& rule : alert.rules)
        sink_.write(alert_line(rule->head, alert.event));
    latency_.Observe(static_cast<double>(options_.wall_ns() - alert.event_ns) * 1e-9);
    alerts_ += alert.rules.size();
}

void Alerting::ask_about_files(const Match& match, std::span<const uint32_t> loud,
                               HeldAlert& alert) {
    const FileOptions& options = files_.options();
    if (!options.ask)
        return;
    const EventSubject& subject = match.subject;
    const std::string own = fmt::format("{}.file", subject.type().name);
    HashedFiles hashed;
    secl::EvalContext context = match.context;
    context.settle = true;
    for (const uint32_t rule : loud)
        add_hashed_files(match.book.info(rule), context, options.max_file_size, hashed);
    hashed = with_one_name(hashed, subject.event(), subject.type().name);
    const HashedFiles of_actions = hashed;
    if (std::ranges::find(options.hashed_events, subject.type().name) !=
        options.hashed_events.end())
        hashed.emplace(own, options.max_file_size);
    if (!options.hashes)
        hashed.clear();
    HashedFiles asked = hashed;
    if (options.packages || (options.metadata && subject.event().has_exec()))
        asked.emplace(own, options.max_file_size);
    for (const auto& [field, max_size] : asked) {
        AlertFile found = find_alert_file(subject, field);
        if (!found.file)
            continue;
        if (found.file->inode() == 0) {  // a name alone: another file may have it by now
            if (options.hashes && of_actions.contains(field))
                put_answer(alert.event, found.places, no_file());
            continue;
        }
        FileWants wants;
        wants.hashes =
            hashed.contains(field) && found.file->hash_state() == v1::File::HASH_STATE_UNKNOWN;
        wants.package =
            options.packages && (!found.file->has_package() || found.file->package().pending());
        const v1::Exec& exec = subject.event().exec();
        wants.metadata = options.metadata && subject.event().has_exec() && field == own &&
                         (!exec.has_metadata() || exec.metadata().pending());
        if (!wants.any())
            continue;
        const FileFacts::Reply reply =
            files_.ask(*found.file, found.program, wants, max_size, subject, options_.steady_ns());
        if (reply.answer)
            put_answer(alert.event, found.places, *reply.answer);
        else if (reply.question != 0)
            alert.awaited[reply.question] = std::move(found.places);
    }
}

void Alerting::answer(const v1::FileAnswer& answer) {
    held_.answer(answer, [this](HeldAlert& alert) { write_lines(alert); });
}

void Alerting::workload(const std::string& container_id) {
    held_.on_container(
        container_id, [this](HeldAlert& alert) { add_container(alert); },
        [this](HeldAlert& alert) { write_lines(alert); });
}

void Alerting::on_time() {
    held_.on_time(options_.steady_ns(), [this](HeldAlert& alert) { write_lines(alert); });
}

void Alerting::release() {
    held_.all([this](HeldAlert& alert) { write_lines(alert); });
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
