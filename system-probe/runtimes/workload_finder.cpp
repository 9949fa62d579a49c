// SPDX-License-Identifier: Apache-2.0
#include "system-probe/runtimes/workload_finder.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace vedette::probe {
namespace {

using std::chrono::milliseconds;

/// Pauses after each try that found nothing: five seconds in all, less than events wait for an answer (ADR 8).
constexpr std::array kPauses = {milliseconds(30),   milliseconds(60),  milliseconds(120),
                                milliseconds(250),  milliseconds(500), milliseconds(1000),
                                milliseconds(1500), milliseconds(1500)};

/// With more than these to look for, all that run are listed instead.
constexpr size_t kManyAtOnce = 32;

/// A container that no process is in has most likely ended: the list says so soon.
constexpr auto kRefreshSoon = milliseconds(1000);

v1::Workload unknown_workload(const std::string& id) {
    v1::Workload out;
    out.set_container_id(id);
    out.set_metadata(v1::Workload::METADATA_UNKNOWN);
    return out;
}

}  // namespace

void WorkloadFinder::ask(const std::string& id, Clock::time_point now) {
    if (!entries_.contains(id) && !make_room()) {
        ++refused_;
        return hooks_.found(unknown_workload(id));
    }
    Entry& entry = entries_[id];
    entry.state = State::kAsked;
    entry.in_use = true;
    entry.tries = 0;
    entry.next_try = now;
}

void WorkloadFinder::forget(const std::string& id, Clock::time_point now) {
    const auto found = entries_.find(id);
    if (found == entries_.end())
        return hooks_.ended(id);
    found->second.in_use = false;
    if (found->second.listed) {
        next_refresh_ = std::min(next_refresh_, now + kRefreshSoon);
        return;
    }
    entries_.erase(found);
    hooks_.ended(id);
}

WorkloadFinder::Clock::time_point WorkloadFinder::work(Clock::time_point now) {
    if (now >= next_refresh_)
        refresh(now);
    std::vector<std::string> due;
    for (const auto& [id, entry] : entries_) {
        if (entry.state == State::kAsked && entry.next_try <= now)
            due.push_back(id);
    }
    // One that makes a runtime hang comes after those that have not been asked about as often.
    std::ranges::stable_sort(due, {},
                             [this](const std::string& id) { return entries_.at(id).tries; });
    const bool many = due.size() > kManyAtOnce;
    const std::set<std::string> running = many ? runtimes_.list(now) : std::set<std::string>();
    for (const std::string& id : due)
        look_for(id, entries_.at(id), now, !many || running.contains(id));
    Clock::time_point next = next_refresh_;
    for (const auto& [id, entry] : entries_) {
        if (entry.state == State::kAsked)
            next = std::min(next, entry.next_try);
    }
    return next;
}

void WorkloadFinder::look_for(const std::string& id, Entry& entry, Clock::time_point now,
                              bool ask) {
    RuntimeSet::Found found;
    if (ask)
        found = runtimes_.find(id, now);
    else
        found.may_come = runtimes_.may_come();
    if (found.workload)
        return set_known(entry, std::move(*found.workload));
    if (!found.may_come || entry.tries >= kPauses.size())
        return give_up(id, entry);
    entry.next_try = now + kPauses[entry.tries++];
}

/// Names that no runtime knows go first: anybody who may make cgroups can make up as many as he likes.
bool WorkloadFinder::make_room() {
    if (entries_.size() < options_.max_containers)
        return true;
    const auto made_up = std::ranges::find_if(
        entries_, [](const auto& entry) { return entry.second.state == State::kUnknown; });
    if (made_up == entries_.end())
        return false;
    entries_.erase(made_up);
    return true;
}

void WorkloadFinder::set_known(Entry& entry, v1::Workload workload) {
    entry.state = State::kKnown;
    hooks_.found(std::move(workload));
}

void WorkloadFinder::give_up(const std::string& id, Entry& entry) {
    entry.state = State::kUnknown;
    hooks_.found(unknown_workload(id));
}

void WorkloadFinder::refresh(Clock::time_point now) {
    next_refresh_ = now + options_.refresh;
    const std::set<std::string> running = runtimes_.list(now);
    for (const std::string& id : running) {
        const auto known = entries_.find(id);
        if (known != entries_.end() && known->second.state == State::kKnown)
            continue;
        if (known == entries_.end() && !make_room()) {
            ++refused_;
            continue;
        }
        auto found = runtimes_.find(id, now);
        if (found.workload)
            set_known(entries_[id], std::move(*found.workload));
    }
    for (auto at = entries_.begin(); at != entries_.end();) {
        at->second.listed = running.contains(at->first);
        if (at->second.in_use || at->second.listed) {
            ++at;
            continue;
        }
        const std::string id = at->first;
        at = entries_.erase(at);
        hooks_.ended(id);
    }
}

WorkloadFinder::Counts WorkloadFinder::counts() const {
    Counts out;
    out.refused = refused_;
    for (const auto& [id, entry] : entries_) {
        out.known += entry.state == State::kKnown;
        out.pending += entry.state == State::kAsked;
        out.unknown += entry.state == State::kUnknown;
    }
    return out;
}

}  // namespace vedette::probe
