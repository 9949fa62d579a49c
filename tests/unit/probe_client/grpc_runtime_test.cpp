// SPDX-License-Identifier: Apache-2.0
#include "common/grpc_runtime.h"

#include <grpc/grpc.h>
#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "tests/unit/catch.h"

using namespace vedette;
using namespace std::chrono_literals;

namespace {

/// Whether a timer of gRPC's goes off within `patience`.
bool timer_goes_off(std::chrono::milliseconds patience) {
    grpc::CompletionQueue queue;
    grpc::Alarm alarm;
    int tag = 0;
    alarm.Set(&queue, std::chrono::system_clock::now() + 50ms, &tag);
    void* got = nullptr;
    bool ok = false;
    const auto status = queue.AsyncNext(&got, &ok, std::chrono::system_clock::now() + patience);
    return status == grpc::CompletionQueue::GOT_EVENT && got == &tag && ok;
}

bool has_thread(const std::string& name) {
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream file(task.path() / "comm");
        std::string comm;
        std::getline(file, comm);
        if (comm == name)
            return true;
    }
    return false;
}

/// One that has been joined may be there for a moment more.
bool loses_thread(const std::string& name) {
    for (int i = 0; i < 500 && has_thread(name); ++i)
        std::this_thread::sleep_for(10ms);
    return !has_thread(name);
}

}  // namespace

TEST_CASE("gRPC: its timers go off, with our thread for them and with its own") {
    {
        const GrpcRuntime runtime;
        // With Debian 12's gRPC what wakes for nothing is gone.
        if (std::string_view(grpc_version_string()).starts_with("29.")) {
            CHECK(has_thread("grpc-timers"));
            CHECK(loses_thread("grpc_global_tim"));
        }
        CHECK(timer_goes_off(10s));
    }
    CHECK(loses_thread("grpc-timers"));
    CHECK(timer_goes_off(10s));
    const GrpcRuntime again;
    CHECK(timer_goes_off(10s));
}
