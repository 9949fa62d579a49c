// SPDX-License-Identifier: Apache-2.0
//
// The way of a record: source, decoder, resolver, batcher. One thread owns all of it; everybody else posts closures.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/log.h"
#include "common/metrics.h"
#include "system-probe/commands/discarder_dump.h"
#include "system-probe/commands/monitoring_service.h"
#include "system-probe/decode/event_type.h"
#include "system-probe/decode/record_file.h"
#include "system-probe/decode/wall_clock.h"
#include "system-probe/ebpf/record_source.h"
#include "system-probe/files/ssh_log.h"
#include "system-probe/filters/lifecycle_filter.h"
#include "system-probe/resolvers/dns_names.h"
#include "system-probe/resolvers/process_resolver.h"
#include "system-probe/stream/agent_questions.h"
#include "system-probe/stream/batcher.h"
#include "system-probe/stream/introductions.h"
#include "system-probe/stream/log_limit.h"
#include "system-probe/stream/pace.h"
#include "system-probe/stream/process_feed.h"
#include "system-probe/stream/stream_hub.h"

namespace vedette::v1 {
class ProbeStatus;
}

namespace vedette::probe {

class Pipeline {
   public:
    struct Options {
        ProcessResolver::Options resolver;
        size_t stream_bytes = 16u << 20;
        uint64_t instance_id = 1;
        WallClock::OffsetSource clock_offset;
        bool live = true;              ///< records are of this host, now; false for a recording
        bool filter_in_kernel = true;  ///< false: event types are told apart, events are not
        std::optional<RecordWriter> recording;
        /// While flows are reported: longer than their period.
        uint64_t keep_exited_of_flows_ns = 15'000'000'000;
        std::function<bool(uint32_t pid)>
            process_exists;  ///< may be empty: exits that were lost stay unknown
        /// Looks for a login in the logs, calls `found` from any thread, or never. May be empty.
        std::function<void(const v1::UserSession& session, std::function<void(SshLogin)> found)>
            look_up_login;
        RuntimeQuestions runtimes;
    };

    /// The references must outlive it.
    Pipeline(RecordSource& source, Options options, Logger& logger, Metrics& metrics);
    ~Pipeline();
    Pipeline(const Pipeline&) = delete;
    Pipeline& operator=(const Pipeline&) = delete;

    /// Before start(), on the thread that calls it.
    void add_snapshot(const std::vector<std::string>& records);
    /// Opens by this thread of the probe, which reads files for the agent, become no events: a rule about a file would
    /// fire for the probe that looks at it because the rule has fired. Before start().
    void leave_out_opens_of(uint32_t tid) { own_reader_ = tid; }
    void start();
    /// Reads what is still in the ring, sends the last batch, ends the agent's call and the thread.
    void stop();

    /// From any thread. False when the pipeline has stopped: `work` will not run.
    bool post(std::function<void()> work);
    StreamHandlers stream_handlers();
    ListenHandler listen_handler();
    /// What container runtimes say, from any thread.
    void workload_found(v1::Workload workload);
    void workload_ended(std::string id);
    /// `done` is called exactly once, on the pipeline's thread or, when the pipeline has stopped, here.
    void ask_agent(v1::Question::Kind kind, AgentQuestions::Done done);

    /// Pipeline thread. What it does not know (process facts, warnings of the start) stays untouched.
    void fill_status(v1::ProbeStatus& status);
    /// What the kernel drops because of earlier events. Pipeline thread; `done` may be called on another.
    void read_discarders(std::function<void(Result<DiscarderDump>)> done);
    /// Everything that is known, parents first. Pipeline thread: use post().
    void for_each_node(const std::function<void(v1::ProcessNode)>& visit) const {
        resolver_.for_each_node(visit);
    }
    /// Grows while the thread works; any thread.
    uint64_t heartbeat() const { return heartbeat_.load(std::memory_order_relaxed); }
    BatchQueue& queue() { return queue_; }

   private:
    using Clock = std::chrono::steady_clock;

    ProcessResolver::Options resolver_options();
    void run();
    void run_posted();
    void rest();
    void poll_once();
    void handle(std::span<const std::byte> record);
    void record(std::span<const std::byte> record);
    bool is_own_read() const;
    vdt_counters kernel_counters();
    void deliver(const ProcessResolver::Named& named);
    void flush();
    void tick();
    void look_up_logins();
    void count_kernel_losses();
    void count_dropped(const vdt_counters& counters);
    void add_kernel_loss(const EventType& type, size_t reason, uint64_t count,
                         const std::vector<LossGap>& gaps, uint64_t now);
    void drain();
    void listen(const std::shared_ptr<ProcessListener>& listener, bool with_snapshot);
    void ask(v1::Question::Kind kind, AgentQuestions::Done done);
    void apply_filters(const v1::FilterPlan& message);
    void confirm_filters();
    void discard(const v1::Discard& message);
    void subscribe(const std::shared_ptr<Subscriber>& subscriber, const v1::Hello& hello);
    uint64_t now_boot_ns() const;

    RecordSource& source_;
    Options options_;
    Logger& logger_;
    Metrics& metrics_;
    WallClock clock_;
    Names names_;
    BatchQueue queue_;
    Batcher batcher_;
    Introductions introductions_;
    ProcessFeed feed_;
    WorkloadTable workloads_;
    ProcessResolver resolver_;
    DnsNames dns_names_;
    StreamHub hub_;
    AgentQuestions questions_;
    Decoded decoded_;
    const RecordSink sink_;

    LifecycleFilter lifecycle_;
    uint64_t filter_revision_ = 0;  ///< the agent's
    uint32_t own_reader_ = 0;
    uint64_t own_reads_ = 0;
    size_t discarders_now_ = 0;  ///< taken since the last tick
    std::array<uint64_t, VDT_TYPE_MAX> discarders_added_ = {};
    vdt_counters counters_ = {};
    uint64_t last_count_ns_ = 0;
    bool gathers_ = false;  ///< the kernel keeps something back until it is asked
    unsigned ticks_ = 0;
    bool source_ended_ = false;
    uint64_t last_record_ns_ = 0;
    unsigned records_since_look_ = 0;
    Clock::time_point last_flush_ = {};
    Pace pace_;
    bool rested_ = false;  ///< before the last poll
    Clock::time_point next_tick_ = {};
    Clock::time_point next_introductions_ = {};
    uint64_t unsettled_revision_ = 0;  ///< of a plan that is not yet in force; 0: none
    std::string source_error_;
    LogLimit decode_limit_, poll_limit_, loss_limit_;

    Counter& records_;
    Counter& malformed_;
    Counter& unknown_items_;
    Counter& lost_;

    std::mutex posted_mutex_;
    std::vector<std::function<void()>> posted_;
    bool accepting_ = true;
    std::atomic<bool> stopping_ = false;
    std::atomic<uint64_t> heartbeat_ = 0;
    std::thread thread_;
};

}  // namespace vedette::probe
