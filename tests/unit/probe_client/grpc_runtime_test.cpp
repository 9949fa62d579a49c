// SPDX-License-Identifier: Apache-2.0
#include "common/grpc_runtime.h"

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <filesystem>
#include <fstream>
#include <string>

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

int threads_called(const std::string& name) {
    int count = 0;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream file(task.path() / "comm");
        std::string comm;
        std::getline(file, comm);
        count += comm == name ? 1 : 0;
    }
    return count;
}

}  // namespace

TEST_CASE("gRPC: its timers go off, with our thread for them and with its own") {
    {
        const GrpcRuntime runtime;
        // As long as Debian 12 has the gRPC that is known: what wakes for nothing is gone.
        CHECK(threads_called("grpc-timers") == 1);
        CHECK(threads_called("grpc_global_tim") == 0);
        CHECK(timer_goes_off(10s));
    }
    CHECK(threads_called("grpc-timers") == 0);
    CHECK(timer_goes_off(10s));
    const GrpcRuntime again;
    CHECK(timer_goes_off(10s));
}
