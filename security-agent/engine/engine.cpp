// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "fields.gen.h"
#include "security-agent/engine/engine_parts.h"
#include "security-agent/engine/program_of.h"
#include "security-agent/engine/variable_view.h"

namespace vedette::engine {
namespace {

constexpr size_t kScratchBytes = 64U << 10;
constexpr int64_t kReconcileAfter = 60'000'000'000;
constexpr size_t kTappedAncestors = 8;

Policies no_policies() {
    return std::make_shared<const policy::CompiledPolicies>(
        policy::compile_policies({}, field_table()));
}

class CostsOfRules final : public secl::CostObserver {
   public:
    explicit CostsOfRules(const RuleBook& book) : book_(book) {}
    void evaluated(uint32_t rule, int64_t nanoseconds) override {
        RuleFigures& figures = *book_.rules[rule].figures;
        figures.cost_ns += static_cast<uint64_t>(std::max<int64_t>(nanoseconds, 0));
        ++figures.timed;
    }

   private:
    const RuleBook& book_;
};

const secl::EventTypeDef* definition_of(int number) {
    for (const secl::EventTypeDef& event : field_table().events())
        if (event.id == number && !event.name.empty())
            return &event;
    return nullptr;
}

}  // namespace

Engine::Engine(EngineOptions options, AlertSink& sink, Metrics& metrics, Logger& logger)
    : options_(std::move(options)),
      host_{.origin = options_.agent.origin,
            .source = options_.source,
            .hostname = options_.hostname,
            .service = options_.service},
      sink_(sink),
      metrics_(metrics),
      logger_(logger),
      counters_(std::make_unique<Counters>(metrics)),
      store_(options_.variables, metrics),
      mirror_(options_.mirror_bytes,
              [this](secl::Scope scope, std::string_view key) { store_.end(scope, key); }),
      workloads_(std::move(options_.label_tags)),
      books_(store_, metrics, options_.limit),
      book_(books_.make(no_policies(), nullptr)),
      files_(std::move(options_.files), mirror_, metrics),
      alerting_(
          {options_.agent, options_.source, [this] { return steady_ns(); },
           [this] { return wall_ns(); }},
          store_, [this](int64_t pid) { return find_process(pid); }, files_, texts_, workloads_,
          sink, metrics, logger),
      parked_(options_.parked),
      discarders_(options_.discard, metrics),
      losses_(metrics),
      integrity_(metrics),
      scratch_memory_(kScratchBytes),
      scratch_(scratch_memory_.data(), scratch_memory_.size()),
      newest_(book_->policies) {
    if (!options_.uuid4)
        options_.uuid4 = random_uuid4;
    if (!options_.steady_ns)
        options_.steady_ns = [this] { return clock_ns_; };
    if (!options_.wall_ns)
        options_.wall_ns = [this] { return clock_ns_; };
}

Engine::~Engine() = default;

void Engine::welcome(const v1::Welcome& welcome) {
    const std::lock_guard state(state_mutex_);
    const bool other_probe = welcome.instance_id() != instance_id_;
    files_.forget_questions();  // asked on a connection that is gone
    alerting_.release();
    if (other_probe || welcome.reset_mirror()) {
        // Nothing more will be heard of what they wait for.
        parked_.all([this](ParkedEvent& parked) { return decide(parked, nullptr, true); });
        mirror_.clear();
        workloads_.clear();
        if (other_probe)
            store_.end_all(secl::Scope::kProcess);  // its process keys are others
        reconcile_ns_ = clock_ns_ + kReconcileAfter;
    }
    if (other_probe) {
        last_sequence_ = std::max<uint64_t>(welcome.next_sequence(), 1) - 1;
        last_batch_ = 0;
    }
    plan_in_force_ = 0;
    instance_id_ = welcome.instance_id();
    if (welcome.missed()) {
        logger_.warn("the probe no longer holds {} events that happened while we were away",
                     welcome.missed());
        counters_->missed.Increment(static_cast<double>(welcome.missed()));
    }
    const std::lock_guard lock(mutex_);
    position_ = {instance_id_, last_sequence_, last_batch_};
}

void Engine::batch(v1::Batch& batch) {
    this->batch(batch, batch.events_size(), [&](int i) { return batch.mutable_events(i); });
}

void Engine::batch(const StreamMessage& message) {
    const auto& events = message.events();
    batch(*message.response().mutable_batch(), static_cast<int>(events.size()), [&](int i) {
        const std::string_view bytes = events[static_cast<size_t>(i)];
        v1::Event* event = parser_.parse(bytes);
        if (!event)
            losses_.count_malformed(EventParser::payload_of(bytes));
        return event;
    });
}

template <typename EventAt>
void Engine::batch(v1::Batch& batch, int events, EventAt&& event_at) {
    const std::lock_guard state(state_mutex_);
    if (batch.filter_revision() != 0)
        plan_in_force_ = batch.filter_revision();
    batch_ns_ = steady_ns();
    take_news();
    counters_->batches.Increment();
    losses_.count(batch, events, last_sequence_);
    int workload = 0;
    int update = 0;
    const auto apply_before = [&](int event) {
        for (; workload < batch.workloads_size() &&
               (event == events ||
                batch.workloads(workload).before_event() <= static_cast<uint32_t>(event));
             ++workload)
            apply(*batch.mutable_workloads(workload));
        for (; update < batch.processes_size() &&
               (event == events ||
                batch.processes(update).before_event() <= static_cast<uint32_t>(event));
             ++update)
            apply(*batch.mutable_processes(update));
    };
    for (int i = 0; i < events; ++i) {
        apply_before(i);
        if (batch.first_sequence() + static_cast<uint64_t>(i) <= last_sequence_)
            counters_->repeated.Increment();
        else if (v1::Event* event = event_at(i))
            evaluate(*event);
    }
    apply_before(events);
    if (events)
        last_sequence_ =
            std::max(last_sequence_, batch.first_sequence() + static_cast<uint64_t>(events) - 1);
    last_batch_ = std::max<uint64_t>(last_batch_, batch.number());
    processes_ = mirror_.size();
    count_events();
    counters_->show(mirror_, store_, parked_);
    alerting_.on_time();
    discarders_.flush();
    periodic();
    const std::lock_guard lock(mutex_);
    position_ = {instance_id_, last_sequence_, last_batch_};
}

/// Once by batch: a counter that others read at any time costs as much as a test of a rule.
void Engine::count_events() {
    for (const auto& type : types_) {
        const uint64_t count = type ? std::exchange(type->uncounted, 0) : 0;
        if (count == 0)
            continue;
        events_ += count;
        type->counter->Increment(static_cast<double>(count));
    }
}

void Engine::tick() {
    const std::lock_guard state(state_mutex_);
    take_news();
    const int64_t now = wall_ns();
    parked_.on_time(now, [this](ParkedEvent& parked) { return decide(parked, nullptr, true); });
    alerting_.on_time();
    periodic();
}

void Engine::answer(const v1::FileAnswer& answer) {
    const std::lock_guard state(state_mutex_);
    files_.take(answer);
    alerting_.answer(answer);
    parked_.on_answer(answer.id(),
                      [&](ParkedEvent& parked) { return decide_with(parked, answer); });
}

void Engine::finish() {
    const std::lock_guard state(state_mutex_);
    parked_.all([this](ParkedEvent& parked) { return decide(parked, nullptr, true); });
    alerting_.release();
    report_losses(true);
}

void Engine::apply(v1::ProcessUpdate& update) {
    if (update.gone()) {
        parked_.on_process_gone(update.node().key(), [this](ParkedEvent& parked) {
            return decide(parked, nullptr, true);
        });
        mirror_.erase(update.node().key());
        return;
    }
    if (update.ended())
        return mirror_.end(update.node().key(), update.node().exit_time());
    if (update.program_of() != 0)
        add_program(update, mirror_);
    files_.mark(*update.mutable_node());
    if (update.node().has_container())
        workloads_.mark(*update.mutable_node()->mutable_container());
    const v1::Container& container = update.node().container();
    if (parked_.empty() || container.id().empty() || container.metadata_pending()) {
        mirror_.apply(std::move(*update.mutable_node()));
        return;
    }
    const v1::Container arrived = container;
    mirror_.apply(std::move(*update.mutable_node()));
    parked_.on_metadata(arrived.id(),
                        [&](ParkedEvent& parked) { return decide(parked, &arrived, false); });
}

void Engine::complete(secl::EvalContext& context, const secl::VariableReader& variables) {
    const auto& event = *static_cast<const v1::Event*>(context.event);
    context.host = &host_;
    context.variables = &variables;
    context.scratch = &scratch_;
    context.now_ns = event.timestamp() ? static_cast<int64_t>(event.timestamp()) : wall_ns();
}

secl::Matches Engine::run_rules(const RuleBook& book, const secl::EvalContext& context,
                                Type& type) {
    if (++type.events % kTimedEvery != 0)
        return book.policies->rule_set->evaluate(context, state_);
    CostsOfRules costs(book);
    const auto begin = std::chrono::steady_clock::now();
    const secl::Matches matches = book.policies->rule_set->evaluate(context, state_, &costs);
    type.cost_ns += static_cast<uint64_t>((std::chrono::steady_clock::now() - begin).count());
    ++type.timed;
    return matches;
}

void Engine::evaluate(v1::Event& event) {
    Type& type = type_of(event.payload_case());
    ++type.uncounted;
    clock_ns_ = std::max(clock_ns_, static_cast<int64_t>(event.timestamp()));
    if (!parked_.empty())
        parked_.on_time(clock_ns_,
                        [this](ParkedEvent& parked) { return decide(parked, nullptr, true); });
    if (reconcile_ns_)
        reconcile_scopes();
    if (!type.definition)
        return;
    files_.mark(event);
    const ProcessMirror::Kin kin = mirror_.kin(event.process_key());
    if (!kin.process)
        counters_->unknown_process.Increment();
    std::vector<uint32_t> undecided;
    {
        EventSubject subject(mirror_, event, *type.definition, kin, buffers_);
        const VariableView variables(store_, *book_->variables, subject, options_.uuid4);
        secl::EvalContext& context = subject.context();
        complete(context, variables);
        const secl::Matches verdict = run_rules(*book_, context, type);
        undecided.assign(verdict.undecided.begin(), verdict.undecided.end());
        if (!verdict.matched.empty())
            alerting_.handle({*book_, subject, context, verdict.matched, {}});
        if (watch_)
            run_watch(subject);
        if (options_.tap && options_.tap->open())
            options_.tap->event(subject,
                                [&] { return bare_event(subject, kTappedAncestors).text(); });
        const bool sound = Integrity::is_sound(subject);
        if (!sound)
            check_integrity(subject);
        else if (verdict.matched.empty() && undecided.empty() && !watch_)
            discarders_.unmatched(subject, batch_ns_);
        if (!undecided.empty())
            park(event, subject, std::move(undecided));
    }
    scratch_.release();
}

void Engine::park(v1::Event& event, EventSubject& subject, std::vector<uint32_t> rules) {
    ParkedEvent parked;
    parked.containers = subject.pending_containers();
    parked.files = files_.ask_for_pending(subject);
    parked.process = subject.process();
    parked.deadline_ns = static_cast<int64_t>(event.timestamp()) + parked_.limits().patience_ns;
    parked.event = std::move(event);
    parked.book = book_;
    parked.rules = std::move(rules);
    counters_->parked.Increment();
    parked_.park(std::move(parked),
                 [this](ParkedEvent& oldest) { return decide(oldest, nullptr, true); });
}

bool Engine::decide(ParkedEvent& parked, const v1::Container* arrived, bool settle) {
    v1::Container& container = *parked.process.mutable_container();
    if (arrived && arrived->id() == container.id()) {
        *container.mutable_tags() = arrived->tags();
        container.set_metadata_pending(arrived->metadata_pending());
    } else if (const v1::ProcessNode* now = mirror_.find(parked.process.key())) {
        container = now->container();
    }
    Type& type = type_of(parked.event.payload_case());
    ProcessMirror::Kin kin;
    if (parked.process.key())
        kin = {&parked.process, mirror_.parent(parked.process)};
    EventSubject subject(mirror_, parked.event, *type.definition, kin, buffers_);
    const VariableView variables(store_, *parked.book->variables, subject, options_.uuid4);
    secl::EvalContext& context = subject.context();
    complete(context, variables);
    context.settle = settle;
    const secl::Matches verdict = run_rules(*parked.book, context, type);
    const auto waited_for = [&parked](std::span<const uint32_t> rules) {
        std::vector<uint32_t> out;
        std::ranges::set_intersection(rules, parked.rules, std::back_inserter(out));
        return out;
    };
    const std::vector<uint32_t> matched = waited_for(verdict.matched);
    std::vector<uint32_t> undecided = waited_for(verdict.undecided);
    if (!matched.empty())
        alerting_.handle({*parked.book, subject, context, matched, settle ? "incomplete" : "late"});
    scratch_.release();
    parked.rules = std::move(undecided);
    const bool decided = settle || parked.rules.empty();
    if (decided)
        (settle ? counters_->incomplete : counters_->late).Increment();
    return decided;
}

bool Engine::decide_with(ParkedEvent& parked, const v1::FileAnswer& answer) {
    std::erase_if(parked.files, [&](const FileWait& wait) {
        if (wait.question != answer.id())
            return false;
        FileFacts::fill(wait.place, answer, parked.event, parked.process);
        return true;
    });
    return decide(parked, nullptr, false);
}

void Engine::run_watch(const EventSubject& subject) {
    const auto& policies = *watch_->policies;
    const secl::Matches found = policies.rule_set->evaluate(subject.context(), watch_state_);
    for (const uint32_t rule : found.matched)
        watch_->matched(policies.rules[rule].id, {bare_event(subject).text()});
}

/// As in an alert, without rules and variables.
AlertEvent Engine::bare_event(const EventSubject& subject, size_t max_ancestors) {
    const auto ancestors = subject.ancestors();
    AlertSubject about{subject.event(),
                       subject.type().name,
                       subject.type().category,
                       subject.process(),
                       subject.parent(),
                       ancestors.first(std::min(ancestors.size(), max_ancestors)),
                       subject.target_lineage(),
                       {},
                       {},
                       options_.source,
                       {},
                       workloads_.find(subject.process().container().id()).get()};
    return {about, texts_};
}

void Engine::check_integrity(const EventSubject& subject) {
    const auto finding = integrity_.check(mirror_, subject, options_.steady_ns);
    if (!finding)
        return;
    sink_.write(integrity_line(options_.agent, finding->kind, finding->error, finding->suppressed,
                               bare_event(subject), wall_ns()));
}

void Engine::reconcile_scopes() {
    if (clock_ns_ < *reconcile_ns_)
        return;
    reconcile_ns_.reset();
    store_.end_unless(
        [this](secl::Scope scope, std::string_view key) { return mirror_.has_scope(scope, key); });
}

Engine::Type& Engine::new_type(size_t number) {
    if (number >= types_.size())
        types_.resize(number + 1);
    const auto payload = static_cast<int>(number);
    const std::string name = event_type_name(payload);
    types_[number] = std::make_unique<Type>(
        Type{.name = name,
             .definition = definition_of(payload),
             .counter = &metrics_.counter("vedette_agent_events_total",
                                          "Events evaluated, by type.", {{"type", name}})});
    return *types_[number];
}

ProcessScope Engine::find_process(int64_t pid) const {
    const v1::ProcessNode* process =
        pid > 0 && pid <= UINT32_MAX ? mirror_.find_pid(static_cast<uint32_t>(pid)) : nullptr;
    if (!process)
        return {};
    return {std::string(view(process_scope_key(process->process_key()))),
            fmt::format("pid {}", process->pid())};
}

}  // namespace vedette::engine
