// SPDX-License-Identifier: Apache-2.0
#include "system-probe/app/privileged_worker.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <future>
#include <string>
#include <thread>

#include "system-probe/app/privileges.h"
#include "tests/unit/catch.h"

using namespace vedette;
using namespace vedette::probe;

namespace {

std::string of_this_thread(const std::string& name) {
    std::ifstream status("/proc/thread-self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(name + ":"))
            return line.substr(line.find('\t') + 1);
    }
    return "";
}

unsigned long long held() {
    return std::stoull(of_this_thread("CapEff"), nullptr, 16);
}

constexpr unsigned long long bit(int capability) {
    return 1ULL << capability;
}

constexpr unsigned long long kKept = bit(CAP_BPF) | bit(CAP_PERFMON) | bit(CAP_NET_ADMIN) |
                                     bit(CAP_SYS_PTRACE) | bit(CAP_DAC_READ_SEARCH);

}  // namespace

TEST_CASE("privileged worker: it keeps five capabilities, the thread that drops has none") {
    std::thread([] {
        const auto before = held();
        auto worker = PrivilegedWorker::start();
        REQUIRE(worker);
        REQUIRE(drop_privileges(false));
        CHECK(held() == 0);
        CHECK(of_this_thread("NoNewPrivs") == "1");
        std::promise<std::pair<unsigned long long, std::string>> answer;
        REQUIRE((*worker)->post([&] { answer.set_value({held(), of_this_thread("NoNewPrivs")}); }));
        const auto [kept, no_new_privileges] = answer.get_future().get();
        CHECK(kept == (before & kKept));
        CHECK(no_new_privileges == "1");
    }).join();
}

TEST_CASE(
    "privileged worker: jobs run in order, those that wait at the end as well; too many are "
    "refused") {
    auto worker = PrivilegedWorker::start();
    REQUIRE(worker);
    std::promise<void> hold;
    std::promise<void> held_up;
    std::vector<size_t> done;
    REQUIRE((*worker)->post([&] {
        held_up.set_value();
        hold.get_future().wait();
    }));
    held_up.get_future().wait();
    for (size_t i = 0; i < PrivilegedWorker::kMaxWaiting; ++i)
        REQUIRE((*worker)->post([&done, i] { done.push_back(i); }));
    CHECK_FALSE((*worker)->post([] {}));
    hold.set_value();
    worker->reset();
    REQUIRE(done.size() == PrivilegedWorker::kMaxWaiting);
    CHECK(std::ranges::is_sorted(done));
}
