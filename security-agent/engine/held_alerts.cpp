// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/held_alerts.h"

#include <utility>

#include "security-agent/engine/process_json.h"

namespace vedette::engine {
void put_answer(AlertEvent& alert, const std::vector<AlertPath>& places,
                const v1::FileAnswer& answer) {
    JsonObject members;
    put_file_answer(members, answer);
    for (const AlertPath& place : places)
        alert.insert(place, members);
}

void HeldAlerts::hold(HeldAlert alert, const Release& release) {
    alerts_.push_back(std::move(alert));
    if (alerts_.size() <= kMaxAlerts)
        return;
    release(alerts_.front());
    alerts_.pop_front();
}

void HeldAlerts::answer(const v1::FileAnswer& answer, const Release& release) {
    for (auto at = alerts_.begin(); at != alerts_.end();) {
        const auto awaited = at->awaited.find(answer.id());
        if (awaited == at->awaited.end()) {
            ++at;
            continue;
        }
        put_answer(at->event, awaited->second, answer);
        at->awaited.erase(awaited);
        if (!at->complete())
            return;
        release(*at);
        alerts_.erase(at);
        return;
    }
}

void HeldAlerts::on_container(const std::string& id, const Release& fill, const Release& release) {
    for (auto at = alerts_.begin(); at != alerts_.end();) {
        if (at->container != id) {
            ++at;
            continue;
        }
        fill(*at);
        at->container.clear();
        if (!at->complete()) {
            ++at;
            continue;
        }
        release(*at);
        at = alerts_.erase(at);
    }
}

void HeldAlerts::on_time(int64_t now_ns, const Release& release) {
    while (!alerts_.empty() && alerts_.front().deadline_ns <= now_ns) {
        release(alerts_.front());
        alerts_.pop_front();
    }
}

void HeldAlerts::all(const Release& release) {
    for (HeldAlert& alert : alerts_)
        release(alert);
    alerts_.clear();
}

}  // namespace vedette::engine
