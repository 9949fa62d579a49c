// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/kernel_source.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "common/log.h"
#include "system-probe/decode/wall_clock.h"
#include "system-probe/ebpf/control_map.h"
#include "system-probe/ebpf/cpu_array.h"
#include "system-probe/ebpf/flow_reports.h"
#include "system-probe/ebpf/iterator_snapshot.h"
#include "system-probe/ebpf/loader.h"
#include "system-probe/ebpf/ondemand_functions.h"
#include "system-probe/ebpf/packet_filters.h"
#include "system-probe/ebpf/proc_snapshot.h"
#include "system-probe/ebpf/ring_reader.h"

namespace vedette::probe {
namespace {

constexpr const char* kTooMuchWaits = "too much waits for the privileged thread";

void degrade(HookReport& report, const std::string& problem) {
    if (problem.empty() || report.state == "missing")
        return;
    report.state = "partial";
    report.reason = report.reason.empty() ? problem : problem + "; " + report.reason;
}

/// Of what attach() says: one of the type's programs, or all of them.
bool concerns(const std::string& problem, const HookReport& report) {
    return problem == kTooMuchWaits ||
           std::ranges::any_of(report.programs, [&problem](const std::string& program) {
               return problem.find(program + ": ") != std::string::npos;
           });
}

class KernelSource : public RecordSource {
   public:
    KernelSource(LoadedObject object, std::unique_ptr<RingReader> ring, ControlMap control,
                 CpuArray<vdt_counters> counters, CpuArray<vdt_gaps> gaps,
                 const KernelSourceOptions& options)
        : object_(std::move(object)),
          discarders_(object_.map_fd("discarders")),
          ring_(std::move(ring)),
          control_(std::move(control)),
          counters_(std::move(counters)),
          gaps_(std::move(gaps)),
          packet_filters_({.steps_in = object_.map_fd("packet_steps_in"),
                           .steps_out = object_.map_fd("packet_steps_out"),
                           .filters = object_.map_fd("packet_filters")},
                          options.packet_rate),
          flow_reports_(
              object_.map_fd("flows_0"), object_.map_fd("flows_1"),
              std::chrono::duration_cast<FlowReports::Clock::duration>(options.flow_period),
              [this](uint32_t table) { control_.count_flows_in(table); }) {
        if (attached_types(object_.plan()).contains(VDT_PACKET))
            packet_filters_.try_out();
        if (options.bpf_stats)
            stats_.enable();
    }

    Result<> snapshot(const RecordSink& sink) override {
        if (!has_iterator())
            return read_proc_snapshot("/proc", sink);
        auto iterator = object_.iterate_processes();
        if (!iterator)
            return forward_error(iterator, "asking the kernel for all processes");
        return read_iterator_snapshot(iterator->get(), sink);
    }

    Result<size_t> poll(std::chrono::milliseconds timeout, const RecordSink& sink) override {
        auto polled = ring_->poll(timeout, sink, [this](bool sleeps) {
            control_.reader(sleeps ? VDT_READER_SLEEPS : VDT_READER_READS);
        });
        if (auto caught_up = catch_up(sink); !caught_up)
            return forward_error(caught_up);
        const size_t reports =
            flow_reports_.tick(FlowReports::Clock::now(), WallClock::now_boot_ns(), sink);
        flow_records_ += reports;
        if (polled)
            *polled += reports;
        return polled;
    }

    void wake() override { ring_->wake(); }

    void rest(std::chrono::microseconds time) override {
        control_.reader(VDT_READER_RESTS);
        std::this_thread::sleep_for(time);
        control_.reader(VDT_READER_READS);
    }

    vdt_counters counters() override {
        vdt_counters sum = sum_counters(counters_.cpus());
        sum.seen[VDT_NETWORK_FLOW_MONITOR] += flow_records_;
        sum.sent[VDT_NETWORK_FLOW_MONITOR] += flow_records_;
        return sum;
    }
    std::vector<LossGap> gaps() override { return ledger_.take(gaps_.cpus()); }
    void apply(const FilterPlan& asked, std::vector<OnDemandPoint> points) override {
        FilterPlan plan = asked;
        // What they became meanwhile nobody could tell.
        if (!has_iterator())
            keep_identities(plan);
        const auto attached = attached_types(object_.plan());
        const auto packets = plan.find(VDT_PACKET);
        packet_filters_.apply(packets == plan.end() || !attached.contains(VDT_PACKET)
                                  ? std::vector<std::string>()
                                  : packets->second.packet_filters);
        control_.apply(plan, points, attached);
        flow_reports_.want(
            plan.contains(VDT_NETWORK_FLOW_MONITOR) && attached.contains(VDT_NETWORK_FLOW_MONITOR),
            FlowReports::Clock::now());
        const auto wanted = [&plan](vdt_type type) { return plan.contains(type); };
        needed_.clear();
        for (const PlannedHook& hook : object_.plan())
            if (wanted(hook.row->type))
                needed_.emplace(hook.row->event);
        const bool again = plan.contains(VDT_SETUID) && !std::exchange(keeps_identities_, true);
        keeps_identities_ = plan.contains(VDT_SETUID);
        attach(needed_programs(object_.plan(), wanted), std::move(points), again);
    }
    void tell_gathered() override {
        privileged_([this] { object_.run_capabilities(); });
    }
    std::vector<std::string> warnings() const override { return functions_.warnings(); }
    bool settled() const override { return packet_filters_.settled() && attaching_ == 0; }
    std::string filter_problem() const override {
        const std::string attaching = attach_problem();
        const std::string packets = packet_filters_.problem();
        return attaching + (attaching.empty() || packets.empty() ? "" : "; ") + packets;
    }
    void set_privileged(PrivilegedPost post) override {
        packet_filters_.set_privileged(post);
        flow_reports_.set_privileged(post);
        discarders_.set_privileged(post);
        privileged_ = std::move(post);
    }
    std::vector<HookReport> hooks() const override {
        auto reports = report_hooks(object_.plan());
        const std::string attaching = attach_problem();
        for (HookReport& report : reports) {
            report.attached = !report.backend.empty() && needed_.contains(report.event_type);
            if (report.attached && concerns(attaching, report))
                degrade(report, attaching);
            if (report.event_type == "packet")
                degrade(report, packet_filters_.problem());
            else if (report.event_type == "network_flow_monitor")
                degrade(report, flow_reports_.problem());
        }
        return reports;
    }
    void discard(const Discarder& discarder) override {
        if (discarder.auid) {
            control_.discard_auid(discarder.type, *discarder.auid);
            return;
        }
        control_.look_for(discarder.type, discarder.key.kind);
        discarders_.add(discarder, control_.revision());
    }
    bool read_discarders(const std::function<void(std::vector<StoredDiscarder>)>& done) override {
        return discarders_.read(control_.revision(), done);
    }
    bool read_costs(const std::function<void(RunCosts)>& done) override {
        return privileged_(
            [this, done] { done({stats_.counted(), stats_.problem(), object_.program_runs()}); });
    }
    std::vector<ProgramCost> programs() const override { return object_.program_costs(); }
    std::string name() const override { return "kernel"; }
    uint64_t ring_bytes() const override { return object_.ring_bytes(); }
    uint64_t map_bytes() const override { return object_.map_bytes(); }

   private:
    bool has_iterator() const { return object_.iterator_refusal().empty(); }
    /// What is no longer needed goes once no program finds it wanted, which is so already. `again`: who processes are was
    /// not followed for a while.
    void attach(std::vector<std::string> programs, std::vector<OnDemandPoint> points, bool again) {
        ++attaching_;
        const bool posted =
            privileged_([this, programs = std::move(programs), points = std::move(points), again] {
                std::string problem = object_.attach(programs);
                functions_.watch(points, [this](const char* map) { return object_.map_fd(map); });
                confirm(std::move(problem), again);
                wanted_ = programs;
                detach_others();
            });
        if (posted)
            return;
        --attaching_;
        report_attaching(kTooMuchWaits);
    }
    /// One at a time: a plan that comes meanwhile does not wait for all of them.
    void detach_others() {
        if (object_.detach_one_but(wanted_))
            privileged_([this] { detach_others(); });
    }
    /// All that the plan wants is attached.
    void confirm(std::string problem, bool again) {
        if (again) {
            auto iterator = object_.iterate_processes();
            if (iterator) {
                report_attaching(std::move(problem));
                const std::lock_guard lock(mutex_);
                if (processes_now_)
                    --attaching_;  // of an earlier plan: this one tells as much
                processes_now_ = std::move(*iterator);
                return;  // catch_up() goes on
            }
            problem += fmt::format("{}processes: {}", problem.empty() ? "" : "; ",
                                   iterator.error().message);
        }
        report_attaching(std::move(problem));
        --attaching_;
    }
    /// What processes became while nobody followed it.
    Result<> catch_up(const RecordSink& sink) {
        if (attaching_ == 0)
            return {};
        UniqueFd iterator;
        {
            const std::lock_guard lock(mutex_);
            iterator = std::move(processes_now_);
        }
        if (!iterator)
            return {};
        --attaching_;
        return read_iterator_snapshot(iterator.get(), sink);
    }
    void report_attaching(std::string problem) {
        const std::lock_guard lock(mutex_);
        attach_problem_ = std::move(problem);
    }
    std::string attach_problem() const {
        const std::lock_guard lock(mutex_);
        return attach_problem_;
    }

    // In this order: the ring's mapping goes before the object that owns its map.
    LoadedObject object_;
    DiscarderMap discarders_;
    std::unique_ptr<RingReader> ring_;
    ControlMap control_;
    CpuArray<vdt_counters> counters_;
    CpuArray<vdt_gaps> gaps_;
    GapLedger ledger_;
    OnDemandFunctions functions_;
    PacketFilters packet_filters_;
    FlowReports flow_reports_;
    uint64_t flow_records_ = 0;
    BpfStats stats_;
    std::set<std::string_view> needed_;  ///< event types
    bool keeps_identities_ = true;
    std::vector<std::string>
        wanted_;  ///< by the newest plan that is attached; the privileged thread's
    std::atomic<unsigned> attaching_ = 0;
    mutable std::mutex mutex_;
    std::string attach_problem_;  ///< under mutex_
    UniqueFd processes_now_;      ///< under mutex_
    /// Until there is such a thread, this one has everything.
    PrivilegedPost privileged_ = [](const auto& job) {
        job();
        return true;
    };
};

Result<> require_anything(const LoadedObject& object) {
    const auto attached = [](const PlannedHook& hook) { return hook.set != nullptr; };
    if (std::ranges::any_of(object.plan(), attached))
        return {};
    return fail(ErrorCode::kUnsupported, "nothing can be watched: {}",
                object.plan().empty() ? "" : object.plan().front().refusal);
}

void warn(const LoadedObject& object, Backend backend, spdlog::logger& logger) {
    for (const PlannedHook& hook : object.plan()) {
        if (hook.set == nullptr && hook.row->lifecycle)
            logger.critical("no {} events, so processes are not followed: {}", hook.row->event,
                            hook.refusal);
        else if (hook.set == nullptr)
            logger.warn("no {} events: {}", hook.row->event, hook.refusal);
        else if (!hook.refusal.empty() && backend == Backend::kTrampoline)
            logger.warn("{} events come from tracepoints, not trampolines: {}", hook.row->event,
                        hook.refusal);
    }
    if (!object.iterator_refusal().empty())
        logger.warn("processes that run already are read from /proc: {}",
                    object.iterator_refusal());
}

}  // namespace

Result<Backend> parse_backend(std::string_view text) {
    if (text == "auto")
        return Backend::kAuto;
    if (text == "tracepoint")
        return Backend::kTracepoint;
    if (text == "trampoline")
        return Backend::kTrampoline;
    return fail(ErrorCode::kInvalid, "unknown backend '{}': choose auto, tracepoint or trampoline",
                printable(text));
}

Result<std::unique_ptr<RecordSource>> open_kernel_source(const KernelSourceOptions& options,
                                                         spdlog::logger& logger) {
    if (auto usable = check_bpf_usable(); !usable)
        return forward_error(usable, "cannot load BPF programs");
    auto object = LoadedObject::load(options);
    if (!object)
        return forward_error(object);
    if (auto whole = require_anything(*object); !whole)
        return forward_error(whole);
    auto ring = RingReader::open(object->map_fd("ring"), object->map_fd("reserved_ring"));
    if (!ring)
        return forward_error(ring);
    auto control = ControlMap::open(object->map_fd(kControlMap));
    if (!control)
        return forward_error(control);
    auto counters =
        CpuArray<vdt_counters>::open(object->map_fd("counters"), object->cpus(), "counters");
    if (!counters)
        return forward_error(counters);
    auto gaps = CpuArray<vdt_gaps>::open(object->map_fd("gaps"), object->cpus(), "gaps");
    if (!gaps)
        return forward_error(gaps);
    warn(*object, options.backend, logger);
    return std::make_unique<KernelSource>(std::move(*object), std::move(*ring), std::move(*control),
                                          std::move(*counters), std::move(*gaps), options);
}

}  // namespace vedette::probe
