// SPDX-License-Identifier: Apache-2.0
#include "security-agent/live/hub.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <charconv>
#include <utility>

namespace vedette::live {
namespace {

using boost::json::object;

constexpr size_t kLinesAtOnce = 256;
constexpr auto kTellEvery = std::chrono::seconds(1);

const boost::json::value* member(const object& parent, std::string_view name,
                                 std::string_view inner) {
    const auto* child = parent.if_contains(name);
    return child && child->is_object() ? child->get_object().if_contains(inner) : nullptr;
}

std::string text(const boost::json::value* value) {
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

const LineFacts& facts_of(Line& line) {
    if (line.facts)
        return *line.facts;
    LineFacts facts;
    boost::system::error_code error;
    const auto parsed = boost::json::parse(line.text, error);
    if (!error && parsed.is_object()) {
        const object& said = parsed.get_object();
        facts.rule = text(member(said, "agent", "rule_id"));
        facts.original_rule = text(member(said, "agent", "original_rule_id"));
        facts.container = text(member(said, "container", "id"));
        if (const auto* pid = member(said, "process", "pid"); pid && pid->is_int64())
            facts.pid = static_cast<uint32_t>(pid->get_int64());
    }
    line.facts = std::make_unique<const LineFacts>(std::move(facts));
    return *line.facts;
}

bool passes_process(const Filter& filter, uint32_t pid, std::string_view container) {
    return (!filter.pid || *filter.pid == pid) && container.starts_with(filter.container);
}

}  // namespace

std::string_view to_string(Gap::Reason reason) {
    switch (reason) {
        case Gap::Reason::kRestart:
            return "restart";
        case Gap::Reason::kRate:
            return "rate";
        case Gap::Reason::kSlow:
            break;
    }
    return "slow";
}

Hub::Hub(std::string instance, HubLimits limits, Metrics& metrics,
         std::function<void(bool begins)> looks)
    : instance_(std::move(instance)),
      limits_(limits),
      looks_(std::move(looks)),
      listening_(metrics.gauge("vedette_agent_live_listeners", "Streams of alerts and events.")),
      missed_(metrics.counter("vedette_agent_live_missed_total",
                              "Lines that a listener was too slow for.")),
      alerts_(limits.alerts),
      events_(limits.events) {}

void Hub::write(std::string line) {
    add(alerts_, std::move(line));
}

void Hub::add_event(std::string line) {
    add(events_, std::move(line));
}

void Hub::add(Lines& lines, std::string text) {
    auto line = std::make_shared<Line>();
    line->text = std::move(text);
    const std::lock_guard lock(mutex_);
    line->order = ++order_;
    lines.add(std::move(line));
    wake_all();
}

bool Hub::wants_event(uint32_t pid, std::string_view container) {
    const std::lock_guard lock(mutex_);
    return std::ranges::any_of(listeners_, [&](const Listener* listener) {
        return listener->filter_.events && passes_process(listener->filter_, pid, container);
    });
}

void Hub::skip_event() {
    const std::lock_guard lock(mutex_);
    ++skipped_events_;
}

void Hub::wake_all() {
    for (const Listener* listener : listeners_)
        if (listener->wake_)
            listener->wake_();
}

Result<std::shared_ptr<Listener>> Hub::listen(Filter filter, const Start& start) {
    const bool looks = filter.events && looks_ && has_room();
    if (looks)
        looks_(true);
    auto listener = add(std::move(filter), start);
    if (!listener && looks)
        looks_(false);
    return listener;
}

bool Hub::has_room() {
    const std::lock_guard lock(mutex_);
    return listeners_.size() < limits_.listeners;
}

Result<std::shared_ptr<Listener>> Hub::add(Filter filter, const Start& start) {
    std::shared_ptr<Listener> listener(new Listener(shared_from_this(), std::move(filter)));
    const std::lock_guard lock(mutex_);
    if (listeners_.size() >= limits_.listeners)
        return fail(ErrorCode::kLimit, "{} listen already, and more may not", listeners_.size());
    listener->begin(start);
    listeners_.push_back(listener.get());
    event_listeners_ += listener->filter_.events ? 1 : 0;
    listening_.Set(static_cast<double>(listeners_.size()));
    return listener;
}

void Hub::leave(Listener& listener) {
    const std::lock_guard lock(mutex_);
    if (std::erase(listeners_, &listener) == 0)
        return;
    listening_.Set(static_cast<double>(listeners_.size()));
    if (!listener.filter_.events)
        return;
    if (--event_listeners_ == 0)
        events_.clear();
    if (looks_)
        looks_(false);
}

Listener::~Listener() {
    hub_->leave(*this);
}

std::string Listener::id_of(uint64_t number) const {
    return fmt::format("{}-{}", hub_->instance_, number);
}

std::string Listener::id() const {
    return id_of(next_alert_ - 1);
}

void Listener::begin(const Start& start) {
    const Lines& alerts = hub_->alerts_;
    next_alert_ = alerts.next();
    next_event_ = hub_->events_.next();
    skipped_told_ = hub_->skipped_events_;
    if (start.last_event_id.empty()) {
        next_alert_ -= std::min<uint64_t>(start.newest, alerts.next() - alerts.first());
        return;
    }
    const std::string_view id = start.last_event_id;
    const std::string prefix = hub_->instance_ + "-";
    uint64_t seen = 0;
    const bool ours =
        id.starts_with(prefix) &&
        std::from_chars(id.data() + prefix.size(), id.data() + id.size(), seen).ec == std::errc{} &&
        seen < alerts.next();
    if (ours) {
        next_alert_ = seen + 1;
        return;
    }
    next_alert_ = alerts.first();
    if (filter_.alerts)
        first_gap_ = Gap{Gap::Reason::kRestart, false, alerts.first() - 1};
}

void Listener::on_news(std::function<void()> wake) {
    const std::lock_guard lock(hub_->mutex_);
    wake_ = std::move(wake);
}

void Listener::note_gap(std::vector<Item>& out, Lines& lines, uint64_t& next, bool events) {
    if (next >= lines.first())
        return;
    const uint64_t missed = lines.first() - std::exchange(next, lines.first());
    hub_->missed_.Increment(static_cast<double>(missed));
    out.push_back({.gap = Gap{Gap::Reason::kSlow, events, missed}});
}

std::vector<Listener::Item> Listener::take(size_t max_bytes, bool& more) {
    std::vector<Item> out;
    more = false;
    if (first_gap_)
        out.push_back({.gap = std::exchange(first_gap_, std::nullopt)});
    std::vector<Item> taken;
    {
        const std::lock_guard lock(hub_->mutex_);
        Lines& alerts = hub_->alerts_;
        Lines& events = hub_->events_;
        if (!filter_.alerts)
            next_alert_ = alerts.next();
        if (!filter_.events)
            next_event_ = events.next();
        note_gap(out, alerts, next_alert_, false);
        note_gap(out, events, next_event_, true);
        const auto now = std::chrono::steady_clock::now();
        if (filter_.events && skipped_told_ != hub_->skipped_events_ &&
            now - told_at_ >= kTellEvery) {
            told_at_ = now;
            const uint64_t before = std::exchange(skipped_told_, hub_->skipped_events_);
            out.push_back({.gap = Gap{Gap::Reason::kRate, true, skipped_told_ - before}});
        }
        size_t bytes = 0;
        while (true) {
            const bool alert = next_alert_ < alerts.next();
            const bool event = next_event_ < events.next();
            if (!alert && !event)
                break;
            if (taken.size() == kLinesAtOnce || bytes >= max_bytes) {
                more = true;
                break;
            }
            const bool take_event =
                event && (!alert || events.at(next_event_)->order < alerts.at(next_alert_)->order);
            Item item{.event = take_event};
            if (take_event) {
                item.line = events.at(next_event_++);
            } else {
                item.id = id_of(next_alert_);
                item.line = alerts.at(next_alert_++);
            }
            bytes += item.line->text.size();
            taken.push_back(std::move(item));
        }
    }
    for (Item& item : taken)
        if (passes(*item.line, item.event))
            out.push_back(std::move(item));
    return out;
}

bool Listener::passes(Line& line, bool event) const {
    if (!filter_.asks_about_lines())
        return true;
    const LineFacts& facts = facts_of(line);
    return passes_process(filter_, facts.pid, facts.container) &&
           (event || filter_.rule.empty() || filter_.rule == facts.rule ||
            filter_.rule == facts.original_rule);
}

}  // namespace vedette::live
