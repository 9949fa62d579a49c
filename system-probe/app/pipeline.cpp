// SPDX-License-Identifier: Apache-2.0
#include "system-probe/app/pipeline.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "proto/loss_reason.h"
#include "system-probe/decode/event_type.h"
#include "vedette/v1/command.pb.h"

namespace vedette::probe {
namespace {

using std::chrono::milliseconds;

/// How long records are waited for. With nothing to send, those that wake nobody wait this long at most, and so do ticks.
constexpr auto kIdlePoll = milliseconds(500);
/// While a plan is coming into force, whose end nobody announces, and where there is nothing to wait for.
constexpr auto kShortPoll = milliseconds(100);

/// After a rest, for a record that was made while it ended and may have woken nobody.
constexpr auto kPollAfterRest = milliseconds(2);

/// While records keep coming, a batch is not older than this.
constexpr auto kMaxBatchAge = milliseconds(10);
constexpr unsigned kRecordsBetweenLooks = 16;

constexpr auto kTickEvery = std::chrono::seconds(1);
/// Who lives for so long, or twice, is told to the agent though no event names it.
constexpr auto kIntroductionsEvery = milliseconds(250);
constexpr unsigned kTicksBetweenTellings = 5;

/// The agent sends fewer.
constexpr size_t kMaxDiscardersPerTick = 64;

/// At the end: enough to empty a ring that nobody fills faster than we read.
constexpr int kDrainPolls = 64;

constexpr const char* kStopping = "the probe is stopping";
constexpr const char* kNoAgent = "no agent is connected";

constexpr v1::Loss::Reason kKernelReasons[VDT_LOSS_MAX] = {
    v1::Loss::REASON_RING_FULL, v1::Loss::REASON_SCRATCH, v1::Loss::REASON_BUDGET,
    v1::Loss::REASON_LIMIT, v1::Loss::REASON_TABLE_FULL};

/// The event type a record claims to be, before anything of it is believed; 0 when it does not even have that.
uint32_t claimed_type(std::span<const std::byte> record) {
    vdt_header header = {};
    if (record.size() < sizeof header)
        return 0;
    std::memcpy(&header, record.data(), sizeof header);
    const auto* type = find_event_type(header.type);
    return type ? type->payload_field : 0;
}

}  // namespace

Pipeline::Pipeline(RecordSource& source, Options options, Logger& logger, Metrics& metrics)
    : source_(source),
      options_(std::move(options)),
      logger_(logger),
      metrics_(metrics),
      clock_(options_.clock_offset),
      queue_(options_.stream_bytes),
      batcher_(queue_, names_),
      introductions_(batcher_),
      feed_(introductions_, names_),
      workloads_(options_.runtimes, batcher_),
      resolver_(resolver_options(), clock_, names_, feed_),
      hub_(batcher_, queue_, resolver_, workloads_, options_.instance_id),
      sink_([this](std::span<const std::byte> bytes) { handle(bytes); }),
      records_(metrics.counter("vedette_probe_records_total", "Records read from the source.")),
      malformed_(metrics.counter("vedette_probe_records_malformed_total",
                                 "Records that could not be decoded.")),
      unknown_items_(metrics.counter("vedette_probe_record_items_unknown_total",
                                     "Items of records that this version does not know.")),
      lost_(metrics.counter("vedette_probe_events_lost_total",
                            "Events lost in the kernel, for want of room.")) {
    names_.refresh();
}

ProcessResolver::Options Pipeline::resolver_options() {
    ProcessResolver::Options options = options_.resolver;
    options.container_appeared = [this](const std::shared_ptr<const Container>& container) {
        workloads_.appeared(container);
    };
    return options;
}

Pipeline::~Pipeline() {
    stop();
}

void Pipeline::add_snapshot(const std::vector<std::string>& records) {
    for (const auto& bytes : records)
        handle(std::as_bytes(std::span(bytes)));
    records_.Increment(static_cast<double>(records.size()));
    batcher_.flush();
}

void Pipeline::start() {
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), "pipeline");
}

void Pipeline::stop() {
    stopping_ = true;
    source_.wake();
    if (thread_.joinable())
        thread_.join();
    {
        const std::lock_guard lock(posted_mutex_);
        accepting_ = false;
    }
    run_posted();
}

bool Pipeline::post(std::function<void()> work) {
    const std::lock_guard lock(posted_mutex_);
    if (!accepting_)
        return false;
    if (posted_.empty())
        source_.wake();
    posted_.push_back(std::move(work));
    return true;
}

void Pipeline::run_posted() {
    std::vector<std::function<void()>> work;
    {
        const std::lock_guard lock(posted_mutex_);
        work.swap(posted_);
    }
    for (auto& one : work)
        one();
}

void Pipeline::run() {
    while (!stopping_) {
        run_posted();
        confirm_filters();
        rest();
        poll_once();
        flush();
        const auto now = Clock::now();
        if (now >= next_tick_) {
            next_tick_ = now + kTickEvery;
            tick();
        }
        if (now >= next_introductions_) {
            next_introductions_ = now + kIntroductionsEvery;
            introductions_.tick(resolver_);
        }
        flush();
        feed_.flush();
        heartbeat_.fetch_add(1, std::memory_order_relaxed);
    }
    drain();
}

void Pipeline::rest() {
    const auto left = pace_.left(Clock::now());
    rested_ = left > left.zero();
    if (rested_)
        source_.rest(left);
}

void Pipeline::poll_once() {
    const auto idle = unsettled_revision_ != 0     ? kShortPoll
                      : introductions_.some_wait() ? kIntroductionsEvery
                                                   : kIdlePoll;
    const auto timeout = batcher_.empty() && !rested_ ? idle : kPollAfterRest;
    if (source_ended_) {
        std::this_thread::sleep_for(std::min(timeout, kShortPoll));
        return;
    }
    auto polled = source_.poll(timeout, sink_);
    pace_.read(polled ? *polled : 0, Clock::now());
    records_.Increment(polled ? static_cast<double>(*polled) : 0);
    if (polled) {
        source_error_.clear();
        return;
    }
    if (polled.error().code == ErrorCode::kNotFound) {
        source_ended_ = true;
        logger_.info("{}: idle from here on", polled.error().message);
        return;
    }
    source_error_ = polled.error().message;
    if (poll_limit_.allow()) {
        logger_.error("reading records: {}{}", source_error_, poll_limit_.suffix());
    }
    std::this_thread::sleep_for(kShortPoll);
}

void Pipeline::handle(std::span<const std::byte> bytes) {
    record(bytes);
    if (auto decoded = decode(bytes, decoded_); !decoded) {
        malformed_.Increment();
        v1::Loss loss;
        loss.set_event_type(claimed_type(bytes));
        loss.set_reason(v1::Loss::REASON_DECODE);
        loss.set_count(1);
        batcher_.add_loss(loss);
        if (decode_limit_.allow()) {
            logger_.warn("malformed record: {}{}", decoded.error().message, decode_limit_.suffix());
        }
        return;
    }
    if (decoded_.unknown_items > 0)
        unknown_items_.Increment(decoded_.unknown_items);
    last_record_ns_ = std::max<uint64_t>(last_record_ns_, decoded_.header.time_ns);
    if (is_own_read()) {
        ++own_reads_;
        return;
    }
    const auto named = resolver_.apply(decoded_);
    dns_names_.apply(decoded_);
    feed_.event(decoded_.event);
    deliver(named);
    resolver_.after_event();
    if (++records_since_look_ >= kRecordsBetweenLooks) {
        records_since_look_ = 0;
        if (Clock::now() - last_flush_ >= kMaxBatchAge)
            flush();
    }
}

void Pipeline::deliver(const ProcessResolver::Named& named) {
    if (decoded_.event.payload_case() == v1::Event::PAYLOAD_NOT_SET ||
        !lifecycle_.passes(decoded_.type(), named.acting))
        return;
    for (const Image* image : {named.acting, named.target}) {
        if (image != nullptr)
            introductions_.introduce(*image);
    }
    resolver_.named_by(batcher_.next_sequence());
    batcher_.add_event(decoded_.event);
}

bool Pipeline::is_own_read() const {
    static const auto self = static_cast<uint32_t>(getpid());
    return own_reader_ != 0 && decoded_.type() == VDT_OPEN && decoded_.header.tid == own_reader_ &&
           decoded_.header.image.pid == self;
}

/// What the probe reads for the agent is not part of the account of events.
vdt_counters Pipeline::kernel_counters() {
    vdt_counters counters = source_.counters();
    counters.seen[VDT_OPEN] -= own_reads_;
    for (const vdt_type type : {VDT_FORK, VDT_EXEC, VDT_EXIT})
        counters.filtered[type] += lifecycle_.kept_back(type);
    return counters;
}

void Pipeline::record(std::span<const std::byte> bytes) {
    if (!options_.recording)
        return;
    if (auto written = options_.recording->write(bytes); !written) {
        logger_.error("the recording ends here: {}", written.error().message);
        options_.recording.reset();
    }
}

void Pipeline::flush() {
    if (batcher_.empty())
        return;
    last_flush_ = Clock::now();
    hub_.flush();
}

uint64_t Pipeline::now_boot_ns() const {
    return options_.live ? WallClock::now_boot_ns() : last_record_ns_;
}

void Pipeline::tick() {
    const uint64_t now = now_boot_ns();
    names_.refresh();
    if (options_.live && clock_.sync(now))
        logger_.info("the system clock was set");
    discarders_now_ = 0;
    count_kernel_losses();
    if (gathers_ && ++ticks_ % kTicksBetweenTellings == 0)
        source_.tell_gathered();
    look_up_logins();
    resolver_.expire(now, queue_.held_sequence());
    workloads_.sweep();
    if (hub_.connected())
        questions_.expire(Clock::now());
    else
        questions_.fail_all(kNoAgent);
    if (!options_.recording)
        return;
    if (auto flushed = options_.recording->flush(); !flushed) {
        logger_.error("the recording ends here: {}", flushed.error().message);
        options_.recording.reset();
    }
}

void Pipeline::look_up_logins() {
    if (!options_.look_up_login)
        return;
    resolver_.for_each_new_session([this](const v1::UserSession& session) {
        options_.look_up_login(session, [this, id = session.ssh_session_id()](SshLogin login) {
            post([this, id, login] { resolver_.set_login(id, login.method, login.key); });
        });
    });
}

// The gaps first: then the counters include all of them, and the rest is nobody's in particular.
void Pipeline::count_kernel_losses() {
    const auto gaps = source_.gaps();
    const vdt_counters counters = kernel_counters();
    const uint64_t now = now_boot_ns();
    uint64_t lost = 0;
    for (const auto& type : event_types()) {
        for (size_t reason = 0; reason < VDT_LOSS_MAX; ++reason) {
            const uint64_t count =
                counters.lost[type.type][reason] - counters_.lost[type.type][reason];
            if (count > 0)
                add_kernel_loss(type, reason, count, gaps, now);
            if (reason != VDT_LOSS_LIMIT)
                lost += count;
        }
    }
    count_dropped(counters);
    counters_ = counters;
    last_count_ns_ = now;
    if (lost == 0)
        return;
    lost_.Increment(static_cast<double>(lost));
    if (loss_limit_.allow()) {
        logger_.warn(
            "the kernel had no room for {} events{}: raise system_probe_config.ring_buffer_size",
            lost, loss_limit_.suffix());
    }
    if (options_.process_exists)
        resolver_.end_vanished(now, options_.process_exists);
}

void Pipeline::count_dropped(const vdt_counters& counters) {
    const auto add = [this](const char* name, const char* help, const EventType& type,
                            uint64_t count) {
        if (count > 0)
            metrics_.counter(name, help, {{"type", std::string(type.name)}})
                .Increment(static_cast<double>(count));
    };
    for (const EventType& type : event_types()) {
        add("vedette_probe_events_filtered_total",
            "Events that no rule could match, dropped by the kernel, or by the probe once "
            "resolved.",
            type, counters.filtered[type.type] - counters_.filtered[type.type]);
        add("vedette_probe_events_discarded_total",
            "The same, because of an earlier event with the same path or value.", type,
            counters.discarded[type.type] - counters_.discarded[type.type]);
    }
}

void Pipeline::add_kernel_loss(const EventType& type, size_t reason, uint64_t count,
                               const std::vector<LossGap>& gaps, uint64_t now) {
    v1::Loss loss;
    loss.set_event_type(type.payload_field);
    loss.set_reason(kKernelReasons[reason]);
    loss.set_first_time(clock_.to_wall(last_count_ns_));
    for (const LossGap& gap : gaps) {
        if (gap.type != type.type || gap.reason != reason)
            continue;
        loss.set_count(std::min(gap.count, count));
        loss.set_cgroup_id(gap.cgroup_id);
        loss.set_last_time(clock_.to_wall(gap.last_ns));
        batcher_.add_loss(loss);
        count -= loss.count();
    }
    loss.set_count(count);
    loss.set_cgroup_id(0);
    loss.set_last_time(clock_.to_wall(now));
    batcher_.add_loss(loss);
}

void Pipeline::drain() {
    for (int i = 0; i < kDrainPolls && !source_ended_; ++i) {
        const auto polled = source_.poll(milliseconds(0), sink_);
        if (!polled || *polled == 0)
            break;
    }
    tick();
    questions_.fail_all(kStopping);
    feed_.close(kStopping);
    hub_.finish(kStopping);
}

void Pipeline::workload_found(v1::Workload workload) {
    post([this, workload = std::move(workload)]() mutable {
        workloads_.found(std::move(workload));
    });
}

void Pipeline::workload_ended(std::string id) {
    post([this, id = std::move(id)] { workloads_.ended(id); });
}

StreamHandlers Pipeline::stream_handlers() {
    return {.hello =
                [this](std::shared_ptr<Subscriber> subscriber, v1::Hello hello) {
                    if (!post([this, subscriber, hello] { subscribe(subscriber, hello); }))
                        subscriber->close(kStopping);
                },
            .filters =
                [this](v1::FilterPlan plan) {
                    post([this, plan = std::move(plan)] { apply_filters(plan); });
                },
            .discard =
                [this](v1::Discard message) {
                    post([this, message = std::move(message)] { discard(message); });
                },
            .answer =
                [this](v1::Answer answer) {
                    post([this, answer = std::move(answer)] { questions_.answer(answer); });
                }};
}

ListenHandler Pipeline::listen_handler() {
    return [this](std::shared_ptr<ProcessListener> listener, bool with_snapshot) {
        if (!post([this, listener, with_snapshot] { listen(listener, with_snapshot); }))
            listener->close(kStopping);
    };
}

void Pipeline::listen(const std::shared_ptr<ProcessListener>& listener, bool with_snapshot) {
    if (stopping_)
        return listener->close(kStopping);
    if (!feed_.add(listener, with_snapshot ? &resolver_ : nullptr))
        listener->close(fmt::format("{} listen already", ProcessFeed::kMaxListeners));
}

void Pipeline::ask_agent(v1::Question::Kind kind, AgentQuestions::Done done) {
    if (!post([this, kind, done] { ask(kind, done); }))
        done(fail(ErrorCode::kUnavailable, "{}", kStopping));
}

void Pipeline::ask(v1::Question::Kind kind, AgentQuestions::Done done) {
    if (stopping_ || !hub_.connected())
        return done(fail(ErrorCode::kUnavailable, "{}", stopping_ ? kStopping : kNoAgent));
    if (const auto question = questions_.ask(kind, std::move(done), Clock::now()))
        hub_.ask(*question);
}

void Pipeline::apply_filters(const v1::FilterPlan& message) {
    const FilterPlan plan = read_filter_plan(message, options_.filter_in_kernel);
    source_.apply(plan, read_points(message));
    if (options_.filter_in_kernel)
        lifecycle_.apply(message);
    introductions_.tell_all(message.all_processes(), resolver_);
    gathers_ = plan.contains(VDT_CAPABILITIES);
    resolver_.keep_exited(plan.contains(VDT_NETWORK_FLOW_MONITOR)
                              ? options_.keep_exited_of_flows_ns
                              : options_.resolver.keep_exited_ns);
    filter_revision_ = message.revision();
    unsettled_revision_ = message.revision();
    confirm_filters();
}

void Pipeline::confirm_filters() {
    if (unsettled_revision_ == 0 || !source_.settled())
        return;
    batcher_.set_filter_revision(std::exchange(unsettled_revision_, 0));
    if (const std::string problem = source_.filter_problem(); !problem.empty())
        logger_.warn("not every filter is in force: {}", problem);
}

void Pipeline::discard(const v1::Discard& message) {
    if (!options_.filter_in_kernel || message.revision() == 0 ||
        message.revision() != filter_revision_)
        return;
    for (const v1::Discarder& one : message.discarders()) {
        const auto discarder = read_discarder(one);
        if (!discarder || discarders_now_ >= kMaxDiscardersPerTick)
            continue;
        ++discarders_now_;
        ++discarders_added_[discarder->type];
        source_.discard(*discarder);
    }
}

void Pipeline::read_discarders(std::function<void(Result<DiscarderDump>)> done) {
    DiscarderDump dump;
    dump.wall_ns = static_cast<int64_t>(clock_.to_wall(now_boot_ns()));
    const vdt_counters counters = kernel_counters();
    for (const EventType& type : event_types()) {
        const uint64_t added = discarders_added_[type.type];
        if (added != 0 || counters.discarded[type.type] != 0)
            dump.stats.push_back({std::string(type.name), added, counters.discarded[type.type]});
    }
    auto found = [dump, done](std::vector<StoredDiscarder> discarders) mutable {
        dump.discarders = std::move(discarders);
        done(std::move(dump));
    };
    if (!source_.read_discarders(std::move(found)))
        done(fail(ErrorCode::kUnavailable, "records come from {}, which has no discarders",
                  source_.name()));
}

void Pipeline::subscribe(const std::shared_ptr<Subscriber>& subscriber, const v1::Hello& hello) {
    if (stopping_)
        return subscriber->close(kStopping);
    const auto result = hub_.subscribe(subscriber, hello);
    if (result.reset_mirror)
        introductions_.all_are_told(resolver_);
    if (hello.has_filters())
        apply_filters(hello.filters());
    if (result.replaced)
        logger_.warn("a newer agent connected: the older one's call was ended");
    logger_.info("agent {} connected{}", printable(hello.agent_version()),
                 result.reset_mirror ? ", it gets all processes" : ", it goes on where it was");
    if (result.missed > 0)
        logger_.warn("the agent missed {} events", result.missed);
}

void Pipeline::fill_status(v1::ProbeStatus& status) {
    status.set_source(source_.name());
    for (const auto& hook : source_.hooks()) {
        auto& out = *status.add_hooks();
        out.set_event_type(hook.event_type);
        out.set_backend(hook.backend);
        for (const auto& program : hook.programs)
            out.add_programs(program);
        out.set_state(hook.state);
        out.set_reason(hook.reason);
        out.set_attached(hook.attached);
    }
    count_kernel_losses();
    for (const auto& type : event_types()) {
        if (type.payload_field == 0)
            continue;
        auto& out = *status.add_events();
        out.set_event_type(std::string(type.name));
        out.set_seen(counters_.seen[type.type]);
        out.set_filtered(counters_.filtered[type.type]);
        out.set_discarded(counters_.discarded[type.type]);
        const auto delivered = batcher_.delivered().find(type.payload_field);
        if (delivered != batcher_.delivered().end())
            out.set_delivered(delivered->second);
        for (const auto& [key, count] : batcher_.lost()) {
            if (key.first == type.payload_field)
                (*out.mutable_lost())[loss_reason_name(key.second)] = count;
        }
    }
    const auto resolved = resolver_.counts();
    auto& resolver = *status.mutable_resolver();
    resolver.set_processes(resolved.alive);
    resolver.set_exited(resolved.exited);
    resolver.set_bytes(resolved.bytes);
    resolver.set_max_bytes(options_.resolver.max_bytes);
    resolver.set_evicted(resolved.evicted_exited + resolved.evicted_lineage +
                         resolved.evicted_live);
    resolver.set_placeholders(resolved.placeholders);
    resolver.set_snapshot(resolved.snapshot);
    const auto queued = queue_.counts();
    auto& stream = *status.mutable_stream();
    stream.set_subscriber(hub_.connected());
    stream.set_next_sequence(batcher_.next_sequence());
    stream.set_acknowledged(queued.acknowledged);
    stream.set_held_events(queued.held_events);
    stream.set_held_bytes(queued.held_bytes);
    stream.set_max_bytes(queue_.max_bytes());
    stream.set_batches(queued.batches);
    status.set_ring_bytes(source_.ring_bytes());
    status.set_map_bytes(source_.map_bytes());
    for (std::string& warning : source_.warnings())
        status.add_warnings(std::move(warning));
    if (!source_error_.empty())
        status.add_warnings("reading records: " + source_error_);
    if (resolved.evicted_live > 0) {
        status.add_warnings(
            fmt::format("{} living processes were evicted from the cache: raise "
                        "system_probe_config.process_cache_size",
                        resolved.evicted_live));
    }
}

}  // namespace vedette::probe
