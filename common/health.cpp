// SPDX-License-Identifier: Apache-2.0
#include "common/health.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace vedette {
namespace {

constexpr auto kSnapshotBound = std::chrono::milliseconds(100);

int64_t steady_ns() {
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

boost::json::array names(const std::vector<std::string>& list) {
    boost::json::array array;
    for (const auto& name : list)
        array.emplace_back(name);
    return array;
}

}  // namespace

Health::Component::Component(std::string name, Kind kind, std::chrono::nanoseconds stale_after)
    : name_(std::move(name)), kind_(kind), stale_after_(stale_after) {}

void Health::Component::beat() {
    last_beat_ns_.store(steady_ns(), std::memory_order_relaxed);
}

void Health::Component::fail() {
    last_beat_ns_.store(0, std::memory_order_relaxed);
}

bool Health::Component::healthy() const {
    const int64_t last = last_beat_ns_.load(std::memory_order_relaxed);
    if (last == 0)
        return false;
    return stale_after_.count() == 0 || steady_ns() - last <= stale_after_.count();
}

std::shared_ptr<Health::Component> Health::add(std::string name, Kind kind,
                                               std::chrono::nanoseconds stale_after) {
    auto component = std::make_shared<Component>(std::move(name), kind, stale_after);
    const std::lock_guard lock(mutex_);
    components_.push_back(component);
    return component;
}

Health::Snapshot Health::liveness() const {
    return snapshot(true);
}
Health::Snapshot Health::readiness() const {
    return snapshot(false);
}

Health::Snapshot Health::snapshot(bool liveness_only) const {
    Snapshot result;
    const std::unique_lock lock(mutex_, kSnapshotBound);
    if (!lock.owns_lock()) {
        result.unhealthy.emplace_back("health");
        return result;
    }
    std::erase_if(components_, [](const auto& weak) { return weak.expired(); });
    for (const auto& weak : components_) {
        const auto component = weak.lock();
        if (!component || (liveness_only && component->kind() != Kind::kLiveness))
            continue;
        (component->healthy() ? result.healthy : result.unhealthy).push_back(component->name());
    }
    std::sort(result.healthy.begin(), result.healthy.end());
    std::sort(result.unhealthy.begin(), result.unhealthy.end());
    return result;
}

boost::json::object to_json(const Health::Snapshot& snapshot) {
    return {{"Healthy", names(snapshot.healthy)}, {"Unhealthy", names(snapshot.unhealthy)}};
}

}  // namespace vedette
