// SPDX-License-Identifier: Apache-2.0
//
// Alerts, and events while somebody listens, on their way to those who watch: the engine leaves a line and goes on; who
// reads it, how fast, and whether at all is no concern of the engine's. The newest alerts are kept, so that a listener
// that comes back gets what it missed. docs/adr/0018-live-views.md
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/metrics.h"
#include "common/result.h"
#include "security-agent/engine/alert_sink.h"
#include "security-agent/live/lines.h"

namespace vedette::live {

struct Filter {
    bool alerts = true;
    bool events = false;
    std::string rule;             ///< of alerts; empty: any
    std::optional<uint32_t> pid;  ///< of the acting process
    std::string container;        ///< how its id begins; empty: any, or none
    bool asks_about_lines() const { return !rule.empty() || pid || !container.empty(); }
};

/// Where a listener begins.
struct Start {
    std::string last_event_id;  ///< as the stream said; empty: with what happens from now on
    size_t newest = 0;          ///< without last_event_id: with this many alerts of the past
};

/// What a listener has missed.
struct Gap {
    enum class Reason : uint8_t {
        kSlow,     ///< it read slower than lines came, or was away too long
        kRestart,  ///< the agent started anew: how many came before that is not known, either
        kRate,     ///< events: more than the engine has time to show
    };
    Reason reason;
    bool events = false;  ///< else alerts
    uint64_t missed = 0;
};
std::string_view to_string(Gap::Reason reason);

struct HubLimits {
    size_t listeners = 16;
    Lines::Limits alerts{2'000, 8U << 20};
    Lines::Limits events{4'000, 8U << 20};
};

class Listener;

class Hub final : public engine::AlertSink, public std::enable_shared_from_this<Hub> {
   public:
    /// `instance`: tells the ids of this run from those of others. `metrics` must outlive the hub and its listeners.
    /// `looks`: one more, or with false one less, listens to events; may wait when one more does.
    Hub(std::string instance, HubLimits limits, Metrics& metrics,
        std::function<void(bool begins)> looks = {});

    /// @name Under the engine's lock: never waits for a listener.
    /// @{
    void write(std::string line) override;
    /// Somebody listens to events.
    bool wants_events() const { return event_listeners_ > 0; }
    /// Somebody wants an event of this process.
    bool wants_event(uint32_t pid, std::string_view container);
    /// One that is wanted, but not shown.
    void skip_event();
    void add_event(std::string line);
    /// @}

    /// Any thread. Errors: kLimit, too many listen.
    Result<std::shared_ptr<Listener>> listen(Filter filter, const Start& start);

   private:
    friend class Listener;
    void add(Lines& lines, std::string text);
    void wake_all();
    bool has_room();
    Result<std::shared_ptr<Listener>> add(Filter filter, const Start& start);
    void leave(Listener& listener);

    const std::string instance_;
    const HubLimits limits_;
    const std::function<void(bool begins)> looks_;
    Gauge& listening_;
    Counter& missed_;
    std::atomic<size_t> event_listeners_ = 0;

    std::mutex mutex_;  ///< all below
    Lines alerts_;
    Lines events_;
    uint64_t order_ = 0;
    uint64_t skipped_events_ = 0;
    std::vector<Listener*> listeners_;
};

/// One who listens. Owned by its reader; the hub only knows of it. Its methods: one thread at a time.
class Listener {
   public:
    /// A line, or what stands in its place.
    struct Item {
        LinePtr line;        ///< null: a gap
        bool event = false;  ///< else an alert
        std::string id;      ///< of an alert
        std::optional<Gap> gap;
    };

    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    /// `wake`: something has come. Called with a lock held: it must not call back. Lives until the listener goes.
    void on_news(std::function<void()> wake);
    /// What came since the last call and passes the filter, at most some hundred lines or `max_bytes` and one line.
    /// Empty: nothing; or `more`.
    std::vector<Item> take(size_t max_bytes, bool& more);
    /// Id of what comes before all that take() will give next.
    std::string id() const;

   private:
    friend class Hub;
    Listener(std::shared_ptr<Hub> hub, Filter filter)
        : hub_(std::move(hub)), filter_(std::move(filter)) {}
    void begin(const Start& start);
    void note_gap(std::vector<Item>& out, Lines& lines, uint64_t& next, bool events);
    bool passes(Line& line, bool event) const;
    std::string id_of(uint64_t number) const;

    std::shared_ptr<Hub> hub_;
    const Filter filter_;
    std::function<void()> wake_;
    uint64_t next_alert_ = 1;
    uint64_t next_event_ = 1;
    uint64_t skipped_told_ = 0;
    std::chrono::steady_clock::time_point told_at_;  ///< of skipped_told_: once a second will do
    std::optional<Gap> first_gap_;
};

}  // namespace vedette::live
