// SPDX-License-Identifier: Apache-2.0
//
// The handler may interrupt anything, malloc included, so it takes no lock and allocates nothing: an index is claimed
// by one atomic addition, and _Unwind_Backtrace finds its tables by _dl_find_object, which is async-signal-safe
// (glibc 2.35, GCC 12; older ones took the loader's lock, and are refused at compile time). The first walk happens
// before the timer runs, because it loads what it needs.
#include "security-agent/telemetry/profile.h"

#include <signal.h>
#include <sys/time.h>
#include <unwind.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "common/os/fd.h"

#if !defined(__GLIBC__) || __GLIBC__ < 2 || (__GLIBC__ == 2 && __GLIBC_MINOR__ < 35)
#error \
    "the profiler needs glibc 2.35: before it, walking a stack in a signal handler could deadlock"
#endif

namespace vedette::telemetry {
namespace {

constexpr long kPeriodUs = 10'000;  // 100 a second of CPU time
constexpr size_t kDepth = 48;
constexpr size_t kMaxMaps = 1 << 20;

struct Sample {
    std::atomic<uint32_t> depth = 0;  ///< written last
    std::array<uintptr_t, kDepth> frames{};
};

struct Buffer {
    explicit Buffer(size_t capacity) : samples(capacity) {}
    std::vector<Sample> samples;
    std::atomic<size_t> next = 0;
};

/// What the handler writes to; null when nobody wants samples. A signal handler has nothing but globals.
std::atomic<Buffer*> active = nullptr;
std::atomic<int> writers = 0;
static_assert(std::atomic<Buffer*>::is_always_lock_free);

struct Walk {
    std::array<uintptr_t, kDepth>& frames;
    uint32_t depth = 0;
    uint32_t skip = 0;  ///< frames of the profiler itself
};

_Unwind_Reason_Code step(_Unwind_Context* context, void* argument) {
    auto& walk = *static_cast<Walk*>(argument);
    const auto address = static_cast<uintptr_t>(_Unwind_GetIP(context));
    if (walk.skip > 0) {
        --walk.skip;
        return _URC_NO_REASON;
    }
    if (address == 0 || walk.depth == walk.frames.size())
        return _URC_END_OF_STACK;
    walk.frames[walk.depth++] = address;
    return _URC_NO_REASON;
}

void on_tick(int, siginfo_t*, void*) {
    const int saved = errno;
    // Sequentially consistent on both sides: whoever stops sees this writer, or this writer sees no buffer.
    writers.fetch_add(1);
    if (Buffer* buffer = active.load(); buffer != nullptr) {
        const size_t slot = buffer->next.fetch_add(1);
        if (slot < buffer->samples.size()) {
            Sample& sample = buffer->samples[slot];
            Walk walk{sample.frames, 0, 2};  // this function and the kernel's trampoline
            _Unwind_Backtrace(step, &walk);
            sample.depth.store(walk.depth, std::memory_order_release);
        }
    }
    writers.fetch_sub(1);
    errno = saved;
}

/// Words as the reader's own: header of 5, a record (count, depth, frames) a stack, the trailer.
std::string render(const Buffer& buffer) {
    std::map<std::vector<uintptr_t>, uintptr_t> stacks;
    const size_t used = std::min(buffer.next.load(), buffer.samples.size());
    for (size_t i = 0; i < used; ++i) {
        const Sample& sample = buffer.samples[i];
        const uint32_t depth = sample.depth.load(std::memory_order_acquire);
        if (depth > 0)
            ++stacks[{sample.frames.begin(), sample.frames.begin() + depth}];
    }
    std::vector<uintptr_t> words = {0, 3, 0, kPeriodUs, 0};
    for (const auto& [frames, count] : stacks) {
        words.push_back(count);
        words.push_back(frames.size());
        words.insert(words.end(), frames.begin(), frames.end());
    }
    words.insert(words.end(), {0, 1, 0});
    std::string out(reinterpret_cast<const char*>(words.data()), words.size() * sizeof(uintptr_t));
    if (const auto maps = read_file("/proc/self/maps", kMaxMaps))
        out += *maps;
    return out;
}

Result<> set_timer(long period_us) {
    itimerval timer{};
    timer.it_interval.tv_usec = period_us;
    timer.it_value.tv_usec = period_us;
    if (setitimer(ITIMER_PROF, &timer, nullptr) != 0)
        return fail_errno(errno, "setitimer");
    return {};
}

/// A handler that stays: a tick that was on its way when the timer stopped must not end the process.
Result<> install_handler() {
    struct sigaction action{};
    action.sa_sigaction = on_tick;
    action.sa_flags = SA_RESTART | SA_SIGINFO;
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGPROF, &action, nullptr) != 0)
        return fail_errno(errno, "SIGPROF");
    return {};
}

}  // namespace

Result<std::string> cpu_profile(std::chrono::seconds length,
                                const std::function<bool()>& cancelled) {
    static std::mutex mutex;
    const std::unique_lock lock(mutex, std::try_to_lock);
    if (!lock.owns_lock())
        return fail(ErrorCode::kUnavailable, "another profile is being taken: wait for it");
    // Twice what this many seconds of two processors make: more than that is not kept.
    const auto capacity = static_cast<size_t>(length.count() * (1'000'000 / kPeriodUs)) * 4;
    const auto buffer = std::make_unique<Buffer>(capacity);
    std::array<uintptr_t, kDepth> first{};
    Walk walk{first, 0, 0};
    _Unwind_Backtrace(step, &walk);
    if (auto installed = install_handler(); !installed)
        return forward_error(installed);
    active.store(buffer.get());
    if (auto set = set_timer(kPeriodUs); !set) {
        active.store(nullptr);
        return forward_error(set);
    }
    const auto end = std::chrono::steady_clock::now() + length;
    while (std::chrono::steady_clock::now() < end && !cancelled())
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const auto stopped = set_timer(0);
    active.store(nullptr);
    while (writers.load() != 0)
        std::this_thread::yield();
    if (!stopped)
        return tl::unexpected<Error>(stopped.error());
    return render(*buffer);
}

}  // namespace vedette::telemetry
