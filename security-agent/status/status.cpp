// SPDX-License-Identifier: Apache-2.0
#include "security-agent/status/status.h"

#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <condition_variable>
#include <optional>
#include <thread>

#include "common/log.h"
#include "common/os/host.h"
#include "common/version.h"

namespace vedette::status {
namespace {

namespace json = boost::json;

json::array strings(const std::vector<std::string>& list) {
    json::array array;
    for (const auto& item : list)
        array.emplace_back(item);
    return array;
}

/// Sections quote file names and errors, which are bytes: what leaves here is text that any reader can take.
void make_printable(json::value& value) {
    if (auto* text = value.if_string()) {
        *text = printable(*text);
    } else if (auto* array = value.if_array()) {
        for (auto& item : *array)
            make_printable(item);
    } else if (auto* object = value.if_object()) {
        for (auto& member : *object)
            make_printable(member.value());
    }
}

json::object error_section(std::string_view message) {
    return {{"error", message}};
}

}  // namespace

/// A section and the thread that asks it. The answer is handed over under the mutex.
struct StatusProvider::Slot {
    Slot(std::string slot_name, Section slot_section)
        : name(std::move(slot_name)), section(std::move(slot_section)) {}

    const std::string name;
    const Section section;
    std::mutex mutex;
    std::condition_variable answered;
    bool running = false;
    std::optional<json::object> answer;
    std::jthread thread;  ///< last: joined before the rest goes

    void ask() {
        const std::lock_guard lock(mutex);
        if (running)
            return;
        running = true;
        answer.reset();
        thread = std::jthread([this] {  // joins the one before, which has answered
            json::object result;
            try {
                result = section();
            } catch (const std::exception& error) {
                result = error_section(error.what());
            }
            const std::lock_guard inner(mutex);
            answer = std::move(result);
            running = false;
            answered.notify_all();
        });
    }

    json::object wait(std::chrono::steady_clock::time_point deadline) {
        std::unique_lock lock(mutex);
        if (!answered.wait_until(lock, deadline, [this] { return !running; }))
            return error_section("no answer in time");
        return answer ? *answer : json::object();
    }
};

StatusProvider::StatusProvider(Facts facts)
    : facts_(std::move(facts)), started_ns_(wall_time_ns()) {}
StatusProvider::~StatusProvider() = default;

void StatusProvider::add_section(std::string name, Section section) {
    const std::lock_guard lock(mutex_);
    slots_.push_back(std::make_shared<Slot>(std::move(name), std::move(section)));
}

json::object StatusProvider::collect(std::chrono::milliseconds timeout,
                                     std::string_view only) const {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    std::vector<std::shared_ptr<Slot>> slots;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& slot : slots_)
            if (only.empty() || slot->name == only)
                slots.push_back(slot);
    }
    for (const auto& slot : slots)
        slot->ask();
    json::object document{{"agent", agent_facts()}};
    for (const auto& slot : slots)
        document[slot->name] = slot->wait(deadline);
    for (auto& member : document)
        make_printable(member.value());
    return document;
}

json::object StatusProvider::agent_facts() const {
    const int64_t now = wall_time_ns();
    const KernelInfo kernel = kernel_info();
    return {{"version", version().text},
            {"commit", version().commit},
            {"hostname", facts_.hostname},
            {"pid", getpid()},
            {"uid", geteuid()},
            {"startTime", started_ns_},
            {"time", now},
            {"uptimeSeconds", (now - started_ns_) / 1'000'000'000},
            {"rssBytes", resident_bytes()},
            {"kernel", kernel.release},
            {"arch", kernel.machine},
            {"distribution", distribution_name()},
            {"configFiles", strings(facts_.config_files)},
            {"policiesDir", facts_.policies_dir},
            {"runDir", facts_.run_dir},
            {"stateDir", facts_.state_dir},
            {"logFile", facts_.log_file}};
}

}  // namespace vedette::status
