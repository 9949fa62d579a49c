// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/held_alerts.h"

#include <utility>

#include "security-agent/engine/process_json.h"

namespace vedette::engine {
namespace {

boost::json::object* find(boost::json::object& alert, const AlertPath& path) {
    boost::json::object* at = &alert;
    for (const std::string_view name : path) {
        auto* member = at->if_contains(name);
        at = member ? member->if_object() : nullptr;
        if (!at)
            return nullptr;
    }
    return at;
}

}  // namespace

void put_no_hash(HeldAlert& alert, const AlertPath& path) {
    v1::FileAnswer answer;
    answer.set_hash_state(v1::File::HASH_STATE_PATH_UNKNOWN);
    if (boost::json::object* file = find(alert.event, path))
        put_file_answer(*file, answer);
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
        for (const AlertPath& path : awaited->second)
            if (boost::json::object* file = find(at->event, path))
                put_file_answer(*file, answer);
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
